/*
 * Random work on the queue, on both engines and over a store that fails: whatever happens, each recipient's
 * message is sent until its outcome is known and never after, the sender is told once of what he wants to
 * know, and the entries fit together.
 */
#include <errno.h>
#include <stdio.h>

#include "audit.h"
#include "support.h"

#include "base/clock.h"

enum { MESSAGES = 120, RECIPIENTS = 4, DOMAINS = 6 };

static uint32_t seed;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % sides;
}

/* What must be true of a recipient. */
struct model_recipient {
	bool ended; /* an outcome that ends it was said */
	bool failed;
	unsigned told, maybe_told; /* maybe: the answer was an error, which may have been a lie */
};

static struct model_message {
	size_t count;
	bool null_sender;
	struct model_recipient recipients[RECIPIENTS];
} model[MESSAGES];
static size_t added;

static void audit(const char *when)
{
	char problem[300];
	size_t messages;
	if (!queue_audit(queue_store(queue), false, &messages, NULL, problem))
		fail_msg("%s (seed %u): %s", when, seed, problem);
}

static void add_one(void)
{
	static const char *const names[DOMAINS] = {
	    "a.example", "b.example", "c.example", "d.example", "[192.0.2.1]", "x.y.z.example"};
	struct record_recipient p[RECIPIENTS];
	unsigned number = (unsigned)added;
	struct model_message *m = &model[number];
	if (added == MESSAGES)
		return;
	*m = (struct model_message){.count = 1 + dice(RECIPIENTS), .null_sender = dice(5) == 0};
	for (size_t i = 0; i < m->count; i++)
		p[i] = test_recipient("r@example.org", names[dice(DOMAINS)]);
	struct queue_record r = {.terms.sender = m->null_sender ? (struct view){0} : VIEW("s@example.com"),
	    .terms.priority = (int64_t)dice(19) + SMTP_PRIORITY_MIN,
	    .recipients = p,
	    .count = m->count};
	/* A store that fails or loses the answer is asked again with the same id. */
	for (int i = 0; i < 5 && test_add_record(number, &r, "body") != 0; i++)
		;
	added++;
}

static unsigned number_of(const char *id)
{
	return (unsigned)strtoul(id, NULL, 10);
}

static void tell(struct model_message *m, unsigned number, uint32_t recipient, enum queue_action action)
{
	if (test_tell(number, recipient, action) == 0)
		m->recipients[recipient].told += action == ACTION_FAILED;
	else
		m->recipients[recipient].maybe_told++;
}

/* The taker says something of what it was given last. */
static void say(uint64_t number, const struct test_message *t, bool notify)
{
	struct model_message *m = &model[number_of(t->id)];
	if (dice(6) == 0)
		return; /* it keeps it until it rests or is gone */
	if (notify) {
		for (size_t i = 0; i < m->count; i++) {
			struct queue_record r;
			if (!test_record(number_of(t->id), &r) || r.recipients[i].action == ACTION_NONE)
				continue;
			enum queue_action action = r.recipients[i].action;
			assert_false(m->null_sender);
			if (dice(4) == 0) {
				test_outcome(number, t->id, (uint32_t)i, QUEUE_DEFERRED, "later");
				return;
			}
			tell(m, number_of(t->id), (uint32_t)i, action);
			return;
		}
		return;
	}
	struct model_recipient *r = &m->recipients[t->first];
	/* Never sent again when its end was said. */
	assert_false(r->ended);
	switch (dice(4)) {
	case 0:
		test_outcome(number, t->id, t->first, QUEUE_DEFERRED, "451 not now");
		break;
	case 1:
		test_outcome(number, t->id, t->first, QUEUE_FAILED, "550 no");
		r->ended = r->failed = true;
		break;
	case 2:
		test_outcome(number, t->id, t->first, QUEUE_UNTRIED, "");
		break;
	default:
		test_outcome(number, t->id, t->first, QUEUE_RELAYED, "250 ok");
		r->ended = true;
	}
}

static bool is_notify(uint64_t number)
{
	for (size_t i = 0; i < taker.offer_count; i++)
		if (taker.offers[i].number == number)
			return strcmp(taker.offers[i].name, "@notify") == 0;
	return false;
}

static uint64_t open_offers[100];
static size_t open_count, known;

static void note_offers(void)
{
	while (known < taker.offer_count && open_count < 100)
		open_offers[open_count++] = taker.offers[known++].number;
}

static void work_one(void)
{
	note_offers();
	if (open_count == 0)
		return;
	size_t k = dice((uint32_t)open_count);
	uint64_t number = open_offers[k];
	size_t before = taker.message_count;
	if (queue_take(queue, 7, number, 1 + dice(5), 5000) != 0)
		return;
	test_settle();
	for (size_t i = before; i < taker.message_count; i++)
		say(number, &taker.messages[i], is_notify(number));
	if (dice(3) > 0)
		return;
	static const enum queue_rest how[] = {REST_EMPTY, REST_EMPTY, REST_LATER, REST_FAILED};
	struct spool_rest rest = {.how = how[dice(4)], .seconds = 30, .text = VIEW("connection refused")};
	assert_int_equal(queue_rest(queue, number, &rest), 0);
	open_offers[k] = open_offers[--open_count];
	test_settle();
	queue_credit(queue, 1);
}

static void lose_taker(void)
{
	test_settle();
	queue_lost(queue);
	open_count = known = 0;
	test_settle();
	test_forget();
	queue_credit(queue, 10);
	test_settle();
}

/* An administrator among it all; what he does ends nothing. */
struct order {
	struct queue_item item;
	struct queue_id id;
	struct change_order order;
	bool done;
};

static int run_order(struct spool *s, struct queue_item *item)
{
	struct order *o = (struct order *)item;
	bool changed;
	unsigned shard;
	int error = spool_find(s, &o->id, &shard);
	return error ? error == -ENOENT ? 0 : error : change_ordered(s, shard, &o->id, &o->order, &changed);
}

static void order_done(struct queue *q, struct queue_item *item, int result)
{
	(void)q;
	(void)result;
	((struct order *)item)->done = true;
}

static void order(unsigned number, enum change_kind kind)
{
	struct order o = {.item = {.run = run_order, .done = order_done},
	    .id = test_id(number),
	    .order = {.kind = kind,
	        .by = VIEW("root"),
	        .why = VIEW("why"),
	        .route = dice(2) ? VIEW("smtp:r.example") : (struct view){0}}};
	queue_submit(queue, &o.item);
	test_settle();
	assert_true(o.done);
}

static int64_t ahead;

static void step(void)
{
	uint32_t what = dice(20);
	if (what < 5) {
		add_one();
	} else if (what < 17) {
		work_one();
	} else if (what == 17 && added > 0) {
		static const enum change_kind kinds[] = {
		    CHANGE_HOLD, CHANGE_RELEASE, CHANGE_RELEASE, CHANGE_RETRY, CHANGE_ROUTE};
		order(dice((uint32_t)added), kinds[dice(5)]);
	} else if (what == 18) {
		ahead += dice(1000);
		test_clock(ahead);
	} else if (what == 19) {
		lose_taker();
	}
	if (taker.offer_count > TEST_MAX - 200 || taker.message_count > TEST_MAX - 200)
		lose_taker();
	test_settle();
}

/* Everything gets its end when every outcome is one. */
static void finish(void)
{
	for (size_t i = 0; i < added; i++)
		order((unsigned)i, CHANGE_RELEASE);
	for (int round = 0; round < 400; round++) {
		struct queue_figures f;
		note_offers();
		for (size_t k = 0; k < open_count; k++) {
			size_t before = taker.message_count;
			assert_int_equal(queue_take(queue, 7, open_offers[k], 100, 100000), 0);
			test_settle();
			for (size_t i = before; i < taker.message_count; i++) {
				struct test_message *t = &taker.messages[i];
				struct model_message *m = &model[number_of(t->id)];
				if (is_notify(open_offers[k])) {
					struct queue_record r;
					for (uint32_t n = 0;
					     n < m->count && test_record(number_of(t->id), &r); n++)
						if (r.recipients[n].action == ACTION_FAILED)
							tell(m, number_of(t->id), n, ACTION_FAILED);
				} else {
					assert_false(m->recipients[t->first].ended);
					test_outcome(open_offers[k], t->id, t->first, QUEUE_RELAYED, "250");
					m->recipients[t->first].ended = true;
				}
			}
			assert_int_equal(
			    queue_rest(queue, open_offers[k], &(struct spool_rest){.how = REST_EMPTY}), 0);
			test_settle();
		}
		open_count = 0;
		ahead += 20000;
		test_clock(ahead);
		lose_taker();
		queue_figures(queue, &f);
		if (test_count('Q') == 0 && f.leases == 0)
			break;
	}
	audit("at the end");
	assert_int_equal(test_count('Q'), 0);
	assert_int_equal(test_count('W'), 0);
	assert_int_equal(test_count('E'), 0);
	for (size_t i = 0; i < added; i++)
		for (size_t k = 0; k < model[i].count; k++) {
			const struct model_recipient *r = &model[i].recipients[k];
			assert_true(r->ended);
			assert_true(r->told <= 1 && (r->failed || r->told == 0));
			if (r->maybe_told == 0)
				assert_int_equal(r->told, r->failed && !model[i].null_sender);
		}
}

static void run(uint32_t first_seed, unsigned steps)
{
	/* Long enough that nothing expires: that has tests of its own. */
	seed = first_seed;
	added = open_count = known = 0;
	ahead = 0;
	memset(model, 0, sizeof model);
	struct queue_config patient = test_config;
	patient.give_up_seconds = INT64_C(1) << 40;
	patient.warn_seconds = 0;
	queue_set_config(queue, &patient);
	queue_credit(queue, 10);
	for (unsigned i = 0; i < steps; i++) {
		step();
		if (i % 20 == 0)
			audit("on the way");
	}
	finish();
}

static void test_random_work(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 25; i++)
		run(i * 77777, 400);
}

static void test_random_work_embedded(void **state)
{
	(void)state;
	run(4242, 400);
	run(242, 400);
}

/* The n-th operation fails, or its answer is lost; what was said then still holds. */
static void fail_at_each(enum store_fault fault, int error)
{
	for (unsigned n = 1; n < 300; n += 1 + n / 16) {
		test_queue_failing(NULL);
		queue_credit(queue, 10);
		added = open_count = known = 0;
		ahead = 0;
		seed = n * 31;
		memset(model, 0, sizeof model);
		struct queue_config patient = test_config;
		patient.give_up_seconds = INT64_C(1) << 40;
		patient.warn_seconds = 0;
		queue_set_config(queue, &patient);
		store_fail(queue_store(queue), fault, n, error);
		for (unsigned i = 0; i < 60; i++) {
			step();
			/* Kept outcomes come again after a second. */
			ahead += 2;
			test_clock(ahead);
		}
		store_fail(queue_store(queue), fault, 0, 0);
		finish();
		test_queue_close(NULL);
	}
}

static void test_commits_fail(void **state)
{
	(void)state;
	fail_at_each(STORE_FAULT_COMMIT, -ENOSPC);
	fail_at_each(STORE_FAULT_COMMIT, -EIO);
}

static void test_answers_are_lost(void **state)
{
	(void)state;
	fail_at_each(STORE_FAULT_COMMIT_LOST, -ETIMEDOUT);
}

static void test_reads_fail(void **state)
{
	(void)state;
	fail_at_each(STORE_FAULT_READ, -EIO);
	fail_at_each(STORE_FAULT_BLOB_READ, -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_random_work, test_queue_memory, test_queue_close),
	    cmocka_unit_test_setup_teardown(test_random_work_embedded, test_queue_embedded, test_queue_close),
	    cmocka_unit_test(test_commits_fail),
	    cmocka_unit_test(test_answers_are_lost),
	    cmocka_unit_test(test_reads_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
