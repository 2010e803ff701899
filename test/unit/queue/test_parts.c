/* Messages with so many recipients that their record has parts, and those that are too many. */
#include <errno.h>
#include <stdio.h>

#include "support.h"

#include "base/clock.h"
#include "queue/change.h"

static void test_long_records_have_parts(void **state)
{
	static struct record_recipient p[200];
	static char addresses[200][60];
	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		snprintf(addresses[i], sizeof addresses[i], "somebody-with-a-long-name-%u@a.example", i);
		p[i] = test_recipient(addresses[i], "a.example");
	}
	assert_int_equal(test_add(1, "s@example.com", "x", p, 200), 0);
	assert_true(test_count('Q') > 10);
	assert_int_equal(test_count('W'), 1);
	queue_credit(queue, 1);
	test_settle();
	uint64_t a = test_offered("a.example");
	assert_int_equal(test_take(a, 1), 1);
	assert_int_equal(taker.messages[0].recipients, 200);
	static struct change_result results[200];
	for (unsigned i = 0; i < 200; i++)
		results[i] = (struct change_result){.recipient = i,
		    .verdict = i == 199 ? QUEUE_DEFERRED
		               : i % 2  ? QUEUE_FAILED
		                        : QUEUE_RELAYED,
		    .reply = VIEW("a reply that makes the record longer, since it is kept")};
	struct change_outcome o = {.results = results, .count = 200};
	assert_int_equal(queue_outcome(queue, a, VIEW("000000000001"), &o), 0);
	test_settle();
	assert_int_equal(taker.notes[NOTE_FAILED], 99);
	struct queue_record r;
	assert_true(test_record(1, &r));
	assert_int_equal(r.recipients[199].state, RECORD_WAITING);
	assert_int_equal(r.recipients[101].action, ACTION_FAILED);
	test_clock(6 * 86400);
	test_settle();
	for (unsigned i = 0; i < 200; i++)
		if (i % 2)
			assert_int_equal(test_tell(1, i, ACTION_FAILED), 0);
	assert_int_equal(test_count('Q') + test_count('E'), 0);
}

static void test_too_many_are_refused(void **state)
{
	static struct record_recipient p[QUEUE_RECIPIENTS_MAX];
	static char huge[QUEUE_TEXT_MAX];
	(void)state;
	memset(huge, 'h', sizeof huge);
	for (size_t i = 0; i < QUEUE_RECIPIENTS_MAX; i++) {
		p[i] = test_recipient("a@a.example", "a.example");
		p[i].orcpt = view_of(huge, sizeof huge);
	}
	assert_int_equal(test_add(1, "s@example.com", "x", p, QUEUE_RECIPIENTS_MAX), -EMSGSIZE);
	assert_int_equal(test_count('Q') + test_count('W') + test_count('D'), 0);
	assert_int_equal(test_add(1, "s@example.com", "x", p, 100), 0);
}

/* One commit keeps all of it, whatever they are; each part gets its turn in a commit of its own. */
static void test_many_recipients_come_in_parts(void **state)
{
	enum { MANY = 1000, EACH = 100, PARTS = MANY / EACH };
	static struct record_recipient p[MANY];
	static char names[MANY][32];
	struct store_stats before, after;
	size_t taken = 0;
	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof names[i], "d%zu.example", i);
		p[i] = test_recipient("r@example.org", names[i]);
	}
	struct queue_record r = {.terms.sender = VIEW("s@example.com"), .recipients = p, .count = MANY};
	store_stats(queue_store(queue), &before);
	assert_int_equal(test_add_parts(1, &r, "x", EACH), 0);
	store_stats(queue_store(queue), &after);
	assert_int_equal(after.commits - before.commits, 1);
	assert_int_equal(test_count('E'), PARTS);
	assert_int_equal(test_count('W') + test_count('D') + test_count('T'), 0);
	/* Whoever sends it again is told that it is there. */
	assert_int_equal(test_add_parts(1, &r, "x", EACH), 0);
	assert_int_equal(test_count('E'), PARTS);
	test_queue_restart();
	queue_credit(queue, 2 * MANY);
	test_settle();
	assert_int_equal(test_count('W'), MANY);
	assert_int_equal(taker.offer_count, MANY);
	for (size_t i = 0; i < MANY; i++)
		taken += test_take(taker.offers[i].number, 10);
	assert_int_equal(taken, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(taker.messages[i].recipients, 1);
	for (unsigned part = 1; part <= PARTS; part++) {
		assert_true(test_record(part, &r));
		assert_false(r.held);
		assert_int_equal(r.count, EACH);
		/* The time for which it waited for its turn does not count. */
		assert_in_range(
		    r.expires - r.arrived - test_config.give_up_seconds, 0, clock_wall() - r.arrived);
	}
}

#define BOTH(test)                                                                                           \
	cmocka_unit_test_setup_teardown(test, test_queue_memory, test_queue_close),                          \
	    cmocka_unit_test_setup_teardown(test, test_queue_embedded, test_queue_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH(test_long_records_have_parts),
	    BOTH(test_too_many_are_refused),
	    BOTH(test_many_recipients_come_in_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
