/* Scripts of an account and of the server: put, read, made active, renamed, removed, and what that changes.
 */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "account/change.h"
#include "account/check.h"
#include "account/scripts.h"
#include "base/log.h"
#include "base/mem.h"

enum { ONE = 1, OTHER = 2 };

struct waiting {
	bool done;
	int result;
};

#define WAIT_FOR(type)                                                                                       \
	static void type##_done(struct type *x, int result)                                                  \
	{                                                                                                    \
		struct waiting *w = x->arg;                                                                  \
		*w = (struct waiting){true, result};                                                         \
	}                                                                                                    \
	static int run_##type(void (*call)(struct accounts * a, struct type * x), struct type *x)            \
	{                                                                                                    \
		struct waiting w = {0};                                                                      \
		x->done = type##_done;                                                                       \
		x->arg = &w;                                                                                 \
		call(&accounts, x);                                                                          \
		test_wait(accounts.store, &w.done);                                                          \
		return w.result;                                                                             \
	}
WAIT_FOR(account_scripts)
WAIT_FOR(account_script_read)
WAIT_FOR(account_script_put)
WAIT_FOR(account_script_room)
WAIT_FOR(account_script_edit)
WAIT_FOR(account_script_changes)
WAIT_FOR(account_check)

static struct account_script_name named(const char *name)
{
	return (struct account_script_name){.name = view_from_string(name)};
}

static int put_as(
    uint64_t shard, struct account_script_name which, unsigned how, struct view text, uint64_t *number)
{
	struct account_script_put p = {.shard = shard,
	    .which = which,
	    .how = (uint8_t)how,
	    .text = text,
	    .form = VIEW("form"),
	    .warnings = 2};
	int result = run_account_script_put(account_script_put, &p);
	if (number)
		*number = p.number;
	return result;
}

static uint64_t put(const char *name, const char *text)
{
	uint64_t number;
	assert_int_equal(
	    put_as(test_account(ONE), named(name), SCRIPT_ANY, view_from_string(text), &number), 0);
	return number;
}

static int edit(struct account_script_edit e)
{
	return run_account_script_edit(account_script_edit, &e);
}

static int activate(const char *name)
{
	return edit((struct account_script_edit){
	    .shard = test_account(ONE), .what = SCRIPT_CHANGE_ACTIVE, .which = named(name)});
}

static int rename_to(const char *name, const char *to)
{
	return edit((struct account_script_edit){.shard = test_account(ONE),
	    .what = SCRIPT_CHANGE_NAME,
	    .which = named(name),
	    .to = view_from_string(to)});
}

static int remove_script(const char *name)
{
	return edit((struct account_script_edit){
	    .shard = test_account(ONE), .what = SCRIPT_CHANGE_REMOVE, .which = named(name)});
}

static int read_as(struct account_script_read *r, const char *name, unsigned part)
{
	*r = (struct account_script_read){
	    .shard = test_account(ONE), .which = named(name), .part = (uint8_t)part};
	return run_account_script_read(account_script_read, r);
}

static void expect_text(const char *name, const char *text)
{
	struct account_script_read r;
	assert_int_equal(read_as(&r, name, SCRIPT_PART_TEXT), 0);
	assert_true(view_equal(r.bytes, view_from_string(text)));
	assert_true(view_equal(r.script.name, view_from_string(name)));
	account_script_free(&r);
}

/* "first second*", the active one with a star. */
static void expect_list(uint64_t shard, const char *names)
{
	struct account_scripts s = {.shard = shard};
	struct buf list;
	buf_init(&list, 64 * 1024);
	assert_int_equal(run_account_scripts(account_scripts, &s), 0);
	for (size_t i = 0; i < s.count; i++)
		buf_printf(&list, "%s%.*s%s", i ? " " : "", VIEW_FMT(s.scripts[i].name),
		    s.scripts[i].number == s.active ? "*" : "");
	assert_string_equal(buf_string(&list), names);
	buf_done(&list);
	account_scripts_free(&s);
}

static struct account_scripts state_of(uint64_t shard)
{
	struct account_scripts s = {.shard = shard};
	assert_int_equal(run_account_scripts(account_scripts, &s), 0);
	account_scripts_free(&s);
	return s;
}

static void test_putting(void **state)
{
	struct account_script_read r;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	expect_list(test_account(ONE), "");
	uint64_t first = put("work", "keep;"), second = put("home", "discard;");
	assert_true(first != second && first > 0);
	expect_list(test_account(ONE), "home work");
	expect_text("work", "keep;");
	expect_text("home", "discard;");
	assert_int_equal(read_as(&r, "work", SCRIPT_PART_FORM), 0);
	assert_true(view_equal(r.bytes, VIEW("form")));
	assert_int_equal(r.script.warnings, 2);
	assert_false(r.active);
	account_script_free(&r);
	assert_int_equal(read_as(&r, "Work", SCRIPT_PART_TEXT), -ENOENT);

	/* Another text under the same name: the same script in another version. */
	uint64_t before = state_of(test_account(ONE)).state;
	assert_int_equal(put("work", "stop;"), first);
	expect_text("work", "stop;");
	assert_true(state_of(test_account(ONE)).state > before);
	assert_int_equal(state_of(test_account(ONE)).bytes, 5 + 8);

	test_accounts_restart();
	expect_list(test_account(ONE), "home work");
	expect_text("work", "stop;");
}

static void test_how(void **state)
{
	uint64_t number, other;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	number = put("a", "keep;");
	assert_int_equal(put_as(test_account(ONE), named("a"), SCRIPT_NEW, VIEW("stop;"), &other), -EEXIST);
	expect_text("a", "keep;");
	assert_int_equal(
	    put_as(test_account(ONE), named("b"), SCRIPT_CHANGE, VIEW("stop;"), &other), -ENOENT);
	struct account_script_name by_number = {.number = number};
	assert_int_equal(put_as(test_account(ONE), by_number, SCRIPT_CHANGE, VIEW("stop;"), &other), 0);
	assert_int_equal(other, number);
	by_number.number++;
	assert_int_equal(put_as(test_account(ONE), by_number, SCRIPT_ANY, VIEW("stop;"), &other), -ENOENT);
	expect_list(test_account(ONE), "a");
	expect_text("a", "stop;");
	assert_int_equal(put_as(test_account(OTHER), named("a"), SCRIPT_ANY, VIEW("stop;"), NULL), -ENOENT);
}

static void test_empty_script(void **state)
{
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	put("empty", "");
	expect_text("empty", "");
	put("empty", "keep;");
	put("empty", "");
	expect_text("empty", "");
	assert_int_equal(state_of(test_account(ONE)).bytes, 0);
}

static void test_names(void **state)
{
	static const char *const bad[] = {"", "a/b", "..", "a\nb"};
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	put("a", "keep;");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(
		    put_as(test_account(ONE), named(bad[i]), SCRIPT_ANY, VIEW("keep;"), NULL), -EINVAL);
		assert_int_equal(rename_to("a", bad[i]), -EINVAL);
	}
	struct account_script_name servers = {.place = SCRIPT_BEFORE, .name = VIEW("a")};
	assert_int_equal(put_as(test_account(ONE), servers, SCRIPT_ANY, VIEW("keep;"), NULL), -EINVAL);
	expect_list(test_account(ONE), "a");
}

static void test_active(void **state)
{
	struct account_script_read r;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	put("a", "keep;");
	put("b", "stop;");
	assert_int_equal(activate("c"), -ENOENT);
	assert_int_equal(activate("a"), 0);
	expect_list(test_account(ONE), "a* b");
	uint64_t modseq = state_of(test_account(ONE)).state;
	assert_int_equal(activate("a"), 0);
	assert_int_equal(state_of(test_account(ONE)).state, modseq); /* nothing changed */

	/* Both are other objects than before, in the sense of RFC 9661. */
	assert_int_equal(activate("b"), 0);
	modseq = state_of(test_account(ONE)).state;
	assert_int_equal(read_as(&r, "a", SCRIPT_PART_NONE), 0);
	assert_false(r.active);
	assert_int_equal(r.script.modseq, modseq);
	assert_true(r.script.version < modseq);
	account_script_free(&r);
	assert_int_equal(read_as(&r, "b", SCRIPT_PART_NONE), 0);
	assert_true(r.active);
	assert_int_equal(r.script.modseq, modseq);
	account_script_free(&r);

	assert_int_equal(remove_script("b"), -EBUSY);
	assert_int_equal(remove_script("a"), 0);
	assert_int_equal(remove_script("a"), -ENOENT);
	assert_int_equal(activate(""), 0);
	expect_list(test_account(ONE), "b");
	assert_int_equal(remove_script("b"), 0);
	expect_list(test_account(ONE), "");
	assert_int_equal(test_count(test_account(ONE), 'C'), 0);
	assert_int_equal(state_of(test_account(ONE)).bytes, 0);

	struct account_script_put p = {.shard = test_account(ONE),
	    .which = named("c"),
	    .activate = true,
	    .text = VIEW("keep;"),
	    .form = VIEW("f")};
	assert_int_equal(run_account_script_put(account_script_put, &p), 0);
	expect_list(test_account(ONE), "c*");
	assert_int_equal(p.number, 3); /* numbers are never given again */
}

static void test_rename(void **state)
{
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	put("a", "keep;");
	put("b", "stop;");
	assert_int_equal(activate("a"), 0);
	assert_int_equal(rename_to("a", "b"), -EEXIST);
	assert_int_equal(rename_to("x", "c"), -ENOENT);
	assert_int_equal(rename_to("a", "a"), 0);
	assert_int_equal(rename_to("a", "c"), 0);
	expect_list(test_account(ONE), "b c*");
	expect_text("c", "keep;");
}

static void test_limits(void **state)
{
	char name[32];
	char *text = mem_alloc(SCRIPT_SIZE_MAX + 1);
	(void)state;
	memset(text, ' ', SCRIPT_SIZE_MAX + 1);
	test_create(&accounts, test_account(ONE), 0);
	assert_int_equal(
	    put_as(test_account(ONE), named("a"), SCRIPT_ANY, view_of(text, SCRIPT_SIZE_MAX + 1), NULL),
	    -EFBIG);
	assert_int_equal(
	    put_as(test_account(ONE), named("a"), SCRIPT_ANY, view_of(text, SCRIPT_SIZE_MAX), NULL), 0);
	for (unsigned i = 1; i < SCRIPT_BYTES_MAX / SCRIPT_SIZE_MAX; i++) {
		snprintf(name, sizeof name, "large %u", i);
		assert_int_equal(
		    put_as(test_account(ONE), named(name), SCRIPT_ANY, view_of(text, SCRIPT_SIZE_MAX), NULL),
		    0);
	}
	struct account_script_room room = {.shard = test_account(ONE), .which = named("b"), .size = 1};
	assert_int_equal(run_account_script_room(account_script_room, &room), -EDQUOT);
	assert_int_equal(put_as(test_account(ONE), named("b"), SCRIPT_ANY, VIEW("s"), NULL), -EDQUOT);
	/* In the place of a larger one there is room. */
	put("a", "keep;");
	assert_int_equal(run_account_script_room(account_script_room, &room), 0);
	for (unsigned i = 0; i < SCRIPT_COUNT_MAX - SCRIPT_BYTES_MAX / SCRIPT_SIZE_MAX; i++) {
		snprintf(name, sizeof name, "small %u", i);
		put(name, "s");
	}
	assert_int_equal(put_as(test_account(ONE), named("b"), SCRIPT_ANY, VIEW("s"), NULL), -EMLINK);
	assert_int_equal(run_account_script_room(account_script_room, &room), -EMLINK);
	room.which = named("a");
	room.size = SCRIPT_SIZE_MAX + 1;
	assert_int_equal(run_account_script_room(account_script_room, &room), -EFBIG);
	mem_free(text);
}

/* Without memory for a body the answer comes later all the same, and nothing has changed. */
static void test_no_memory(void **state)
{
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	put("a", "keep;");
	for (unsigned n = 1; n <= 2; n++) {
		struct waiting w = {0};
		struct account_script_put p = {.shard = test_account(ONE),
		    .which = named("a"),
		    .text = VIEW("stop;"),
		    .form = VIEW("form"),
		    .done = account_script_put_done,
		    .arg = &w};
		mem_fail_after(n);
		account_script_put(&accounts, &p);
		assert_false(mem_fault_pending());
		assert_false(w.done);
		test_wait(accounts.store, &w.done);
		assert_int_equal(w.result, -ENOMEM);
		expect_text("a", "keep;");
	}
	put("a", "stop;");
	expect_text("a", "stop;");
}

static void test_form(void **state)
{
	struct account_script_read r;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	put("a", "keep;");
	assert_int_equal(read_as(&r, "a", SCRIPT_PART_NONE), 0);
	uint64_t version = r.script.version, before = state_of(test_account(ONE)).state;
	struct account_script_edit e = {.shard = test_account(ONE),
	    .what = SCRIPT_CHANGE_FORM,
	    .which = named("a"),
	    .form = VIEW("another form"),
	    .version = version};
	assert_int_equal(edit(e), 0);
	assert_int_equal(state_of(test_account(ONE)).state, before);
	assert_int_equal(read_as(&r, "a", SCRIPT_PART_FORM), 0);
	assert_true(view_equal(r.bytes, VIEW("another form")));
	account_script_free(&r);
	put("a", "stop;");
	assert_int_equal(edit(e), -ESTALE);
	e.form = VIEW("");
	assert_int_equal(edit(e), -EFBIG);
}

static void test_server(void **state)
{
	struct account_script_name before = {.place = SCRIPT_BEFORE, .name = VIEW("spam")},
	                           global = {.place = SCRIPT_GLOBAL, .name = VIEW("spam")},
	                           own = named("spam");
	struct account_scripts s = {.shard = ACCOUNT_SERVER};
	(void)state;
	expect_list(ACCOUNT_SERVER, "");
	assert_int_equal(put_as(ACCOUNT_SERVER, own, SCRIPT_ANY, VIEW("keep;"), NULL), -EINVAL);
	assert_int_equal(put_as(ACCOUNT_SERVER, global, SCRIPT_ANY, VIEW("stop;"), NULL), 0);
	assert_int_equal(put_as(ACCOUNT_SERVER, before, SCRIPT_ANY, VIEW("keep;"), NULL), 0);
	test_accounts_restart();
	assert_int_equal(run_account_scripts(account_scripts, &s), 0);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.scripts[0].place, SCRIPT_BEFORE);
	assert_int_equal(s.scripts[1].place, SCRIPT_GLOBAL);
	uint64_t number = s.scripts[1].number;
	account_scripts_free(&s);

	/* A name is free in one place while another has it, however the script is named. */
	struct account_script_edit e = {.shard = ACCOUNT_SERVER,
	    .what = SCRIPT_CHANGE_NAME,
	    .which = {.number = number, .place = SCRIPT_BEFORE},
	    .to = VIEW("junk")};
	assert_int_equal(edit(e), 0);
	assert_int_equal(put_as(ACCOUNT_SERVER, global, SCRIPT_ANY, VIEW("stop;"), NULL), 0);
	e.to = VIEW("spam");
	assert_int_equal(edit(e), -EEXIST);
	e.what = SCRIPT_CHANGE_ACTIVE;
	assert_int_equal(edit(e), -EINVAL);
	e.what = SCRIPT_CHANGE_REMOVE;
	assert_int_equal(edit(e), 0);
	expect_list(ACCOUNT_SERVER, "spam spam");
}

/* ---- what has changed ---- */

/* "name+ name", those that were made since with a plus, and "-number" for each that is gone. */
static const char *changes(uint64_t since)
{
	static char text[1024];
	struct account_script_changes c = {.shard = test_account(ONE), .since = since};
	size_t at = 0;
	text[0] = '\0';
	assert_int_equal(run_account_script_changes(account_script_changes, &c), 0);
	for (size_t i = 0; i < c.scripts.count; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s%s", at ? " " : "",
		    VIEW_FMT(c.scripts.scripts[i].name), c.scripts.scripts[i].created > since ? "+" : "");
	for (size_t i = 0; i < c.gone_count; i++)
		at += (size_t)snprintf(
		    text + at, sizeof text - at, "%s-%u", at ? " " : "", (unsigned)c.gone[i]);
	account_script_changes_free(&c);
	return text;
}

static void test_changed(void **state)
{
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	uint64_t start = test_stat(&accounts, test_account(ONE)).modseq;
	put("a", "keep;");
	put("b", "keep;");
	assert_string_equal(changes(start), "a+ b+");
	uint64_t two = state_of(test_account(ONE)).state;
	assert_string_equal(changes(two), "");
	put("c", "keep;");
	put("a", "stop;");
	assert_string_equal(changes(two), "a c+");
	assert_int_equal(activate("a"), 0);
	uint64_t active = state_of(test_account(ONE)).state;
	assert_int_equal(activate("b"), 0);
	assert_string_equal(changes(active), "a b");
	assert_int_equal(rename_to("c", "d"), 0);
	assert_int_equal(remove_script("a"), 0);
	assert_string_equal(changes(active), "b d -1");
	/* The log of messages lies between. */
	test_fill(test_account(ONE), 3);
	const uint32_t uids[] = {1, 2, 3};
	assert_int_equal(test_expunge(&accounts, test_account(ONE), uids, 3), 0);
	assert_int_equal(remove_script("d"), 0);
	assert_string_equal(changes(active), "b -1 -3");
	assert_string_equal(changes(start), "b+ -1 -3");
	struct account_script_changes c = {.shard = test_account(ONE), .since = 1 << 20};
	assert_int_equal(run_account_script_changes(account_script_changes, &c), -ESTALE);
	c = (struct account_script_changes){.shard = test_account(OTHER)};
	assert_int_equal(run_account_script_changes(account_script_changes, &c), -ENOENT);
}

/* More of the log than one read looks at, with scripts that went at both ends. */
static void test_many_changes(void **state)
{
	enum { COUNT = 1500 };
	uint64_t start;
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	put("a", "keep;");
	put("b", "keep;");
	start = state_of(test_account(ONE)).state;
	assert_int_equal(remove_script("a"), 0);
	test_fill(test_account(ONE), COUNT);
	for (uint32_t uid = 1; uid <= COUNT; uid++)
		assert_int_equal(test_expunge(&accounts, test_account(ONE), &uid, 1), 0);
	assert_int_equal(remove_script("b"), 0);
	assert_string_equal(changes(start), "-1 -2");
}

/* ---- the check ---- */

static uint64_t wrong(uint64_t shard)
{
	struct account_check x = {.shard = shard};
	assert_int_equal(run_account_check(account_check, &x), 0);
	return x.wrong;
}

enum harm { COUNTED, BYTES, NO_ACTIVE, SAME_NAME, NUMBER_AHEAD, HARMS };

static int run_harm(struct txn *t, void *arg)
{
	struct account_head head;
	struct account_script s;
	struct entry entry;
	struct view value;
	enum harm harm = *(const enum harm *)arg;
	struct account_key first = key_script(1), second = key_script(2), ahead = key_script(9);
	int error = head_get(t, test_account(ONE), &head);
	if (error == 0)
		error = txn_get(t, test_account(ONE), key_view(&first), &value);
	if (error == 0)
		error = script_decode(1, value, &s);
	if (error)
		return error;
	script_encode(&s, &entry);
	head.scripts += harm == COUNTED;
	head.script_bytes += harm == BYTES;
	head.active_script = harm == NO_ACTIVE ? 7 : head.active_script;
	if (harm == SAME_NAME)
		return entry_put(t, test_account(ONE), key_view(&second), &entry);
	if (harm == NUMBER_AHEAD) {
		error = entry_put(t, test_account(ONE), key_view(&ahead), &entry);
		return error ? error : txn_delete(t, test_account(ONE), key_view(&first));
	}
	return head_put(t, test_account(ONE), &head);
}

static void test_check(void **state)
{
	(void)state;
	for (enum harm harm = 0; harm < HARMS; harm++) {
		struct account_request gone = {.shard = test_account(ONE)};
		test_create(&accounts, test_account(ONE), 0);
		put("a", "keep;");
		put("b", "stop;");
		assert_int_equal(wrong(test_account(ONE)), 0);
		assert_int_equal(test_commit(accounts.store, run_harm, &harm), 0);
		assert_int_equal(wrong(test_account(ONE)), 1);
		assert_int_equal(test_request(&accounts, account_remove, &gone), 0);
	}
	struct account_script_name away = {.place = SCRIPT_AWAY, .name = SCRIPT_AWAY_NAME};
	test_create(&accounts, test_account(ONE), 0);
	assert_int_equal(put_as(test_account(ONE), away, SCRIPT_ANY, VIEW("stop;"), NULL), 0);
	assert_int_equal(edit((struct account_script_edit){
	                     .shard = test_account(ONE), .what = SCRIPT_CHANGE_ACTIVE, .which = away}),
	    0);
	assert_int_equal(wrong(test_account(ONE)), 0);
	expect_list(test_account(ONE), "");
	struct account_script_name before = {.place = SCRIPT_BEFORE, .name = VIEW("spam")};
	assert_int_equal(put_as(ACCOUNT_SERVER, before, SCRIPT_ANY, VIEW("keep;"), NULL), 0);
	assert_int_equal(wrong(ACCOUNT_SERVER), 0);
	struct account_request use = {.shard = ACCOUNT_SERVER};
	assert_int_equal(test_request(&accounts, account_begin_use, &use), 0);
	assert_int_equal(test_count(ACCOUNT_SERVER, 'G'), 0); /* it gets no mailboxes */
}

/* Whoever erases an account leaves none of them, and no blob is forgotten by compaction. */
struct seen_blobs {
	struct blob_id text, form;
	unsigned found;
};

static void count_blob(void *arg, const struct blob_id *id)
{
	struct seen_blobs *seen = arg;
	seen->found += memcmp(id, &seen->text, sizeof *id) == 0 || memcmp(id, &seen->form, sizeof *id) == 0;
}

static void test_blobs(void **state)
{
	struct account_script_read r;
	struct entry value;
	struct account_request request = {.shard = test_account(ONE)};
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	uint64_t number = put("a", "keep;");
	assert_int_equal(read_as(&r, "a", SCRIPT_PART_NONE), 0);
	struct seen_blobs seen = {r.script.text, r.script.form, 0};
	struct account_key key = key_script(number);
	assert_int_equal(test_entry(test_account(ONE), key, &value), 0);
	account_names_blobs(test_account(ONE), key_view(&key), entry_view(&value), count_blob, &seen);
	assert_int_equal(seen.found, 2);
	assert_int_equal(test_request(&accounts, account_remove, &request), 0);
	assert_int_equal(test_count(test_account(ONE), 'C'), 0);
	assert_int_equal(read_as(&r, "a", SCRIPT_PART_NONE), -ENOENT);
}

/* What cannot be read is damage, and nothing else. */
static void test_damaged_values(void **state)
{
	struct account_script s = {.number = 7,
	                          .place = SCRIPT_AFTER,
	                          .created = 1,
	                          .modseq = 300,
	                          .version = 200,
	                          .changed = 1234567,
	                          .warnings = 3,
	                          .text = {{1}},
	                          .form = {{2}},
	                          .name = VIEW("name")},
	                      out = {.number = 99};
	struct entry value;
	(void)state;
	script_encode(&s, &value);
	assert_int_equal(script_decode(7, entry_view(&value), &out), 0);
	assert_int_equal(out.version, 200);
	assert_int_equal(out.changed, 1234567);
	assert_int_equal(out.warnings, 3);
	assert_memory_equal(&out.form, &s.form, sizeof s.form);
	assert_true(view_equal(out.name, s.name));
	out.number = 99;
	for (size_t len = 0; len < value.len; len++)
		assert_int_equal(script_decode(7, view_of(value.data, len), &out), -EBADMSG);
	assert_int_equal(out.number, 99);
	s.place = SCRIPT_PLACE_LAST + 1;
	script_encode(&s, &value);
	assert_int_equal(script_decode(7, entry_view(&value), &out), -EBADMSG);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_putting),
	    cmocka_unit_test(test_how),
	    cmocka_unit_test(test_empty_script),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_active),
	    cmocka_unit_test(test_rename),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_no_memory),
	    cmocka_unit_test(test_form),
	    cmocka_unit_test(test_server),
	    cmocka_unit_test(test_changed),
	    cmocka_unit_test(test_many_changes),
	    cmocka_unit_test(test_check),
	    cmocka_unit_test(test_blobs),
	    cmocka_unit_test(test_damaged_values),
	};
	return test_on_both_engines("scripts", tests, sizeof tests / sizeof tests[0]);
}
