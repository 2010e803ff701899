/* Marks: whom rules have answered and what they have seen, each for a while. */
#include "support.h"

#include <errno.h>
#include <stdio.h>

#include "account/marks.h"
#include "base/clock.h"

enum { ONE = 1, TWO = 2, HOUR = 3600 };

struct set {
	struct store_commit commit;
	uint64_t shard;
	struct account_mark mark;
	size_t first, count; /* marks of who and a number behind it, from `first` on; 0: this one */
	int result;
	bool done;
};

static int run_set(struct txn *t, void *arg)
{
	struct set *s = arg;
	struct account_mark m = s->mark;
	char who[64];
	int error = s->count ? 0 : marks_set(t, s->shard, &m);
	for (size_t i = 0; i < s->count && error == 0; i++) {
		snprintf(who, sizeof who, "%.*s%zu", VIEW_FMT(s->mark.who), s->first + i);
		m.who = view_from_string(who);
		m.until = s->mark.until + (int64_t)(s->first + i);
		error = marks_set(t, s->shard, &m);
	}
	return error;
}

static void set_done(struct store_commit *c, int result)
{
	struct set *s = c->arg;
	s->result = result;
	s->done = true;
}

static int commit(struct set *s)
{
	s->commit = (struct store_commit){.run = run_set, .arg = s, .done = set_done};
	s->done = false;
	store_commit(accounts.store, &s->commit);
	test_wait(accounts.store, &s->done);
	return s->result;
}

/* Few enough for one commit each. */
static void commit_many(struct set *s, size_t count)
{
	s->count = 100;
	for (s->first = 0; s->first < count; s->first += s->count)
		assert_int_equal(commit(s), 0);
}

static struct account_mark mark(
    uint8_t kind, const char *handle, const char *who, int64_t since, int64_t until)
{
	return (struct account_mark){.kind = kind,
	    .handle = view_from_string(handle),
	    .who = view_from_string(who),
	    .since = since,
	    .until = until};
}

static int set(uint8_t kind, const char *handle, const char *who, int64_t since, int64_t until)
{
	struct set s = {.shard = test_account(ONE), .mark = mark(kind, handle, who, since, until)};
	return commit(&s);
}

struct find {
	struct store_read read;
	struct account_mark name;
	int64_t now;
	bool found, done;
};

static int run_find(struct txn *t, void *arg)
{
	struct find *f = arg;
	return marks_find(t, test_account(ONE), &f->name, f->now, &f->found);
}

static void find_done(struct store_read *read, int result)
{
	struct find *f = read->arg;
	assert_int_equal(result, 0);
	f->done = true;
}

static bool find(uint8_t kind, const char *handle, const char *who, int64_t now)
{
	struct find f = {.name = mark(kind, handle, who, 0, 0), .now = now};
	f.read =
	    (struct store_read){.shard = test_account(ONE), .run = run_find, .arg = &f, .done = find_done};
	store_read(accounts.store, &f.read);
	test_wait(accounts.store, &f.done);
	return f.found;
}

static bool listing;
static int listed_result;
static void listed(struct account_marks *m, int result)
{
	(void)m;
	listed_result = result;
	listing = true;
}

static struct account_marks list(uint8_t kind, const char *handle, int64_t now)
{
	struct account_marks m = {.shard = test_account(ONE),
	    .kind = kind,
	    .handle = view_from_string(handle),
	    .now = now,
	    .done = listed};
	listing = false;
	account_marks(&accounts, &m);
	test_wait(accounts.store, &listing);
	assert_int_equal(listed_result, 0);
	return m;
}

static size_t count(uint8_t kind, int64_t now)
{
	struct account_marks m = list(kind, "", now);
	size_t found = m.count;
	account_marks_free(&m);
	return found;
}

static void upkeep(void)
{
	struct account_request r = {.shard = test_account(ONE)};
	assert_int_equal(test_request(&accounts, account_upkeep, &r), 0);
}

static void a_mark_holds_until_its_end(void **state)
{
	(void)state;
	int64_t now = clock_wall();
	test_create(&accounts, test_account(ONE), 0);
	assert_false(find(MARK_ANSWERED, "h", "joe@example.com", now));
	assert_int_equal(set(MARK_ANSWERED, "h", "joe@example.com", now, now + HOUR), 0);
	assert_true(find(MARK_ANSWERED, "h", "joe@example.com", now));
	assert_true(find(MARK_ANSWERED, "h", "joe@example.com", now + HOUR - 1));
	assert_false(find(MARK_ANSWERED, "h", "joe@example.com", now + HOUR));
	/* Another name: the two texts are apart, and so are the kinds. */
	assert_false(find(MARK_ANSWERED, "hj", "oe@example.com", now));
	assert_false(find(MARK_ANSWERED, "h", "ann@example.com", now));
	assert_false(find(MARK_SEEN, "h", "joe@example.com", now));
	/* A clock that was set back leaves no mark for years. */
	assert_int_equal(set(MARK_ANSWERED, "h", "ann@example.com", now + 400 * HOUR, now + 1000 * HOUR), 0);
	assert_false(find(MARK_ANSWERED, "h", "ann@example.com", now));
	test_accounts_restart();
	assert_true(find(MARK_ANSWERED, "h", "joe@example.com", now));
}

static void a_mark_takes_its_predecessors_place(void **state)
{
	(void)state;
	int64_t now = clock_wall();
	test_create(&accounts, test_account(ONE), 0);
	set(MARK_SEEN, "", "<id@x>", now, now + HOUR);
	set(MARK_SEEN, "", "<id@x>", now, now + 3 * HOUR);
	set(MARK_ANSWERED, "a-1", "joe@example.com", now, now + HOUR);
	set(MARK_ANSWERED, "a-2", "joe@example.com", now, now + HOUR);
	assert_int_equal(count(MARK_SEEN, now), 1);
	assert_true(find(MARK_SEEN, "", "<id@x>", now + 2 * HOUR));
	struct account_marks m = list(MARK_SEEN, "", now);
	assert_int_equal(m.marks[0].times, 2);
	assert_int_equal(m.marks[0].until, now + 3 * HOUR);
	account_marks_free(&m);
	m = list(MARK_ANSWERED, "a-2", now);
	assert_int_equal(m.count, 1);
	assert_view(m.marks[0].handle, "a-2");
	assert_view(m.marks[0].who, "joe@example.com");
	account_marks_free(&m);
	/* Two entries each, and the counts. */
	assert_int_equal(test_count(test_account(ONE), 'C'), 2 * 3 + 1);
}

static void what_has_ended_goes(void **state)
{
	(void)state;
	int64_t now = clock_wall();
	test_create(&accounts, test_account(ONE), 0);
	upkeep();
	struct set many = {.shard = test_account(ONE),
	    .mark = mark(MARK_ANSWERED, "h", "a", now - 5 * HOUR, now - 4 * HOUR)};
	commit_many(&many, 1200);
	set(MARK_ANSWERED, "h", "stays", now, now + HOUR);
	assert_int_equal(test_count(test_account(ONE), 'C'), 2 * 1201 + 1);
	upkeep();
	assert_int_equal(test_count(test_account(ONE), 'C'), 2 + 1);
	assert_true(find(MARK_ANSWERED, "h", "stays", now));
}

/* However many strangers write, an account remembers so many, and the others' kind does not suffer. */
static void there_are_never_too_many(void **state)
{
	(void)state;
	int64_t now = clock_wall();
	test_create(&accounts, test_account(ONE), 0);
	set(MARK_SEEN, "", "id", now, now + 1);
	for (int i = 0; i < ACCOUNT_MARKS_MAX / 1000; i++) {
		char who[16];
		snprintf(who, sizeof who, "%d-", i);
		struct set many = {.shard = test_account(ONE),
		    .mark = mark(MARK_ANSWERED, "h", who, now, now + HOUR + 1000 * i)};
		commit_many(&many, 1000);
	}
	assert_int_equal(count(MARK_ANSWERED, now), ACCOUNT_MARKS_MAX);
	set(MARK_ANSWERED, "h", "one more", now, now + 2 * HOUR);
	assert_int_equal(count(MARK_ANSWERED, now), ACCOUNT_MARKS_MAX);
	assert_true(find(MARK_ANSWERED, "h", "one more", now));
	assert_false(find(MARK_ANSWERED, "h", "0-0", now)); /* which would have ended first */
	assert_true(find(MARK_ANSWERED, "h", "0-1", now));
	assert_true(find(MARK_SEEN, "", "id", now));
	/* One that is there already drives nobody out. */
	set(MARK_ANSWERED, "h", "one more", now, now + 2 * HOUR);
	assert_true(find(MARK_ANSWERED, "h", "0-1", now));
}

static void nobody_elses_are_touched(void **state)
{
	(void)state;
	int64_t now = clock_wall();
	struct set s = {
	    .shard = test_account(TWO), .mark = mark(MARK_ANSWERED, "h", "joe@example.com", now, now + HOUR)};
	test_create(&accounts, test_account(ONE), 0);
	assert_int_equal(commit(&s), -ENOENT);
	test_create(&accounts, test_account(TWO), 0);
	assert_int_equal(commit(&s), 0);
	assert_false(find(MARK_ANSWERED, "h", "joe@example.com", now));
	/* They go with their account. */
	struct account_request r = {.shard = test_account(TWO)};
	assert_int_equal(test_request(&accounts, account_remove, &r), 0);
	assert_int_equal(test_count(test_account(TWO), 'C'), 0);
	/* Nothing that is too long. */
	char text[ACCOUNT_MARK_WHO_MAX + 2];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(set(MARK_ANSWERED, "h", text, now, now + HOUR), -EMSGSIZE);
	text[ACCOUNT_MARK_WHO_MAX] = '\0';
	assert_int_equal(set(MARK_ANSWERED, "h", text, now, now + HOUR), 0);
	assert_true(find(MARK_ANSWERED, "h", text, now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_mark_holds_until_its_end),
	    cmocka_unit_test(a_mark_takes_its_predecessors_place), cmocka_unit_test(what_has_ended_goes),
	    cmocka_unit_test(there_are_never_too_many), cmocka_unit_test(nobody_elses_are_touched)};
	return test_on_both_engines("marks", tests, sizeof tests / sizeof *tests);
}
