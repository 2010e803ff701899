/* The queue's life, on the engine in memory and on the embedded one. */
#include <errno.h>
#include <stdio.h>

#include "support.h"

#include "base/clock.h"
#include "queue/change.h"

static void test_a_message_goes_out(void **state)
{
	(void)state;
	assert_int_equal(test_add_to(1, "example.org"), 0);
	test_settle();
	assert_int_equal(taker.offer_count, 0); /* nobody takes anything */
	queue_credit(queue, 10);
	test_settle();
	assert_int_equal(taker.offer_count, 1);
	assert_string_equal(taker.offers[0].name, "example.org");
	assert_int_equal(test_take(taker.offers[0].number, 10), 1);
	assert_string_equal(taker.messages[0].id, "000000000001");
	assert_string_equal(taker.messages[0].body, "Subject: x\r\n\r\n");
	assert_false(taker.taken_more);
	assert_int_equal(test_take(taker.offers[0].number, 10), 0); /* it is given out once */
	test_outcome(taker.offers[0].number, "000000000001", 0, QUEUE_RELAYED, "250 ok");
	test_settle();
	assert_int_equal(taker.notes[NOTE_QUEUED], 1);
	assert_int_equal(taker.notes[NOTE_RELAYED], 1);
	assert_int_equal(taker.notes[NOTE_DONE], 1);
	assert_int_equal(test_count('Q'), 0);
	assert_int_equal(test_count('W'), 0);
	assert_int_equal(test_count('E'), 0);
	assert_int_equal(test_count('D'), 1);
	test_rest(taker.offers[0].number, REST_EMPTY, 0);
	assert_int_equal(test_count('D'), 0);
	assert_int_equal(test_count('T'), 0);
	struct queue_figures f;
	queue_figures(queue, &f);
	assert_true(f.destinations == 0 && f.leases == 0 && f.credit == 9 && f.freed_bytes > 0);
}

static void test_the_same_id_twice_is_one_message(void **state)
{
	(void)state;
	assert_int_equal(test_add_to(1, "example.org"), 0);
	assert_int_equal(test_add_to(1, "example.org"), 0);
	assert_int_equal(test_count('Q'), 1);
	assert_int_equal(test_count('W'), 1);
}

static void test_recipients_have_their_own_fate(void **state)
{
	struct record_recipient p[4] = {test_recipient("a@a.example", "a.example"),
	    test_recipient("b@b.example", "b.example"), test_recipient("c@b.example", "b.example"),
	    test_recipient("d@d.example", "d.example")};
	(void)state;
	assert_int_equal(test_add(5, "s@example.com", "x", p, 4), 0);
	queue_credit(queue, 10);
	test_settle();
	assert_int_equal(taker.offer_count, 3);
	uint64_t a = test_offered("a.example"), b = test_offered("b.example"), d = test_offered("d.example");
	assert_int_equal(test_take(a, 5), 1);
	assert_int_equal(test_take(b, 5), 1);
	assert_int_equal(taker.messages[1].recipients, 2);
	assert_int_equal(taker.messages[1].first, 1);
	assert_int_equal(test_take(d, 5), 1);
	/* Several outcomes of one message in one commit. */
	test_outcome(a, "000000000005", 0, QUEUE_RELAYED, "250 a");
	test_outcome(d, "000000000005", 3, QUEUE_FAILED, "550 no such user");
	struct change_result results[2] = {{.recipient = 1, .verdict = QUEUE_RELAYED},
	    {.recipient = 2, .verdict = QUEUE_DEFERRED, .reply = VIEW("451 later")}};
	struct change_outcome o = {.results = results, .count = 2};
	assert_int_equal(queue_outcome(queue, b, VIEW("000000000005"), &o), 0);
	test_settle();
	struct queue_record r;
	assert_true(test_record(5, &r));
	assert_int_equal(r.recipients[0].state, RECORD_RELAYED);
	assert_int_equal(r.recipients[1].state, RECORD_RELAYED);
	assert_int_equal(r.recipients[2].state, RECORD_WAITING);
	assert_int_equal(r.recipients[2].attempts, 1);
	assert_view(r.recipients[2].reply, "451 later");
	assert_true(r.recipients[2].not_before > clock_wall() + 200);
	assert_int_equal(r.recipients[3].state, RECORD_FAILED);
	assert_int_equal(r.recipients[3].action, ACTION_FAILED);
	assert_view(r.recipients[3].reply, "550 no such user");
	/* The sender is told, which relay is asked to do. */
	uint64_t notify = test_offered("@notify");
	assert_int_equal(test_take(notify, 5), 1);
	assert_int_equal(taker.messages[taker.message_count - 1].first, 3);
	assert_int_equal(taker.messages[taker.message_count - 1].action, ACTION_FAILED);
	assert_int_equal(test_tell(5, 3, ACTION_FAILED), 0);
	assert_int_equal(taker.notes[NOTE_NOTIFIED], 1);
	assert_int_equal(test_take(notify, 5), 0);
	test_rest(notify, REST_EMPTY, 0);
	test_rest(a, REST_EMPTY, 0);
	test_rest(b, REST_EMPTY, 0);
	test_rest(d, REST_EMPTY, 0);
	assert_int_equal(test_count('D'), 1);
	/* The deferred one comes back in its time, not before. */
	test_forget();
	test_settle();
	assert_int_equal(taker.offer_count, 0);
	test_clock(400);
	test_settle();
	b = test_offered("b.example");
	assert_int_equal(test_take(b, 5), 1);
	assert_int_equal(taker.messages[0].recipients, 1);
	assert_int_equal(taker.messages[0].attempts, 1);
	test_outcome(b, "000000000005", 2, QUEUE_RELAYED, "250");
	test_rest(b, REST_EMPTY, 0);
	assert_int_equal(
	    test_count('Q') + test_count('W') + test_count('E') + test_count('D') + test_count('T'), 0);
}

static void test_nothing_is_told_to_nobody(void **state)
{
	struct record_recipient p = test_recipient("a@a.example", "a.example");
	(void)state;
	assert_int_equal(test_add(1, "", "x", &p, 1), 0);
	p.notify = NOTIFY_NEVER;
	assert_int_equal(test_add(2, "s@example.com", "x", &p, 1), 0);
	queue_credit(queue, 10);
	test_settle();
	uint64_t a = test_offered("a.example");
	assert_int_equal(test_take(a, 5), 2);
	test_outcome(a, "000000000001", 0, QUEUE_FAILED, "550");
	test_outcome(a, "000000000002", 0, QUEUE_FAILED, "550");
	test_settle();
	assert_int_equal(test_count('Q'), 0);
	assert_int_equal(taker.notes[NOTE_FAILED], 2);
	assert_int_equal(taker.offer_count, 1);
}

static void test_priority_then_age(void **state)
{
	static const int8_t priorities[] = {0, 9, 0, -9, 3};
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct record_recipient p = test_recipient("a@a.example", "a.example");
		struct queue_record r = {.terms.sender = VIEW("s@example.com"),
		    .terms.priority = priorities[i],
		    .recipients = &p,
		    .count = 1,
		    .arrived = clock_wall() - (int64_t)i};
		assert_int_equal(test_add_record(i, &r, "x"), 0);
	}
	queue_credit(queue, 1);
	test_settle();
	assert_int_equal(test_take(test_offered("a.example"), 3), 3);
	assert_true(taker.taken_more);
	assert_int_equal(test_take(test_offered("a.example"), 3), 2);
	assert_false(taker.taken_more);
	static const char *const order[] = {
	    "000000000001", "000000000004", "000000000002", "000000000000", "000000000003"};
	for (unsigned i = 0; i < 5; i++)
		assert_string_equal(taker.messages[i].id, order[i]);
}

static void test_order_holds_across_shards(void **state)
{
	char first[40];
	(void)state;
	/* The first recipient decides the shard, so the second one's destination is everywhere. */
	for (unsigned i = 0; i < 40; i++) {
		snprintf(first, sizeof first, "d%u.example", i);
		struct record_recipient p[2] = {
		    test_recipient("a@d.example", first), test_recipient("b@x.example", "x.example")};
		struct queue_record r = {.terms.sender = VIEW("s@example.com"),
		    .terms.priority = i % 2 ? 9 : 0,
		    .recipients = p,
		    .count = 2,
		    .arrived = clock_wall() - 100 + i};
		assert_int_equal(test_add_record(i, &r, "body"), 0);
	}
	queue_credit(queue, 100);
	test_settle();
	assert_int_equal(taker.offer_count, 41);
	uint64_t x = test_offered("x.example");
	assert_int_equal(test_take(x, 7), 7);
	assert_true(taker.taken_more);
	while (test_take(x, 7) > 0)
		;
	assert_int_equal(taker.message_count, 40);
	for (unsigned i = 0; i < 40; i++) {
		unsigned expected = i < 20 ? 2 * i + 1 : 2 * (i - 20);
		assert_int_equal(atoi(taker.messages[i].id), expected);
		assert_string_equal(taker.messages[i].body, "body");
		assert_int_equal(taker.messages[i].first, 1);
	}
	for (unsigned i = 0; i < 40; i++)
		test_outcome(x, taker.messages[i].id, 1, QUEUE_RELAYED, "250");
	test_rest(x, REST_EMPTY, 0);
	assert_int_equal(test_count('D'), 40);
	assert_int_equal(test_count('W'), 40);
}

static void test_a_failing_destination_backs_off(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(test_add_to(i, "dead.example"), 0);
	queue_credit(queue, 3);
	int64_t ahead = 0;
	for (uint32_t failures = 0; failures < 4; failures++) {
		test_forget();
		test_settle();
		assert_int_equal(taker.offer_count, 1);
		assert_int_equal(taker.offers[0].failures, failures);
		assert_false(taker.offers[0].asked);
		queue_credit(queue, 1);
		test_rest(taker.offers[0].number, REST_FAILED, 0);
		/* New mail does not wake it. */
		assert_int_equal(test_add_to(100 + failures, "dead.example"), 0);
		test_settle();
		assert_int_equal(taker.offer_count, 1);
		ahead += (int64_t)(300 << failures) * 3 / 4 - 5;
		test_clock(ahead);
		test_settle();
		assert_int_equal(taker.offer_count, 1);
		ahead += (int64_t)(300 << failures) / 4 + 5;
		test_clock(ahead);
	}
	test_forget();
	test_settle();
	assert_int_equal(taker.offer_count, 1);
	/* The messages have not been touched. */
	struct queue_record r;
	assert_true(test_record(7, &r));
	assert_int_equal(r.recipients[0].attempts, 0);
	/* It lives again: its failures are forgotten. */
	assert_int_equal(test_take(taker.offers[0].number, 100), 54);
	test_outcome(taker.offers[0].number, "000000000007", 0, QUEUE_RELAYED, "250");
	test_rest(taker.offers[0].number, REST_EMPTY, 0);
	queue_credit(queue, 1);
	test_forget();
	test_settle();
	assert_int_equal(taker.offers[0].failures, 0);
}

static int run_retry(struct spool *s, struct queue_item *item)
{
	const struct change_order order = {.kind = CHANGE_RETRY, .by = VIEW("root")};
	struct queue_id id = test_id(1);
	bool changed;
	unsigned shard;
	(void)item;
	int error = spool_find(s, &id, &shard);
	return error ? error : change_ordered(s, shard, &id, &order, &changed);
}

static void retry_done(struct queue *q, struct queue_item *item, int result)
{
	(void)q;
	(void)item;
	assert_int_equal(result, 0);
}

/* Whoever takes it is told, and tries hosts that it has found dead. */
static void test_an_attempt_is_asked_for(void **state)
{
	struct queue_item retry = {.run = run_retry, .done = retry_done};
	(void)state;
	assert_int_equal(test_add_to(1, "dead.example"), 0);
	queue_credit(queue, 2);
	test_settle();
	assert_int_equal(taker.offer_count, 1);
	test_rest(taker.offers[0].number, REST_FAILED, 0);
	test_forget();
	test_settle();
	assert_int_equal(taker.offer_count, 0);
	queue_submit(queue, &retry);
	test_settle();
	assert_int_equal(taker.offer_count, 1);
	assert_int_equal(taker.offers[0].failures, 1);
	assert_true(taker.offers[0].asked);
}

static void test_a_dead_destination_fails_as_a_whole(void **state)
{
	struct record_recipient p[2] = {
	    test_recipient("a@gone.example", "gone.example"), test_recipient("b@b.example", "b.example")};
	(void)state;
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(test_add_to(i, "gone.example"), 0);
	assert_int_equal(test_add(500, "s@example.com", "x", p, 2), 0);
	struct queue_record later = {.terms.sender = VIEW("s@example.com"),
	    .terms.hold_until = clock_wall() + 1000,
	    .recipients = p,
	    .count = 1};
	assert_int_equal(test_add_record(501, &later, "x"), 0);
	queue_credit(queue, 10);
	test_settle();
	uint64_t gone = test_offered("gone.example");
	assert_int_equal(test_take(gone, 20), 20);
	test_rest(gone, REST_DEAD, 0);
	assert_int_equal(taker.notes[NOTE_FAILED], 201);
	struct queue_record r;
	assert_true(test_record(500, &r));
	assert_int_equal(r.recipients[0].action, ACTION_FAILED);
	assert_view(r.recipients[0].reply, "no such domain");
	assert_view(r.recipients[0].status, "5.1.2");
	assert_int_equal(r.recipients[1].state, RECORD_WAITING);
	assert_true(test_record(501, &r));
	assert_int_equal(r.recipients[0].state, RECORD_WAITING);
	test_offered("@notify");
	assert_int_equal(test_count('W'), 201 + 1 + 1);
}

static void test_the_taker_goes_away(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(test_add_to(i, "a.example"), 0);
	queue_credit(queue, 5);
	test_settle();
	uint64_t a = test_offered("a.example");
	assert_int_equal(test_take(a, 5), 5);
	/* An outcome that was said counts, also when it is not on the disk yet. */
	test_outcome(a, taker.messages[0].id, 0, QUEUE_RELAYED, "250");
	queue_lost(queue);
	test_settle();
	struct queue_figures f;
	queue_figures(queue, &f);
	assert_true(f.leases == 0 && f.destinations == 0 && f.credit == 0);
	assert_int_equal(test_count('Q'), 9);
	assert_int_equal(queue_take(queue, 7, a, 5, 1), -ENOENT);
	test_forget();
	queue_credit(queue, 5);
	test_settle();
	uint64_t again = test_offered("a.example");
	assert_true(again != a);
	assert_int_equal(test_take(again, 100), 9);
}

static void test_new_mail_for_an_active_destination(void **state)
{
	(void)state;
	assert_int_equal(test_add_to(1, "a.example"), 0);
	queue_credit(queue, 5);
	test_settle();
	uint64_t a = test_offered("a.example");
	assert_int_equal(test_take(a, 5), 1);
	assert_int_equal(test_add_to(2, "a.example"), 0);
	assert_int_equal(test_add_to(3, "a.example"), 0);
	assert_int_equal(taker.more_count, 1); /* once until the next take */
	assert_int_equal(test_take(a, 5), 2);
	assert_int_equal(test_add_to(4, "a.example"), 0);
	assert_int_equal(taker.more_count, 2);
	/* It is given back while mail waits: offered again at once. */
	test_forget();
	test_rest(a, REST_EMPTY, 0);
	assert_int_equal(taker.offer_count, 1);
	/* All four: what was given out and not decided has come back with it. */
	assert_int_equal(test_take(taker.offers[0].number, 5), 4);
}

static void test_later(void **state)
{
	(void)state;
	assert_int_equal(test_add_to(1, "a.example"), 0);
	queue_credit(queue, 5);
	test_settle();
	test_rest(test_offered("a.example"), REST_LATER, 40);
	test_forget();
	test_clock(30);
	test_settle();
	assert_int_equal(taker.offer_count, 0);
	test_clock(42);
	test_settle();
	assert_int_equal(taker.offer_count, 1);
	assert_int_equal(taker.offers[0].failures, 0);
}

static void test_a_delay_is_told_and_the_end_comes(void **state)
{
	(void)state;
	assert_int_equal(test_add_to(1, "slow.example"), 0);
	queue_credit(queue, 5);
	test_settle();
	test_rest(test_offered("slow.example"), REST_FAILED, 0);
	test_clock(4 * 3600 - 10);
	test_settle();
	assert_int_equal(taker.notes[NOTE_DELAYED], 0);
	test_clock(4 * 3600 + 10);
	test_settle();
	assert_int_equal(taker.notes[NOTE_DELAYED], 1);
	struct queue_record r;
	assert_true(test_record(1, &r));
	assert_int_equal(r.recipients[0].action, ACTION_DELAYED);
	assert_view(r.recipients[0].reply, "no such domain"); /* why, as far as is known */
	uint64_t notify = test_offered("@notify");
	assert_int_equal(test_take(notify, 5), 1);
	assert_int_equal(test_tell(1, 0, ACTION_DELAYED), 0);
	test_rest(notify, REST_EMPTY, 0);
	test_clock(2 * 86400);
	test_settle();
	assert_int_equal(taker.notes[NOTE_DELAYED], 1); /* once */
	test_clock(5 * 86400 + 10);
	test_settle();
	assert_int_equal(taker.notes[NOTE_EXPIRED], 1);
	assert_true(test_record(1, &r));
	assert_int_equal(r.recipients[0].state, RECORD_FAILED);
	assert_int_equal(r.recipients[0].action, ACTION_FAILED);
	assert_view(r.recipients[0].status, "4.4.7");
	assert_int_equal(test_tell(1, 0, ACTION_FAILED), 0);
	test_settle();
	assert_int_equal(test_count('Q') + test_count('W') + test_count('E'), 0);
}

static void test_an_event_waits_for_the_outcome(void **state)
{
	(void)state;
	assert_int_equal(test_add_to(1, "a.example"), 0);
	queue_credit(queue, 5);
	test_settle();
	uint64_t a = test_offered("a.example");
	assert_int_equal(test_take(a, 5), 1);
	test_clock(5 * 86400 + 10);
	test_settle();
	assert_int_equal(taker.notes[NOTE_EXPIRED], 0);
	test_outcome(a, "000000000001", 0, QUEUE_RELAYED, "250");
	test_settle();
	assert_int_equal(taker.notes[NOTE_EXPIRED], 0);
	assert_int_equal(test_count('Q'), 0);
	/* Deferred, it is over at once. */
	test_clock(0);
	assert_int_equal(test_add_to(2, "a.example"), 0);
	assert_int_equal(test_take(a, 5), 1);
	test_clock(5 * 86400 + 10);
	test_outcome(a, "000000000002", 0, QUEUE_DEFERRED, "451 still not");
	test_settle();
	assert_int_equal(taker.notes[NOTE_EXPIRED], 1);
	assert_string_equal(taker.last_reply, "451 still not");
}

static void test_deliver_by(void **state)
{
	struct record_recipient p = test_recipient("a@a.example", "a.example");
	struct queue_record r = {.terms.sender = VIEW("s@example.com"),
	    .terms.by_time = clock_wall() + 100,
	    .terms.by_mode = SMTP_BY_RETURN,
	    .recipients = &p,
	    .count = 1};
	(void)state;
	assert_int_equal(test_add_record(1, &r, "x"), 0);
	r.terms.by_mode = SMTP_BY_NOTIFY;
	p.notify = NOTIFY_FAILURE;
	assert_int_equal(test_add_record(2, &r, "x"), 0);
	test_settle();
	assert_int_equal(taker.notes[NOTE_EXPIRED] + taker.notes[NOTE_DELAYED], 0);
	test_clock(101);
	test_settle();
	assert_int_equal(taker.notes[NOTE_EXPIRED], 1);
	assert_int_equal(taker.notes[NOTE_DELAYED], 1);
	assert_true(test_record(1, &r));
	assert_view(r.recipients[0].status, "5.4.7");
	assert_int_equal(r.recipients[0].action, ACTION_FAILED);
	assert_true(test_record(2, &r));
	assert_int_equal(r.recipients[0].state, RECORD_WAITING);
	assert_int_equal(r.recipients[0].action, ACTION_DELAYED);
}

static void test_held_until_a_time(void **state)
{
	struct record_recipient p[2] = {test_recipient("a@a.example", "a.example"),
	    {.local = true, .address = VIEW("b@here.example"), .account = 5}};
	struct queue_record r = {.terms.sender = VIEW("s@example.com"),
	    .terms.hold_until = clock_wall() + 3600,
	    .recipients = p,
	    .count = 2};
	(void)state;
	queue_credit(queue, 5);
	assert_int_equal(test_add_record(1, &r, "x"), 0);
	test_settle();
	assert_int_equal(taker.offer_count, 0);
	test_clock(3601);
	test_settle();
	assert_int_equal(taker.offer_count, 2);
	uint64_t local = test_offered("@local");
	struct queue_figures f;
	queue_figures(queue, &f);
	assert_int_equal(f.credit, 4);
	assert_int_equal(test_take(local, 5), 1);
	assert_int_equal(taker.messages[0].first, 1);
	test_outcome(local, "000000000001", 1, QUEUE_DELIVERED, "");
	test_rest(local, REST_EMPTY, 0);
	assert_int_equal(taker.notes[NOTE_DELIVERED], 1);
	/* Its days begin with the release. */
	assert_true(test_record(1, &r));
	assert_int_equal(r.expires, r.terms.hold_until + 5 * 86400);
}

static void test_a_restart_forgets_nothing(void **state)
{
	(void)state;
	assert_int_equal(test_add_to(1, "a.example"), 0);
	assert_int_equal(test_add_to(2, "a.example"), 0);
	assert_int_equal(test_add_to(3, "b.example"), 0);
	queue_credit(queue, 5);
	test_settle();
	assert_int_equal(test_take(test_offered("a.example"), 1), 1);
	test_outcome(test_offered("a.example"), taker.messages[0].id, 0, QUEUE_RELAYED, "250");
	test_rest(test_offered("b.example"), REST_FAILED, 0);
	test_queue_restart();
	queue_credit(queue, 5);
	test_settle();
	assert_int_equal(taker.offer_count, 1);
	assert_int_equal(test_take(test_offered("a.example"), 5), 1);
	test_clock(301);
	test_settle();
	assert_int_equal(taker.offer_count, 2);
	assert_int_equal(taker.offers[1].failures, 1);
}

/* What the taker was told before the restart counts, though its number is another's now, and the message is
 * with the mailboxes here. */
static void test_an_outcome_outlives_a_restart(void **state)
{
	struct record_recipient p[2] = {test_recipient("a@a.example", "a.example"),
	    {.local = true, .address = VIEW("b@here.example"), .account = 5}};
	struct queue_record r = {.terms.sender = VIEW("s@example.com"),
	    .terms.hold_until = clock_wall() + 3600,
	    .recipients = p,
	    .count = 2};
	struct change_result result = {.recipient = 0, .verdict = QUEUE_RELAYED, .reply = VIEW("250 ok")};
	struct change_outcome o = {.results = &result, .count = 1, .ticket = 77};
	(void)state;
	assert_int_equal(test_add_record(1, &r, "x"), 0);
	test_clock(3601);
	test_settle();
	uint64_t local = test_offered("@local");
	for (unsigned restarts = 0; restarts < 2; restarts++) {
		test_queue_restart(); /* the clock is right again */
		test_clock(3601);
		test_settle();
		assert_int_equal(test_offered("@local"), local);
		assert_int_equal(test_take(local, 5), 1);
		/* The number of before is another one's, or nobody's. */
		result.verdict = restarts ? QUEUE_RELAYED : QUEUE_DEFERRED;
		assert_int_equal(
		    queue_outcome(queue, restarts ? local + 5 : local, VIEW("000000000001"), &o), 0);
		test_settle();
		assert_true(test_record(1, &r));
		assert_int_equal(r.recipients[0].state, restarts ? RECORD_RELAYED : RECORD_WAITING);
		assert_int_equal(r.recipients[0].attempts, 1 + restarts);
	}
	/* The mailbox' own turn goes on. */
	test_outcome(local, "000000000001", 1, QUEUE_DELIVERED, "");
	test_settle();
	assert_int_equal(test_count('Q'), 0);
	/* With a taker of this time, it says nothing new. */
	assert_int_equal(test_add_to(2, "b.example"), 0);
	queue_credit(queue, 5);
	test_settle();
	assert_int_equal(test_take(test_offered("b.example"), 5), 1);
	assert_int_equal(queue_outcome(queue, 99, VIEW("000000000002"), &o), 0);
	test_settle();
	assert_int_equal(test_count('Q'), 1);
}

static void test_credit_and_age(void **state)
{
	char name[40];
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "d%u.example", i);
		test_clock((int64_t)i * 100);
		assert_int_equal(test_add_to(i, name), 0);
	}
	queue_credit(queue, 10);
	test_settle();
	assert_int_equal(taker.offer_count, 10); /* those that have been due for longest */
	for (unsigned i = 0; i < 10; i++) {
		snprintf(name, sizeof name, "d%u.example", i);
		test_offered(name);
	}
	queue_credit(queue, 1000);
	test_settle();
	assert_int_equal(taker.offer_count, 100);
	queue_credit(queue, 1000);
	test_settle();
	assert_int_equal(taker.offer_count, 100);
}

static void test_large_bodies_are_read_in_parts(void **state)
{
	static char body[QUEUE_WHOLE_MAX + 100];
	struct record_recipient p = test_recipient("a@a.example", "a.example");
	(void)state;
	memset(body, 'b', sizeof body - 1);
	memcpy(body + 70, "0123456789", 10);
	assert_int_equal(test_add(1, "s@example.com", body, &p, 1), 0);
	queue_credit(queue, 1);
	test_settle();
	queue_read(queue, 7, VIEW("000000000001"), 70, 10);
	assert_int_equal(taker.data_error, -ENOENT); /* nobody has it */
	assert_int_equal(test_take(test_offered("a.example"), 1), 1);
	assert_int_equal(taker.messages[0].body_len, 0);
	queue_read(queue, 7, VIEW("000000000001"), 70, 10);
	test_settle();
	assert_int_equal(taker.data_error, 0);
	assert_string_equal(taker.data, "0123456789");
	queue_read(queue, 7, VIEW("000000000001"), sizeof body - 2, 2);
	assert_int_equal(taker.data_error, -ERANGE);
}

static void test_budget(void **state)
{
	static char body[30001];
	struct record_recipient p = test_recipient("a@a.example", "a.example");
	(void)state;
	memset(body, 'b', sizeof body - 1);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(test_add(i, "s@example.com", body, &p, 1), 0);
	queue_credit(queue, 1);
	test_settle();
	assert_int_equal(test_take(test_offered("a.example"), 10), 3);
	assert_true(taker.taken_more);
	assert_int_equal(test_take(test_offered("a.example"), 10), 3);
	taker.full = true; /* the taker reads too slowly */
	assert_int_equal(test_take(test_offered("a.example"), 10), 0);
	taker.full = false;
	queue_work(queue);
	test_settle();
	assert_int_equal(taker.message_count, 9);
}

#define BOTH(test)                                                                                           \
	cmocka_unit_test_setup_teardown(test, test_queue_memory, test_queue_close),                          \
	    cmocka_unit_test_setup_teardown(test, test_queue_embedded, test_queue_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH(test_a_message_goes_out),
	    BOTH(test_the_same_id_twice_is_one_message),
	    BOTH(test_recipients_have_their_own_fate),
	    BOTH(test_nothing_is_told_to_nobody),
	    BOTH(test_priority_then_age),
	    BOTH(test_order_holds_across_shards),
	    BOTH(test_a_failing_destination_backs_off),
	    BOTH(test_an_attempt_is_asked_for),
	    BOTH(test_a_dead_destination_fails_as_a_whole),
	    BOTH(test_the_taker_goes_away),
	    BOTH(test_new_mail_for_an_active_destination),
	    BOTH(test_later),
	    BOTH(test_a_delay_is_told_and_the_end_comes),
	    BOTH(test_an_event_waits_for_the_outcome),
	    BOTH(test_deliver_by),
	    BOTH(test_held_until_a_time),
	    BOTH(test_a_restart_forgets_nothing),
	    BOTH(test_an_outcome_outlives_a_restart),
	    BOTH(test_credit_and_age),
	    BOTH(test_large_bodies_are_read_in_parts),
	    BOTH(test_budget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
