/* Keys that sign mail: what is kept of them, in which order they are listed, what goes with a domain. */
#include "../store/in_memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "directory/removed.h"
#include "directory/signing.h"

static int run_domains(struct txn *t, void *arg)
{
	struct directory_domain d = {.disabled = false};
	(void)arg;
	int error = directory_domain_put(t, VIEW("example.test"), &d);
	if (error == 0)
		error = directory_domain_put(t,
		    VIEW("b\xc3\xbc"
		         "cher.test"),
		    &d);
	return error ? error : directory_domain_put(t, VIEW("a.example.test"), &d);
}

static int begin(void **state)
{
	store_begin(state);
	return test_commit(store, run_domains, NULL);
}

struct putting {
	struct signing_key key;
	struct view sealed;
	bool keeps;
};

static int run_put(struct txn *t, void *arg)
{
	const struct putting *p = arg;
	return directory_signing_put(t, &p->key, p->sealed, p->keeps);
}

static struct signing_key key_of(const char *domain, const char *selector, enum signing_state state)
{
	return (struct signing_key){.domain = view_from_string(domain),
	    .selector = view_from_string(selector),
	    .state = state,
	    .algorithm = SIGNING_ED25519,
	    .made = 1000,
	    .shown = 2000,
	    .looked = 2001,
	    .active = 1500,
	    .replaced = 0,
	    .retired = 0,
	    .record = VIEW("v=DKIM1; k=ed25519; p=AAAA")};
}

static int put(const char *domain, const char *selector, enum signing_state state, const char *sealed)
{
	struct putting p = {.key = key_of(domain, selector, state),
	    .sealed = view_from_string(sealed ? sealed : ""),
	    .keeps = sealed == NULL};
	return test_commit(store, run_put, &p);
}

static char text[2048];

static int show(void *arg, const struct signing_key *k, struct view sealed)
{
	(void)arg;
	snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s/%.*s %s%s:%.*s ", VIEW_FMT(k->domain),
	    VIEW_FMT(k->selector), signing_state_name(k->state), k->wish ? "!" : "", VIEW_FMT(sealed));
	assert_int_equal(k->algorithm, SIGNING_ED25519);
	assert_int_equal(k->made, 1000);
	assert_int_equal(k->shown, 2000);
	assert_int_equal(k->looked, 2001);
	assert_int_equal(k->active, 1500);
	assert_view(k->record, "v=DKIM1; k=ed25519; p=AAAA");
	return 0;
}

struct listing {
	const char *domain, *after_domain, *after;
};

static int run_list(struct txn *t, void *arg)
{
	const struct listing *l = arg;
	text[0] = '\0';
	return directory_signing_each(t, view_from_string(l->domain), view_from_string(l->after_domain),
	    view_from_string(l->after), show, NULL);
}

static const char *list(const char *domain, const char *after_domain, const char *after)
{
	struct listing l = {domain, after_domain, after};
	assert_int_equal(test_commit(store, run_list, &l), 0);
	return text;
}

static void keeps_what_it_was_given(void **state)
{
	(void)state;
	assert_int_equal(put("Example.TEST", "b", SIGNING_NEW, "secret"), 0);
	assert_int_equal(put("example.test", "a", SIGNING_ACTIVE, "other"), 0);
	assert_int_equal(put("b\xc3\xbc"
	                     "cher.test",
	                     "a", SIGNING_ACTIVE, "third"),
	    0);
	assert_string_equal(list("", "", ""), "example.test/a active:other example.test/b new:secret "
	                                      "xn--bcher-kva.test/a active:third ");
	assert_string_equal(
	    list("example.test", "", ""), "example.test/a active:other example.test/b new:secret ");
	assert_string_equal(
	    list("", "example.test", "a"), "example.test/b new:secret xn--bcher-kva.test/a active:third ");
	assert_string_equal(list("example.test", "example.test", "b"), "");
	/* A put without the private half keeps it; one with an empty one is its end. */
	assert_int_equal(put("example.test", "b", SIGNING_ACTIVE, NULL), 0);
	assert_int_equal(put("example.test", "a", SIGNING_RETIRED, ""), 0);
	assert_string_equal(
	    list("example.test", "", ""), "example.test/a retired: example.test/b active:secret ");
}

static int run_wish(struct txn *t, void *arg)
{
	return directory_signing_wish(t, view_from_string(arg), SIGNING_ROTATE_NOW);
}

static int run_delete(struct txn *t, void *arg)
{
	return directory_signing_delete(t, view_from_string(arg), VIEW("a"));
}

static int run_remove(struct txn *t, void *arg)
{
	struct directory_slice slice;
	struct address account;
	bool more;
	int error = directory_domain_hide(t, view_from_string(arg), false, DIRECTORY_ERASING, &slice);
	return error ? error : directory_domain_erase(t, view_from_string(arg), &account, &more);
}

static int on(const char *domain, int (*run)(struct txn *, void *))
{
	char name[64];
	snprintf(name, sizeof name, "%s", domain);
	return test_commit(store, run, name);
}

static void notes_wishes_and_forgets(void **state)
{
	(void)state;
	assert_int_equal(put("example.test", "a", SIGNING_ACTIVE, "1"), 0);
	assert_int_equal(put("example.test", "b", SIGNING_REPLACED, "2"), 0);
	assert_int_equal(put("a.example.test", "c", SIGNING_ACTIVE, "3"), 0);
	assert_int_equal(on("example.test", run_wish), 0);
	assert_string_equal(list("", "", ""),
	    "a.example.test/c active:3 example.test/a active!:1 example.test/b replaced:2 ");
	assert_int_equal(on("example.test", run_delete), 0);
	assert_int_equal(on("example.test", run_delete), -ENOENT);
	/* None signs any more. */
	assert_int_equal(on("example.test", run_wish), -ENOENT);
	assert_int_equal(on("example.test", run_remove), 0);
	assert_string_equal(list("", "", ""), "a.example.test/c active:3 ");
}

static int run_unwish_rotate(struct txn *t, void *arg)
{
	return directory_signing_unwish(t, view_from_string(arg), VIEW("a"), SIGNING_ROTATE);
}

static int run_unwish_now(struct txn *t, void *arg)
{
	return directory_signing_unwish(t, view_from_string(arg), VIEW("a"), SIGNING_ROTATE_NOW);
}

/* The keys role writes what it read before the wish was noted. */
static void a_wish_outlives_what_was_read_before_it(void **state)
{
	(void)state;
	assert_int_equal(put("example.test", "a", SIGNING_ACTIVE, "1"), 0);
	assert_int_equal(on("example.test", run_wish), 0);
	assert_int_equal(put("example.test", "a", SIGNING_ACTIVE, NULL), 0);
	assert_string_equal(list("", "", ""), "example.test/a active!:1 ");
	/* Another wish is met than the one that is there now. */
	assert_int_equal(on("example.test", run_unwish_rotate), 0);
	assert_string_equal(list("", "", ""), "example.test/a active!:1 ");
	assert_int_equal(on("example.test", run_unwish_now), 0);
	assert_string_equal(list("", "", ""), "example.test/a active:1 ");
	assert_int_equal(on("example.test", run_wish), 0);
	assert_int_equal(put("example.test", "a", SIGNING_REPLACED, NULL), 0);
	assert_string_equal(list("", "", ""), "example.test/a replaced:1 ");
	assert_int_equal(on("a.example.test", run_unwish_now), -ENOENT);
}

static void refuses_what_is_no_key(void **state)
{
	(void)state;
	static const char *const selectors[] = {"", "-a", "a-", "a.b", "a b", "\xc3\xa4"};
	char sealed[DIRECTORY_SEALED_MAX + 2];
	memset(sealed, 'x', sizeof sealed);
	sealed[DIRECTORY_SEALED_MAX + 1] = '\0';
	for (size_t i = 0; i < sizeof selectors / sizeof *selectors; i++)
		assert_int_equal(put("example.test", selectors[i], SIGNING_NEW, "x"), -EINVAL);
	assert_int_equal(put("other.test", "a", SIGNING_NEW, "x"), -ENOENT);
	assert_int_equal(put("example.test", "a", SIGNING_NEW, NULL), -ENOENT); /* nothing to keep */
	assert_int_equal(put("example.test", "a", SIGNING_STATES, "x"), -EINVAL);
	assert_int_equal(put("example.test", "a", SIGNING_NEW, sealed), -EINVAL);
	/* As much as there may be finds room. */
	char record[SIGNING_RECORD_MAX + 1];
	memset(record, 'r', SIGNING_RECORD_MAX);
	record[SIGNING_RECORD_MAX] = '\0';
	sealed[DIRECTORY_SEALED_MAX] = '\0';
	struct putting p = {
	    .key = key_of("example.test", "a", SIGNING_NEW), .sealed = view_from_string(sealed)};
	p.key.record = view_from_string(record);
	p.key.made = p.key.shown = p.key.looked = p.key.active = p.key.replaced = p.key.retired =
	    INT64_C(253402300799);
	assert_int_equal(test_commit(store, run_put, &p), 0);
}

static void has_so_many_and_no_more(void **state)
{
	(void)state;
	char selector[8];
	for (int i = 0; i < SIGNING_KEYS_MAX; i++) {
		snprintf(selector, sizeof selector, "s%d", i);
		assert_int_equal(put("example.test", selector, SIGNING_ACTIVE, "x"), 0);
	}
	assert_int_equal(put("example.test", "more", SIGNING_NEW, "x"), -EMLINK);
	assert_int_equal(put("example.test", "s3", SIGNING_REPLACED, "x"), 0);
	assert_int_equal(put("a.example.test", "more", SIGNING_NEW, "x"), 0);
	assert_int_equal(on("example.test", run_wish), 0);
	assert_int_equal(on("example.test", run_remove), 0);
	assert_string_equal(list("", "", ""), "a.example.test/more new:x ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(keeps_what_it_was_given, begin, store_end),
	    cmocka_unit_test_setup_teardown(notes_wishes_and_forgets, begin, store_end),
	    cmocka_unit_test_setup_teardown(a_wish_outlives_what_was_read_before_it, begin, store_end),
	    cmocka_unit_test_setup_teardown(refuses_what_is_no_key, begin, store_end),
	    cmocka_unit_test_setup_teardown(has_so_many_and_no_more, begin, store_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
