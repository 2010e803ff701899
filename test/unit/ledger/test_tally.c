/* Tallies: counted together, listed in parts, dropped, bounded. */
#include "../store/in_memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ledger/tally.h"

struct adding {
	unsigned kind;
	struct tally tally;
	int result;
};

static int run_add(struct txn *t, void *arg)
{
	struct adding *a = arg;
	a->result = tally_add(t, a->kind, &a->tally);
	return a->result < 0 ? a->result : 0;
}

static int add(uint32_t day, const char *subject, const char *policy, const char *row, uint64_t count)
{
	struct adding a = {.kind = TALLY_DMARC,
	    .tally = {.day = day,
	        .subject = view_from_string(subject),
	        .policy = view_from_string(policy),
	        .row = view_from_string(row),
	        .count = count}};
	int error = test_commit(store, run_add, &a);
	return error ? error : a.result;
}

struct listing {
	struct tally_subject subject;
	struct tally_place place;
	char text[2000];
	size_t entries;
	bool more;
};

static int take(void *arg, const struct tally *t)
{
	struct listing *l = arg;
	size_t len = strlen(l->text);
	l->entries++;
	if (t->policy.len > 0)
		snprintf(l->text + len, sizeof l->text - len, "[%.*s] ", VIEW_FMT(t->policy));
	else
		snprintf(
		    l->text + len, sizeof l->text - len, "%.*s=%u ", VIEW_FMT(t->row), (unsigned)t->count);
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct listing *l = arg;
	return tally_list(t, TALLY_DMARC, &l->subject, &l->place, take, l, &l->more);
}

static struct listing list(uint32_t day, const char *subject)
{
	struct listing l = {.subject = {.day = day}};
	snprintf(l.subject.name, sizeof l.subject.name, "%s", subject);
	do
		assert_int_equal(test_read(store, LEDGER_SHARD, run_list, &l), 0);
	while (l.more);
	return l;
}

struct seeking {
	uint32_t before;
	struct tally_subject after, found;
};

static int run_next(struct txn *t, void *arg)
{
	struct seeking *s = arg;
	return tally_next(t, TALLY_DMARC, s->before, &s->after, &s->found);
}

/* All subjects before a day, in a row. */
static void expect_subjects(uint32_t before, const char *expected)
{
	struct seeking s = {.before = before};
	char text[500] = "";
	while (test_read(store, LEDGER_SHARD, run_next, &s) == 0) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof text - len, "%u:%s%s ", s.found.day, s.found.name,
		    s.found.left_out ? "+" : "");
		s.after = s.found;
	}
	assert_string_equal(text, expected);
}

static int run_drop(struct txn *t, void *arg)
{
	struct listing *l = arg;
	return tally_drop(t, TALLY_DMARC, &l->subject, &l->more);
}

static unsigned drop(uint32_t day, const char *subject)
{
	struct listing l = {.subject = {.day = day}};
	unsigned runs = 0;
	snprintf(l.subject.name, sizeof l.subject.name, "%s", subject);
	do {
		assert_int_equal(test_commit(store, run_drop, &l), 0);
		runs++;
	} while (l.more);
	return runs;
}

static void what_is_alike_is_counted_together(void **state)
{
	(void)state;
	assert_int_equal(add(10, "b.example", "p", "x", 1), 0);
	assert_int_equal(add(10, "b.example", "p", "x", 4), 0);
	assert_int_equal(add(10, "b.example", "p", "y", 2), 0);
	assert_int_equal(add(11, "b.example", "p", "x", 1), 0);
	assert_int_equal(add(10, "a.example", "p", "x", 7), 0);
	assert_int_equal(add(10, "a.example.org", "", "x", 9), 0);
	struct listing l = list(10, "b.example");
	assert_int_equal(l.entries, 3);
	assert_true(strstr(l.text, "[p] ") == l.text && strstr(l.text, "x=5 ") && strstr(l.text, "y=2 "));
	assert_string_equal(list(11, "b.example").text, "[p] x=1 ");
	assert_string_equal(list(10, "a.example").text, "[p] x=7 ");
	assert_string_equal(list(12, "a.example").text, "");
	expect_subjects(11, "10:a.example 10:a.example.org 10:b.example ");
	expect_subjects(12, "10:a.example 10:a.example.org 10:b.example 11:b.example ");
	expect_subjects(10, "");
}

static void policies_have_rows_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(add(10, "a.example", "p=none", "x", 1), 0);
	assert_int_equal(add(10, "a.example", "p=reject", "x", 2), 0);
	struct listing l = list(10, "a.example");
	assert_true(strstr(l.text, "[p=none] x=1 ") && strstr(l.text, "[p=reject] x=2 "));
	assert_int_equal(l.entries, 4);
}

static void what_is_dropped_is_gone(void **state)
{
	char row[20];
	(void)state;
	for (unsigned i = 0; i < 700; i++) {
		snprintf(row, sizeof row, "row %u", i);
		assert_int_equal(add(10, "a.example", i % 3 ? "p" : "q", row, 1), 0);
	}
	assert_int_equal(add(10, "a.examplf", "p", "x", 1), 0);
	assert_int_equal(list(10, "a.example").entries, 702);
	assert_true(drop(10, "a.example") > 3);
	expect_subjects(20, "10:a.examplf ");
	assert_string_equal(list(10, "a.example").text, "");
	assert_int_equal(drop(10, "a.example"), 1);
	assert_int_equal(add(10, "a.example", "p", "x", 1), 0);
	assert_string_equal(list(10, "a.example").text, "[p] x=1 ");
}

static void a_subject_has_so_many_rows(void **state)
{
	char row[20];
	(void)state;
	for (unsigned i = 0; i < TALLY_ROWS_MAX + 20; i++) {
		snprintf(row, sizeof row, "row %u", i);
		/* The policy is one of them. */
		assert_int_equal(add(10, "a.example", "p", row, 1), i < TALLY_ROWS_MAX - 1 ? 0 : 1);
	}
	assert_int_equal(list(10, "a.example").entries, TALLY_ROWS_MAX);
	expect_subjects(20, "10:a.example+ ");
	/* What is known goes on being counted, and so is another subject. */
	assert_int_equal(add(10, "a.example", "p", "row 3", 1), 0);
	assert_int_equal(add(10, "b.example", "p", "x", 1), 0);
	expect_subjects(20, "10:a.example+ 10:b.example ");
}

/* Spoils the entries whose keys have this length behind the subject's 0: 0 the subject's own, 16 rows. */
struct spoiling {
	size_t behind;
	struct ledger_key keys[10];
	size_t count;
};

static int spoil_one(void *arg, struct view key, struct view value)
{
	struct spoiling *s = arg;
	(void)value;
	if (key.data[0] == 'U' ? s->behind == SIZE_MAX : key.len == 6 + strlen("a.example") + 1 + s->behind)
		memcpy(s->keys[s->count].data, key.data, s->keys[s->count].len = key.len), s->count++;
	return 0;
}

static int run_spoil(struct txn *t, void *arg)
{
	struct spoiling *s = arg;
	s->count = 0;
	int error = txn_range(t, &(struct txn_range){.shard = LEDGER_SHARD}, spoil_one, s);
	for (size_t i = 0; i < s->count && error == 0; i++)
		error = txn_put(t, LEDGER_SHARD, ledger_key_view(&s->keys[i]), VIEW("\xff"));
	return error;
}

static void what_is_damaged_begins_again(void **state)
{
	(void)state;
	assert_int_equal(add(10, "a.example", "p", "x", 5), 0);
	for (size_t i = 0; i < 3; i++) {
		struct spoiling s = {.behind = i == 0 ? 0 : i == 1 ? 16 : SIZE_MAX};
		assert_int_equal(test_commit(store, run_spoil, &s), 0);
		assert_int_equal(s.count, 1);
		expect_subjects(20, "10:a.example ");
		assert_string_equal(list(10, "a.example").text, i == 1 ? "[p] " : "[p] x=5 ");
		assert_int_equal(add(10, "a.example", "p", "x", i == 1 ? 5 : 0), 0);
	}
	drop(10, "a.example");
	expect_subjects(20, "");
}

static void what_cannot_be_kept_is_refused(void **state)
{
	static char bytes[TALLY_ROW_MAX + 2];
	char name[TALLY_SUBJECT_MAX + 2];
	(void)state;
	memset(bytes, 'x', TALLY_ROW_MAX + 1);
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(add(10, "a.example", "p", bytes, 1), -EMSGSIZE);
	assert_int_equal(add(10, "a.example", bytes, "x", 1), -EMSGSIZE);
	assert_int_equal(add(10, "", "p", "x", 1), -EINVAL);
	assert_int_equal(add(10, "a b", "p", "x", 1), -EINVAL);
	assert_int_equal(add(10, name, "p", "x", 1), -EINVAL);
	name[TALLY_SUBJECT_MAX] = '\0';
	bytes[TALLY_ROW_MAX] = '\0';
	assert_int_equal(add(10, name, bytes, bytes, 1), 0);
	assert_int_equal(list(10, name).entries, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_is_alike_is_counted_together, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(policies_have_rows_of_their_own, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(what_is_dropped_is_gone, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(a_subject_has_so_many_rows, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(what_is_damaged_begins_again, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(what_cannot_be_kept_is_refused, store_begin, store_end),
	};
	return cmocka_run_group_tests_name("ledger/tally", tests, NULL, NULL);
}
