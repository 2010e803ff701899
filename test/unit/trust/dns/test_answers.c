/* The table of known answers: names each question once, and has an end. */
#include "zone.h"

static void names_each_question_once(void **state)
{
	(void)state;
	struct answers a;
	struct question q;
	answers_init(&a);
	assert_false(answers_next(&a, &q));
	assert_null(answers_look(&a, "Example.org.", DNS_MX));
	assert_null(answers_look(&a, "example.org", DNS_MX));
	assert_null(answers_look(&a, "example.org", DNS_A));
	assert_true(answers_next(&a, &q));
	assert_string_equal(q.name, "example.org");
	assert_int_equal(q.type, DNS_MX);
	unsigned first = q.number;
	assert_true(answers_next(&a, &q));
	assert_int_equal(q.type, DNS_A);
	assert_false(answers_next(&a, &q));
	assert_int_equal(answers_open(&a), 2);
	/* Given out and not answered: not known, and not asked again. */
	assert_null(answers_look(&a, "example.org", DNS_A));
	assert_false(answers_next(&a, &q));
	struct view record = VIEW("\0\0\0");
	struct answer good = {
	    .status = ANSWER_GOOD, .secure = true, .ttl = 7, .records = &record, .count = 1};
	answers_put(&a, first, &good);
	answers_put(&a, first, &(struct answer){.status = ANSWER_FAILED}); /* too late */
	answers_put(&a, 99, &good);
	assert_int_equal(answers_open(&a), 1);
	const struct answer *known = answers_look(&a, "EXAMPLE.org", DNS_MX);
	assert_non_null(known);
	assert_int_equal(known->status, ANSWER_GOOD);
	assert_true(known->secure);
	assert_int_equal(known->ttl, 7);
	assert_int_equal(known->count, 1);
	assert_true(known->records != &record && known->records[0].data != record.data);
	assert_memory_equal(known->records[0].data, "\0\0\0", 3);
	/* One that comes later is found behind those that were given out. */
	assert_null(answers_look(&a, "later.example", DNS_A));
	assert_true(answers_next(&a, &q));
	assert_string_equal(q.name, "later.example");
	answers_done(&a);
	assert_false(answers_next(&a, &q));
	answers_done(&a);
}

/* Asked before it was named: the number must have been given out. */
static void takes_no_answer_to_what_was_not_asked(void **state)
{
	(void)state;
	struct answers a;
	answers_init(&a);
	assert_null(answers_look(&a, "a.example", DNS_A));
	answers_put(&a, 1, &(struct answer){.status = ANSWER_GOOD});
	assert_null(answers_look(&a, "a.example", DNS_A));
	assert_int_equal(answers_open(&a), 0);
	answers_done(&a);
}

static void has_an_end(void **state)
{
	(void)state;
	struct answers a;
	char name[64];
	answers_init(&a);
	for (int i = 0; i < ANSWERS_QUESTIONS_MAX; i++) {
		snprintf(name, sizeof name, "h%d.example", i);
		assert_null(answers_look(&a, name, DNS_A));
	}
	const struct answer *more = answers_look(&a, "one.more.example", DNS_A);
	assert_non_null(more);
	assert_int_equal(more->status, ANSWER_FAILED);
	assert_view(more->why, "too many questions for one purpose");
	assert_null(answers_look(&a, "h0.example", DNS_A));
	const struct answer *none = answers_look(&a, "no..name", DNS_A);
	assert_int_equal(none->status, ANSWER_NXDOMAIN);
	assert_false(none->secure);
	answers_done(&a);
}

static void bounds_what_it_keeps(void **state)
{
	(void)state;
	static char large[60000];
	struct answers a;
	struct question q;
	struct view records[300];
	for (size_t i = 0; i < 300; i++)
		records[i] = VIEW("12345678");
	answers_init(&a);
	assert_null(answers_look(&a, "many.example", DNS_A));
	assert_true(answers_next(&a, &q));
	answers_put(&a, q.number,
	    &(struct answer){.records = records, .count = 300, .canonical = VIEW("Many.Example.")});
	assert_int_equal(answers_look(&a, "many.example", DNS_A)->count, ANSWERS_RECORDS_MAX);
	assert_int_equal(answers_look(&a, "many.example", DNS_A)->canonical.len, 0);
	for (size_t i = 0; i < 300; i++)
		records[i] = view_of(large, sizeof large);
	assert_null(answers_look(&a, "large.example", DNS_A));
	assert_true(answers_next(&a, &q));
	answers_put(&a, q.number, &(struct answer){.records = records, .count = 300});
	assert_int_equal(answers_look(&a, "large.example", DNS_A)->status, ANSWER_FAILED);
	assert_int_equal(answers_look(&a, "large.example", DNS_A)->count, 0);
	assert_true(a.arena.used <= ANSWERS_MEMORY_MAX);
	answers_done(&a);
	answers_init(&a);
	assert_null(answers_look(&a, "odd.example", DNS_A));
	assert_true(answers_next(&a, &q));
	answers_put(&a, q.number, &(struct answer){.secure = true, .canonical = VIEW("a b.example")});
	assert_int_equal(answers_look(&a, "odd.example", DNS_A)->status, ANSWER_FAILED);
	assert_false(answers_look(&a, "odd.example", DNS_A)->secure);
	/* Records of an answer that failed are nobody's. */
	assert_null(answers_look(&a, "bogus.example", DNS_A));
	assert_true(answers_next(&a, &q));
	answers_put(&a, q.number,
	    &(struct answer){.status = ANSWER_BOGUS, .records = records, .count = 1, .why = VIEW("because")});
	assert_int_equal(answers_look(&a, "bogus.example", DNS_A)->count, 0);
	assert_view(answers_look(&a, "bogus.example", DNS_A)->why, "because");
	answers_done(&a);
}

/* Large answers leave room for small ones to all other questions. */
static void keeps_room_for_small_answers(void **state)
{
	(void)state;
	static char large[60000];
	struct view record = view_of(large, sizeof large), policy = view_of(large, 400);
	struct answers a;
	struct question q;
	unsigned good = 0;
	answers_init(&a);
	for (unsigned i = 0; i < ANSWERS_QUESTIONS_MAX; i++) {
		char name[250];
		snprintf(name, sizeof name, "%060u.%060u.%060u.example", i, i, i);
		bool small = i >= 20;
		assert_null(answers_look(&a, name, DNS_TXT));
		assert_true(answers_next(&a, &q));
		answers_put(&a, q.number, &(struct answer){.records = small ? &policy : &record, .count = 1});
		bool kept = answers_look(&a, name, DNS_TXT)->status == ANSWER_GOOD;
		assert_true(kept || !small);
		good += kept && !small;
	}
	assert_true(good > 0 && good < 20);
	answers_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_each_question_once),
	    cmocka_unit_test(takes_no_answer_to_what_was_not_asked),
	    cmocka_unit_test(has_an_end),
	    cmocka_unit_test(bounds_what_it_keeps),
	    cmocka_unit_test(keeps_room_for_small_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
