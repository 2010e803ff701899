/* The clock is set back: by ten days, while the queue looks and while it does not. What waits goes out as its
 * rules say. */
#include "support.h"

#include "audit.h"
#include "base/clock.h"
#include "queue/believe.h"

enum { DAY = 86400, HOUR = 3600 };

static uint64_t offered(const char *name)
{
	for (size_t i = taker.offer_count; i-- > 0;)
		if (strcmp(taker.offers[i].name, name) == 0)
			return taker.offers[i].number;
	return 0;
}

/* Three messages, ten days ahead: one whose host said later, one whose host does not answer, one that is to
 * wait an hour. */
static void fill(void)
{
	struct record_recipient p = test_recipient("r@example.org", "hold.example");
	test_clock(10 * DAY);
	struct queue_record r = {.terms.sender = VIEW("s@example.com"),
	    .terms.hold_until = clock_wall() + HOUR,
	    .recipients = &p,
	    .count = 1};
	assert_int_equal(test_add_to(1, "later.example"), 0);
	assert_int_equal(test_add_to(2, "dead.example"), 0);
	assert_int_equal(test_add_record(3, &r, "x"), 0);
	queue_credit(queue, 100);
	test_settle();
	assert_int_equal(test_take(offered("later.example"), 10), 1);
	test_outcome(offered("later.example"), "000000000001", 0, QUEUE_DEFERRED, "450 later");
	test_rest(offered("later.example"), REST_EMPTY, 0);
	test_rest(offered("dead.example"), REST_FAILED, 0);
	test_settle();
	test_forget();
}

static void expect_what_the_rules_say(void)
{
	struct queue_record r;
	test_settle();
	/* The host that did not answer is tried at once, the one that said later when a first wait is over.
	 */
	test_clock((int64_t)test_config.schedule.retry_min + 61);
	test_settle();
	assert_true(offered("dead.example") != 0);
	assert_true(offered("later.example") != 0);
	assert_int_equal(test_take(offered("later.example"), 10), 1);
	assert_int_equal(test_take(offered("dead.example"), 10), 1);
	assert_true(test_record(1, &r));
	assert_in_range(r.arrived, clock_wall() - HOUR, clock_wall());
	assert_in_range(
	    r.expires, r.arrived + test_config.give_up_seconds - 60, r.arrived + test_config.give_up_seconds);
	assert_in_range(
	    r.warn_at, r.arrived + test_config.warn_seconds - 60, r.arrived + test_config.warn_seconds);
	test_outcome(offered("later.example"), "000000000001", 0, QUEUE_RELAYED, "250 ok");
	test_outcome(offered("dead.example"), "000000000002", 0, QUEUE_RELAYED, "250 ok");
	test_rest(offered("later.example"), REST_EMPTY, 0);
	test_rest(offered("dead.example"), REST_EMPTY, 0);
	/* Held for an hour means an hour. Its destination may be offered, but it is not given out. */
	uint64_t hold = offered("hold.example");
	if (hold) {
		assert_int_equal(test_take(hold, 10), 0);
		test_rest(hold, REST_EMPTY, 0);
	}
	test_settle();
	test_forget();
	test_clock(HOUR + 61);
	test_settle();
	assert_int_equal(test_take(offered("hold.example"), 10), 1);
	assert_true(test_record(3, &r));
	assert_true(r.terms.hold_until <= clock_wall());
	test_outcome(offered("hold.example"), "000000000003", 0, QUEUE_RELAYED, "250 ok");
	test_rest(offered("hold.example"), REST_EMPTY, 0);
	test_settle();
	assert_int_equal(
	    test_count('Q') + test_count('W') + test_count('E') + test_count('D') + test_count('T'), 0);
}

static void audit(void)
{
	char problem[300] = "";
	size_t messages;
	if (!queue_audit(queue_store(queue), false, &messages, NULL, problem))
		fail_msg("%s", problem);
}

static void while_it_looks(void **state)
{
	(void)state;
	fill();
	test_clock(0);
	queue_work(queue); /* at the latest a minute later, when it looks whatever its times say */
	test_settle();
	audit();
	expect_what_the_rules_say();
}

static void while_it_does_not_look(void **state)
{
	(void)state;
	fill();
	test_queue_restart(); /* and the clock is right again */
	queue_credit(queue, 100);
	test_settle();
	audit();
	expect_what_the_rules_say();
}

/* It had arrived before the clock went ahead, and its destination has earlier mail: neither shows that it
 * waits for days. */
static void what_was_attempted_ahead_beside_other_mail(void **state)
{
	struct queue_record r;
	(void)state;
	assert_int_equal(test_add_to(1, "later.example"), 0);
	assert_int_equal(test_add_to(2, "later.example"), 0);
	test_clock(3 * DAY);
	queue_credit(queue, 100);
	test_settle();
	assert_int_equal(test_take(offered("later.example"), 1), 1);
	assert_string_equal(taker.messages[0].id, "000000000001");
	test_outcome(offered("later.example"), "000000000001", 0, QUEUE_DEFERRED, "450 later");
	test_settle();
	test_queue_restart(); /* and the clock is right again */
	queue_credit(queue, 100);
	test_settle();
	assert_true(test_record(1, &r));
	assert_in_range(
	    r.recipients[0].not_before, clock_wall(), clock_wall() + test_config.schedule.retry_min + 61);
	test_clock((int64_t)test_config.schedule.retry_min + 61);
	assert_int_equal(test_take(offered("later.example"), 10), 2);
	audit();
}

/* What may stand far ahead stays there, however often somebody looks. */
static void what_is_held_by_right_stays(void **state)
{
	struct record_recipient p = test_recipient("r@example.org", "hold.example");
	struct queue_record before, after,
	    r = {.terms.sender = VIEW("s@example.com"),
	        .terms.hold_until = clock_wall() + 20 * DAY,
	        .recipients = &p,
	        .count = 1};
	(void)state;
	assert_int_equal(test_add_record(1, &r, "x"), 0);
	assert_true(test_record(1, &before));
	int64_t hold = before.terms.hold_until, expires = before.expires, warn = before.warn_at;
	test_queue_restart();
	queue_credit(queue, 100);
	test_settle();
	uint64_t number = offered("hold.example");
	if (number) {
		assert_int_equal(test_take(number, 10), 0);
		test_rest(number, REST_EMPTY, 0);
		test_settle();
	}
	assert_true(test_record(1, &after));
	assert_true(after.terms.hold_until == hold && after.expires == expires && after.warn_at == warn);
	test_forget();
	test_clock(20 * DAY + 61);
	test_settle();
	assert_int_equal(test_take(offered("hold.example"), 10), 1);
}

/* ---- the rules alone ---- */

static const int64_t now = 1000 * DAY;

static struct queue_record record_of(struct record_recipient *p)
{
	*p = test_recipient("r@example.org", "a.example");
	p->attempts = 3;
	p->last_attempt = now - HOUR;
	p->not_before = now + HOUR;
	return (struct queue_record){
	    .arrived = now - DAY, .expires = now + 4 * DAY, .warn_at = 0, .recipients = p, .count = 1};
}

static void times_that_can_be_are_left(void **state)
{
	struct record_recipient p;
	struct queue_record r = record_of(&p);
	(void)state;
	assert_true(queue_record_is_believable(&r, now, &test_config));
	assert_false(queue_record_believe(&r, now, &test_config));
	r.terms.hold_until = now + 100 * DAY;
	p.not_before = r.terms.hold_until;
	r.expires = r.terms.hold_until + test_config.give_up_seconds;
	r.warn_at = r.terms.hold_until + test_config.warn_seconds;
	assert_true(queue_record_is_believable(&r, now, &test_config));
	/* An administrator's hold has no end but the one that was said. */
	r = record_of(&p);
	r.held = true;
	r.held_since = now - DAY;
	r.held_until = now + 300 * DAY;
	assert_true(queue_record_is_believable(&r, now, &test_config));
	assert_false(queue_record_believe(&r, now, &test_config));
}

static void each_time_is_believed_as_far_as_its_rule(void **state)
{
	struct record_recipient p;
	struct queue_record r = record_of(&p);
	int64_t most = schedule_most(&test_config.schedule);
	(void)state;
	/* An attempt in the future: the wait behind it is kept. */
	p.last_attempt = now + 10 * DAY;
	p.not_before = now + 10 * DAY + 600;
	assert_false(queue_record_is_believable(&r, now, &test_config));
	assert_int_equal(p.not_before, now + 10 * DAY + 600);
	assert_true(queue_record_believe(&r, now, &test_config));
	assert_int_equal(p.last_attempt, now);
	assert_int_equal(p.not_before, now + 600);
	assert_true(queue_record_is_believable(&r, now, &test_config));
	/* No wait is longer than the longest. */
	p.not_before = now + 10 * DAY;
	assert_true(queue_record_believe(&r, now, &test_config));
	assert_int_equal(p.not_before, now + most);
	/* An arrival in the future: all that was reckoned from it. */
	r = record_of(&p);
	p.attempts = 0;
	p.last_attempt = 0;
	r.arrived = now + 10 * DAY;
	r.terms.hold_until = p.not_before = r.arrived + 3 * DAY;
	r.expires = r.terms.hold_until + test_config.give_up_seconds;
	r.warn_at = r.terms.hold_until + test_config.warn_seconds;
	r.terms.by_mode = SMTP_BY_NOTIFY;
	r.terms.by_time = r.arrived + 7200;
	assert_false(queue_record_is_believable(&r, now, &test_config));
	assert_true(queue_record_believe(&r, now, &test_config));
	assert_int_equal(r.arrived, now);
	assert_int_equal(r.terms.hold_until, now + 3 * DAY);
	assert_int_equal(p.not_before, now + 3 * DAY);
	assert_int_equal(r.expires, now + 3 * DAY + test_config.give_up_seconds);
	assert_int_equal(r.warn_at, now + 3 * DAY + test_config.warn_seconds);
	assert_int_equal(r.terms.by_time, now + 7200);
	/* A report that was put off, and a hold that began in the future. */
	r.notify_after = now + 10 * DAY;
	r.held = true;
	r.held_since = now + 10 * DAY;
	r.held_until = now + 12 * DAY;
	assert_true(queue_record_believe(&r, now, &test_config));
	assert_int_equal(r.notify_after, now + most);
	assert_int_equal(r.held_until, now + 2 * DAY);
	assert_true(queue_record_is_believable(&r, now, &test_config));
}

#define BOTH(test)                                                                                           \
	cmocka_unit_test_setup_teardown(test, test_queue_memory, test_queue_close),                          \
	    cmocka_unit_test_setup_teardown(test, test_queue_embedded, test_queue_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH(while_it_looks),
	    BOTH(while_it_does_not_look),
	    BOTH(what_was_attempted_ahead_beside_other_mail),
	    BOTH(what_is_held_by_right_stays),
	    cmocka_unit_test(times_that_can_be_are_left),
	    cmocka_unit_test(each_time_is_believed_as_far_as_its_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
