/* The directory: names in all their forms, and where each address leads. */
#include "../store/support.h"

#include <errno.h>
#include <stdio.h>

#include "directory/directory.h"
#include "directory/removed.h"
#include "base/log.h"

static struct store *s;
static struct directory_targets found;

static int open_store(void **state)
{
	(void)state;
	s = store_memory();
	return s == NULL;
}

static int close_store(void **state)
{
	(void)state;
	store_close(s);
	return 0;
}

struct words {
	const char *a, *b, *c;
	char separator;
	bool disabled;
	uint64_t shard;
};

static int run_domain(struct txn *t, void *arg)
{
	const struct words *w = arg;
	struct directory_domain d = {.alias_of = view_from_string(w->b),
	    .catch_all = view_from_string(w->c),
	    .separator = w->separator,
	    .disabled = w->disabled};
	return directory_domain_put(t, view_from_string(w->a), &d);
}

static int put_domain(const char *name, const char *alias_of, const char *catch_all)
{
	struct words w = {name, alias_of, catch_all, '+', false, 0};
	return test_commit(s, run_domain, &w);
}

static int run_account(struct txn *t, void *arg)
{
	struct words *w = arg;
	struct directory_account a = {.quota = 5, .credentials = VIEW("secret"), .disabled = w->disabled};
	int error = directory_account_add(t, view_from_string(w->a), &a);
	w->shard = a.shard;
	return error;
}

static int add_account(const char *address)
{
	struct words w = {.a = address};
	return test_commit(s, run_account, &w);
}

static int run_alias(struct txn *t, void *arg)
{
	const struct words *w = arg;
	return directory_alias_put(t, view_from_string(w->a), view_from_string(w->b));
}

static int put_alias(const char *address, const char *targets)
{
	struct words w = {.a = address, .b = targets};
	return test_commit(s, run_alias, &w);
}

static int run_resolve(struct txn *t, void *arg)
{
	return directory_resolve(t, view_from_string(arg), &found);
}

static int resolve(const char *address)
{
	char copy[300];
	strncpy(copy, address, sizeof copy - 1);
	copy[sizeof copy - 1] = '\0';
	return test_read(s, DIRECTORY_SHARD, run_resolve, copy);
}

static void leads_to(const char *address, const char *account)
{
	assert_int_equal(resolve(address), 0);
	assert_int_equal(found.count, 1);
	assert_view(address_view(&found.items[0].address), account);
}

static void names_have_one_form(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
	    {"Alice@Example.TEST", "alice@example.test"},
	    {"alice@example.test.", "alice@example.test"},
	    {"\xd0\x98\xd0\x92\xd0\x90\xd0\x9d@\xd0\x9f\xd0\xa0\xd0\x98\xd0\x9c\xd0\x95\xd0\xa0.test",
	        "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd@xn--e1afmkfd.test"},
	    {"STRASSE@x.test", "strasse@x.test"},
	    {"Stra\xc3\x9f\x65@x.test", "strasse@x.test"},
	    {"e\xcc\x81@x.test", "\xc3\xa9@x.test"},
	    {"a@b@x.test", "a@b@x.test"},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct address a;
		assert_int_equal(address_normalize(view_from_string(pairs[i][0]), &a), 0);
		assert_view(address_view(&a), pairs[i][1]);
	}
	static const char *const wrong[] = {"", "alice", "@x.test", "alice@", "al\x01ice@x.test",
	    "\xff@x.test", "alice@x..test", "alice@\xff.test"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct address a;
		assert_int_equal(address_normalize(view_from_string(wrong[i]), &a), -EINVAL);
	}
}

static void accounts_are_found(void **state)
{
	(void)state;
	assert_int_equal(add_account("alice@example.test"), -ENOENT);
	assert_int_equal(put_domain("Example.test", "", ""), 0);
	assert_int_equal(add_account("Alice@example.test"), 0);
	assert_int_equal(add_account("ALICE@EXAMPLE.test"), -EEXIST);
	assert_int_equal(add_account("bob@example.test"), 0);
	leads_to("aLiCe@example.TEST", "alice@example.test");
	assert_int_equal(found.items[0].shard, store_shard(STORE_ACCOUNT, 1));
	leads_to("bob+lists+linux@example.test", "bob@example.test");
	assert_int_equal(found.items[0].shard, store_shard(STORE_ACCOUNT, 2));
	assert_int_equal(resolve("carol@example.test"), -ENOENT);
	assert_int_equal(resolve("alice@elsewhere.test"), -ENOENT);
	assert_int_equal(resolve("+alice@example.test"), -ENOENT);
}

static void aliases_are_followed(void **state)
{
	(void)state;
	put_domain("example.test", "", "");
	add_account("alice@example.test");
	add_account("bob@example.test");
	assert_int_equal(put_alias("alice@example.test", "bob@example.test"), -EEXIST);
	assert_int_equal(
	    put_alias("staff@example.test", "alice@example.test\nbob@example.test\nteam@example.test"), 0);
	assert_int_equal(put_alias("team@example.test", "staff@example.test\r\nBOB@example.test\n"), 0);
	assert_int_equal(resolve("staff@example.test"), 0);
	assert_int_equal(found.count, 2);
	assert_int_equal(resolve("team+x@example.test"), 0);
	assert_int_equal(found.count, 2);
	assert_int_equal(put_alias("loop@example.test", "ring@example.test"), 0);
	assert_int_equal(put_alias("ring@example.test", "loop@example.test"), 0);
	assert_int_equal(resolve("loop@example.test"), -ELOOP);
	assert_int_equal(put_alias("out@example.test", "Friend@elsewhere.test\nalice@example.test"), 0);
	assert_int_equal(resolve("out@example.test"), 0);
	assert_int_equal(found.count, 2);
	assert_true(found.items[0].remote);
	assert_int_equal(put_alias("none@example.test", " \n"), -EINVAL);
	assert_int_equal(put_alias("dead@example.test", "nobody@example.test"), 0);
	assert_int_equal(resolve("dead@example.test"), -ENOENT);
}

static int run_check(struct txn *t, void *arg)
{
	const struct words *w = arg;
	return directory_alias_check(t, view_from_string(w->a), view_from_string(w->b));
}

static int check_alias(const char *address, const char *targets)
{
	struct words w = {.a = address, .b = targets};
	return test_read(s, DIRECTORY_SHARD, run_check, &w);
}

static void a_circle_is_seen_before_it_is_there(void **state)
{
	(void)state;
	put_domain("example.test", "", "");
	put_domain("other.test", "example.test", "");
	put_domain("all.test", "", "end@example.test");
	add_account("alice@example.test");
	assert_int_equal(put_alias("one@example.test", "two@example.test"), 0);
	assert_int_equal(put_alias("two@example.test", "alice@example.test\nthree@example.test\n"), 0);
	/* Through others, through itself, and by each way on which an address leads to another. */
	assert_int_equal(check_alias("three@example.test", "one@example.test"), -ELOOP);
	assert_int_equal(
	    check_alias("Three@example.test", "alice@example.test\n one@example.test \n"), -ELOOP);
	assert_int_equal(check_alias("self@example.test", "self@example.test"), -ELOOP);
	assert_int_equal(check_alias("self@example.test", "Self+list@example.test"), -ELOOP);
	assert_int_equal(check_alias("self@example.test", "self@other.test"), -ELOOP);
	assert_int_equal(check_alias("end@example.test", "anybody@all.test"), -ELOOP);
	/* None of these leads back. */
	assert_int_equal(
	    check_alias("three@example.test", "alice@example.test\nbob@else.test\nnobody@example.test"), 0);
	assert_int_equal(
	    check_alias("four@example.test", "one@example.test\ntwo@example.test\none@example.test"), 0);
	assert_int_equal(check_alias("no address", "one@example.test"), 0);
	/* One that is there already, by another way or from an older version, ends by itself. */
	assert_int_equal(put_alias("three@example.test", "one@example.test"), 0);
	assert_int_equal(check_alias("four@example.test", "one@example.test"), 0);
	leads_to("one@example.test", "alice@example.test");
}

static void aliases_have_a_limit(void **state)
{
	(void)state;
	char name[64], targets[1500] = "";
	put_domain("e.test", "", "");
	for (int i = 0; i < 15; i++) {
		snprintf(name, sizeof name, "a%d@e.test", i);
		snprintf(targets, sizeof targets, "a%d@e.test", i + 1);
		assert_int_equal(put_alias(name, targets), 0);
	}
	add_account("a15@e.test");
	leads_to("a6@e.test", "a15@e.test");
	assert_int_equal(resolve("a0@e.test"), -E2BIG);
	char some[600] = "", all[600] = "";
	for (int list = 0; list < 26; list++) {
		size_t used = 0;
		for (int i = 0; i < 40; i++)
			used += (size_t)snprintf(
			    targets + used, sizeof targets - used, "u%d.%d@out.test\n", list, i);
		snprintf(name, sizeof name, "list%d@e.test", list);
		assert_int_equal(put_alias(name, targets), 0);
		snprintf(all + strlen(all), sizeof all - strlen(all), "%s\n", name);
		if (list < 25)
			snprintf(some + strlen(some), sizeof some - strlen(some), "%s\n", name);
	}
	assert_int_equal(put_alias("many@e.test", some), 0);
	assert_int_equal(put_alias("too-many@e.test", all), 0);
	assert_int_equal(resolve("many@e.test"), 0);
	assert_int_equal(found.count, 1000);
	assert_int_equal(resolve("too-many@e.test"), -E2BIG);
	/* Through as many aliases as that takes; with more it is refused, and not sent to some of the
	 * members. */
	all[0] = '\0';
	for (int list = 0; list < 10; list++) {
		size_t used = 0;
		for (int i = 0; i < 30; i++) {
			snprintf(name, sizeof name, "p%d.%d@e.test", list, i);
			snprintf(some, sizeof some, "one%d.%d@out.test", list, i);
			assert_int_equal(put_alias(name, some), 0);
			used += (size_t)snprintf(targets + used, sizeof targets - used, "%s\n", name);
		}
		snprintf(name, sizeof name, "parts%d@e.test", list);
		assert_int_equal(put_alias(name, targets), 0);
		if (list < 9)
			snprintf(all + strlen(all), sizeof all - strlen(all), "%s\n", name);
	}
	assert_int_equal(put_alias("small@e.test", all), 0);
	snprintf(all + strlen(all), sizeof all - strlen(all), "parts9@e.test\n");
	assert_int_equal(put_alias("scattered@e.test", all), 0);
	assert_int_equal(resolve("small@e.test"), 0);
	assert_int_equal(found.count, 270);
	assert_int_equal(resolve("scattered@e.test"), -E2BIG);
}

static void domains_have_aliases_and_catch_alls(void **state)
{
	(void)state;
	put_domain("main.test", "", "bob@main.test");
	put_domain("other.test", "main.test", "");
	put_domain("third.test", "other.test", "");
	add_account("alice@main.test");
	add_account("bob@main.test");
	leads_to("alice@other.test", "alice@main.test");
	leads_to("unknown@main.test", "bob@main.test");
	leads_to("unknown@other.test", "bob@main.test");
	assert_int_equal(resolve("alice@third.test"), -ELOOP);
	put_domain("self.test", "", "nobody@self.test");
	assert_int_equal(resolve("x@self.test"), -ENOENT);
}

static int run_admin(struct txn *t, void *arg)
{
	return directory_admin_put(t, view_from_string(arg));
}

static void duties_reach_a_person(void **state)
{
	(void)state;
	put_domain("one.test", "", "");
	put_domain("two.test", "", "");
	assert_int_equal(resolve("postmaster@one.test"), -ENOENT);
	add_account("zoe@one.test");
	add_account("alice@one.test");
	leads_to("Postmaster@one.test", "alice@one.test");
	/* RFC 5321 section 4.5.1: where nobody is, somebody of this server reads it. */
	leads_to("postmaster@two.test", "alice@one.test");
	assert_int_equal(put_alias("postmaster@two.test", "gone@one.test"), 0);
	leads_to("postmaster@two.test", "alice@one.test");
	assert_int_equal(put_alias("postmaster@two.test", "zoe@one.test"), 0);
	leads_to("postmaster@two.test", "zoe@one.test");
	assert_int_equal(test_commit(s, run_admin, (char[]){"zoe@one.test"}), 0);
	leads_to("abuse@one.test", "zoe@one.test");
	leads_to("postmaster@two.test", "zoe@one.test");
	assert_int_equal(test_commit(s, run_admin, (char[]){"postmaster@one.test"}), 0);
	leads_to("postmaster@one.test", "alice@one.test");
	add_account("abuse@two.test");
	leads_to("abuse@two.test", "abuse@two.test");
}

static int run_administrator(struct txn *t, void *arg)
{
	struct directory_account a;
	int error = directory_account_get(t, view_from_string(arg), &a);
	a.administrator = true;
	a.credentials = (struct view){0};
	return error ? error : directory_account_put(t, view_from_string(arg), &a);
}

/* Whose mail it is may write as postmaster, too: an administrator before somebody of another domain. */
static void duties_are_an_administrator_s_before_a_stranger_s(void **state)
{
	(void)state;
	put_domain("a.test", "", "");
	put_domain("b.test", "", "");
	put_domain("c.test", "", "");
	add_account("alice@a.test");
	add_account("root@b.test");
	leads_to("postmaster@c.test", "alice@a.test");
	assert_int_equal(test_commit(s, run_administrator, (char[]){"root@b.test"}), 0);
	leads_to("postmaster@c.test", "root@b.test");
	leads_to("abuse@c.test", "root@b.test");
	leads_to("postmaster@a.test", "alice@a.test");
}

static int run_disable(struct txn *t, void *arg)
{
	struct directory_account a;
	int error = directory_account_get(t, view_from_string(arg), &a);
	char copy[64];
	if (error)
		return error;
	memcpy(copy, a.credentials.data, a.credentials.len);
	a.credentials.data = copy;
	a.disabled = true;
	return directory_account_put(t, view_from_string(arg), &a);
}

static int count_one(void *arg, struct view name, struct view record)
{
	(void)record;
	assert_false(view_empty(name));
	(*(int *)arg)++;
	return 0;
}

static int run_passwords(struct txn *t, void *arg)
{
	struct view record, address = VIEW("alice@one.test");
	int count = 0;
	(void)arg;
	assert_int_equal(
	    directory_app_password_put(t, VIEW("x@one.test"), VIEW("phone"), VIEW("p")), -ENOENT);
	assert_int_equal(directory_app_password_put(t, address, VIEW("phone"), VIEW("1")), 0);
	assert_int_equal(directory_app_password_put(t, address, VIEW("laptop"), VIEW("2")), 0);
	assert_int_equal(directory_app_password_get(t, address, VIEW("laptop"), &record), 0);
	assert_view(record, "2");
	assert_int_equal(directory_app_password_each(t, address, count_one, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(directory_app_password_delete(t, address, VIEW("phone")), 0);
	assert_int_equal(directory_app_password_get(t, address, VIEW("phone"), &record), -ENOENT);
	assert_int_equal(directory_account_delete(t, address), 0);
	assert_int_equal(directory_app_password_get(t, address, VIEW("laptop"), &record), -ENOENT);
	return 0;
}

static int count_account(void *arg, struct view address, const struct directory_account *a)
{
	assert_view(a->credentials, "secret");
	assert_false(view_empty(address));
	(*(int *)arg)++;
	return 0;
}

static int run_lists(struct txn *t, void *arg)
{
	int count = 0;
	(void)arg;
	assert_int_equal(
	    directory_account_each(t, VIEW("one.test"), (struct view){0}, count_account, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(
	    directory_account_each(t, VIEW("one.test"), VIEW("a2@one.test"), count_account, &count), 0);
	assert_int_equal(count, 4);
	return 0;
}

static int run_delete_domain(struct txn *t, void *arg)
{
	struct directory_slice slice;
	return directory_domain_hide(t, view_from_string(arg), false, 1000, &slice);
}

static void accounts_are_administered(void **state)
{
	(void)state;
	put_domain("one.test", "", "");
	put_domain("one.test.x", "", "");
	add_account("alice@one.test");
	assert_int_equal(test_commit(s, run_disable, (char[]){"alice@one.test"}), 0);
	assert_int_equal(resolve("alice@one.test"), -EACCES);
	assert_int_equal(test_commit(s, run_passwords, NULL), 0);
	assert_int_equal(resolve("alice@one.test"), -ENOENT);
	add_account("a1@one.test");
	assert_int_equal(resolve("a1@one.test"), 0);
	assert_int_equal(found.items[0].shard, store_shard(STORE_ACCOUNT, 2)); /* never a number twice */
	add_account("a2@one.test");
	add_account("a3@one.test");
	add_account("a4@one.test.x");
	assert_int_equal(test_read(s, DIRECTORY_SHARD, run_lists, NULL), 0);
	assert_int_equal(test_commit(s, run_delete_domain, (char[]){"one.test"}), -ENOTEMPTY);
	put_domain("empty.test", "", "");
	assert_int_equal(test_commit(s, run_delete_domain, (char[]){"empty.test"}), 0);
	assert_int_equal(test_commit(s, run_delete_domain, (char[]){"empty.test"}), -ENOENT);
}

enum { MANY = 2100, A_COMMIT = 100 };

static int run_many(struct txn *t, void *arg)
{
	int *next = arg, error = 0;
	for (int end = *next + A_COMMIT; *next < end && error == 0; (*next)++) {
		struct directory_account a = {.quota = 5, .credentials = VIEW("secret")};
		char address[40];
		snprintf(address, sizeof address, "a%04d@many.test", *next);
		error = directory_account_add(t, view_from_string(address), &a);
	}
	return error;
}

static int run_hide(struct txn *t, void *arg)
{
	uint64_t shard;
	return directory_account_hide(t, view_from_string(arg), 1000, &shard);
}

struct page {
	int count;
	struct address last;
};

static int count_page(void *arg, struct view address, const struct directory_account *a)
{
	struct page *page = arg;
	(void)a;
	page->count++;
	return address_normalize(address, &page->last);
}

static int run_page(struct txn *t, void *arg)
{
	struct page *page = arg;
	struct address after = page->last;
	page->count = 0;
	return directory_account_each(t, VIEW("many.test"), address_view(&after), count_page, page);
}

/* Callers have room for STORE_READ_KEYS_MAX, and take fewer to be the last ones. */
static void a_list_tells_no_more_at_once(void **state)
{
	struct page page = {.count = 0};
	(void)state;
	put_domain("many.test", "", "");
	for (int next = 0; next < MANY;)
		assert_int_equal(test_commit(s, run_many, &next), 0);
	for (int round = 0; round < 2; round++) {
		int expected[] = {
		    STORE_READ_KEYS_MAX, STORE_READ_KEYS_MAX, MANY - round - 2 * STORE_READ_KEYS_MAX};
		page.last.len = 0;
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(test_read(s, DIRECTORY_SHARD, run_page, &page), 0);
			assert_int_equal(page.count, expected[i]);
		}
		if (round == 0)
			assert_int_equal(test_commit(s, run_hide, (char[]){"a0003@many.test"}), 0);
	}
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_have_one_form),
	    cmocka_unit_test_setup_teardown(accounts_are_found, open_store, close_store),
	    cmocka_unit_test_setup_teardown(aliases_are_followed, open_store, close_store),
	    cmocka_unit_test_setup_teardown(a_circle_is_seen_before_it_is_there, open_store, close_store),
	    cmocka_unit_test_setup_teardown(aliases_have_a_limit, open_store, close_store),
	    cmocka_unit_test_setup_teardown(domains_have_aliases_and_catch_alls, open_store, close_store),
	    cmocka_unit_test_setup_teardown(duties_reach_a_person, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        duties_are_an_administrator_s_before_a_stranger_s, open_store, close_store),
	    cmocka_unit_test_setup_teardown(accounts_are_administered, open_store, close_store),
	    cmocka_unit_test_setup_teardown(a_list_tells_no_more_at_once, open_store, close_store),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
