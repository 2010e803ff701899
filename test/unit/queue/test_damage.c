/* Entries of the queue that cannot be read: what they are about is told, and everything else goes on. */
#include <errno.h>
#include <stdio.h>

#include "support.h"

#include "base/clock.h"

enum { DAMAGED = 20 };

static void test_damaged_records_let_others_pass(void **state)
{
	struct store_stats stats;
	(void)state;
	test_settle();
	for (unsigned i = 1; i <= DAMAGED + 3; i++)
		assert_int_equal(test_add_to(i, "example.org"), 0);
	for (unsigned i = 1; i <= DAMAGED; i++) {
		struct queue_id id = test_id(i);
		assert_int_equal(test_damage('Q', queue_id_view(&id)), 1);
	}
	queue_credit(queue, 1);
	test_settle();
	assert_int_equal(taker.offer_count, 1);
	uint64_t number = taker.offers[0].number;
	/* The oldest ones are passed over, also when they are more than a take brings. */
	assert_int_equal(test_take(number, 2), 2);
	assert_string_equal(taker.messages[0].id, "000000000021");
	assert_string_equal(taker.messages[1].id, "000000000022");
	assert_true(taker.taken_more);
	assert_int_equal(test_take(number, 2), 1);
	assert_false(taker.taken_more);
	/* Nothing is left but what is damaged: nobody is told to come again. */
	assert_int_equal(test_take(number, 2), 0);
	assert_int_equal(taker.taken_error, 0);
	assert_false(taker.taken_more);
	for (unsigned i = 0; i < 3; i++)
		test_outcome(number, taker.messages[i].id, 0, QUEUE_RELAYED, "250 ok");
	test_rest(number, REST_EMPTY, 0);
	/* It comes back at once, since it was given something; then not before a while, for it stays due. */
	queue_credit(queue, 1);
	test_settle();
	assert_int_equal(taker.offer_count, 2);
	number = taker.offers[1].number;
	assert_int_equal(test_take(number, 2), 0);
	test_rest(number, REST_EMPTY, 0);
	queue_credit(queue, 1);
	test_clock(30);
	test_settle();
	assert_int_equal(taker.offer_count, 2);
	test_clock(70);
	test_settle();
	assert_int_equal(taker.offer_count, 3);
	assert_int_equal(test_add_to(DAMAGED + 4, "example.org"), 0);
	assert_int_equal(test_take(taker.offers[2].number, 2), 1);
	assert_int_equal(test_count('W'), DAMAGED + 1);
	/* An index made anew would say the same: nobody is sent to make it. */
	store_stats(queue_store(queue), &stats);
	assert_int_equal(stats.index_damaged, 0);
}

static void test_a_damaged_destination_is_due(void **state)
{
	(void)state;
	test_settle();
	assert_int_equal(test_add_to(1, "example.org"), 0);
	assert_int_equal(test_add_to(2, "example.net"), 0);
	assert_int_equal(test_damage('D', VIEW("example.org")), 1);
	queue_credit(queue, 2);
	test_settle();
	assert_int_equal(taker.offer_count, 2);
	bool first = strcmp(taker.offers[0].name, "example.org") == 0;
	uint64_t number = taker.offers[first ? 0 : 1].number;
	assert_string_equal(taker.offers[first ? 0 : 1].name, "example.org");
	assert_int_equal(test_take(number, 5), 1);
	/* Its entry is written anew, and backs off like any other. */
	test_rest(number, REST_FAILED, 0);
	test_clock(200);
	queue_credit(queue, 1);
	test_settle();
	assert_int_equal(taker.offer_count, 2);
	test_clock(500);
	test_settle();
	assert_int_equal(taker.offer_count, 3);
	assert_string_equal(taker.offers[2].name, "example.org");
	assert_int_equal(taker.offers[2].failures, 1);
}

static void test_damaged_local_is_due(void **state)
{
	struct record_recipient p = test_recipient("alice@example.org", "");
	struct store_stats stats;
	(void)state;
	p.local = true;
	p.account = 5;
	test_settle();
	assert_int_equal(test_add(1, "s@example.com", "x", &p, 1), 0);
	assert_int_equal(test_damage('D', QUEUE_LOCAL), 1);
	test_queue_restart();
	test_settle();
	assert_int_equal(taker.offer_count, 1);
	assert_string_equal(taker.offers[0].name, "@local");
	assert_int_equal(test_take(taker.offers[0].number, 5), 1);
	test_outcome(taker.offers[0].number, taker.messages[0].id, 0, QUEUE_DELIVERED, "");
	test_rest(taker.offers[0].number, REST_EMPTY, 0);
	assert_int_equal(test_count('D'), 0);
	assert_int_equal(test_count('Q'), 0);
	store_stats(queue_store(queue), &stats);
	assert_int_equal(stats.index_damaged, 0);
}

/* Each on both engines. */
#define BOTH(test)                                                                                           \
	cmocka_unit_test_setup_teardown(test, test_queue_memory, test_queue_close),                          \
	    cmocka_unit_test_setup_teardown(test, test_queue_embedded, test_queue_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH(test_damaged_records_let_others_pass),
	    BOTH(test_a_damaged_destination_is_due),
	    BOTH(test_damaged_local_is_due),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
