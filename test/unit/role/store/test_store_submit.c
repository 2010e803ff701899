/* What becomes of a submission is told to it in the commit in which it happens: mail/submission.h. */
#include <errno.h>
#include <string.h>

#include "account/submissions.h"
#include "base/clock.h"
#include "queue_world.h"
#include "store/store_twins.h"

enum { RECIPIENTS = 2 };

#define ID "subm00000001"

static int begin(void **state)
{
	queue_world_store = store_failing;
	return prepare(state);
}

/* ---- a submission and its record ---- */

struct adding {
	struct spool spool;
	const char *destination;
	uint64_t number;
	bool without_record;
};

static int run_add(struct txn *t, void *arg)
{
	struct adding *a = arg;
	static const struct submission_recipient list[RECIPIENTS] = {
	    {.address = {"a@b.example", 11}, .delivered = SUBMISSION_QUEUED},
	    {.address = {"c@b.example", 11}, .delivered = SUBMISSION_QUEUED}};
	struct record_recipient to[RECIPIENTS] = {{.address = list[0].address}, {.address = list[1].address}};
	struct account_submission s = {.email = 1, .identity = 1, .recipients = RECIPIENTS};
	struct queue_record r = {.terms.sender = VIEW("s@here.example"),
	    .client = VIEW("test"),
	    .submitter = test_account(1),
	    .submission = 1,
	    .arrived = a->spool.now,
	    .shared = true,
	    .recipients = to,
	    .count = RECIPIENTS};
	struct queue_id id;
	memcpy(s.queue, ID, QUEUE_ID_SIZE);
	memcpy(id.text, ID, QUEUE_ID_SIZE);
	for (size_t i = 0; i < RECIPIENTS; i++)
		to[i].destination = view_from_string(a->destination);
	spool_begin(&a->spool, t);
	int error = a->without_record ? 0 : change_add(&a->spool, queue_home(to[0].destination), &id, &r);
	if (error == 0)
		error = account_submission_add(t, test_account(1), a->spool.now, 0, &s, list);
	a->number = s.number;
	return error;
}

static void submit(const char *destination)
{
	struct adding a = {.destination = destination, .without_record = destination == NULL};
	spool_init(&a.spool, queue_config(store_role.queue), clock_wall());
	assert_int_equal(test_commit(store_role.store, run_add, &a), 0);
	assert_int_equal(a.number, 1);
	queue_take_effects(store_role.queue, &a.spool);
	spool_done(&a.spool);
	turn();
}

/* ---- what is known of it ---- */

static bool known;
static struct account_submissions all;

static void listed(struct account_submissions *s, int result)
{
	(void)s;
	assert_int_equal(result, 0);
	known = true;
}

static void expect(enum submission_undo undo, enum submission_delivered first,
    enum submission_delivered second, const char *reply)
{
	struct submission_recipient r;
	all = (struct account_submissions){.shard = test_account(1), .with_recipients = true, .done = listed};
	known = false;
	account_submissions(&store_role.accounts, &all);
	while (!known)
		turn();
	assert_int_equal(all.count, 1);
	assert_int_equal(all.list[0].undo, undo);
	struct cursor in = cursor_on(all.recipients[0]);
	assert_true(submission_recipient_get(&in, &r));
	assert_int_equal(r.delivered, first);
	assert_true(view_equal(r.reply, view_from_string(reply)));
	assert_true(submission_recipient_get(&in, &r));
	assert_int_equal(r.delivered, second);
	account_submissions_free(&all);
}

/* ---- the tests ---- */

/* Nothing is committed behind the outcome: what a crash there would leave is what is looked at. */
static void a_failure_is_told_in_its_commit(void **state)
{
	(void)state;
	submit("@submit");
	ready(10);
	take(offered("@submit"));
	expect(SUBMISSION_PENDING, SUBMISSION_QUEUED, SUBMISSION_QUEUED, "");
	store_fail(store_role.store, STORE_FAULT_COMMIT, 2, -EIO);
	outcome(offered("@submit"), ID, 0, QUEUE_FAILED, "550 5.7.1 not as this sender");
	turn_clock(0);
	expect(SUBMISSION_FINAL, SUBMISSION_NO, SUBMISSION_QUEUED, "550 5.7.1 not as this sender");
	store_fail(store_role.store, STORE_FAULT_COMMIT, 0, 0);
}

/* A commit that does not happen tells nothing; once it does, all of it is told. */
static void a_commit_that_fails_tells_nothing(void **state)
{
	(void)state;
	submit("b.example");
	ready(10);
	take(offered("b.example"));
	store_fail(store_role.store, STORE_FAULT_COMMIT, 1, -EIO);
	outcome(offered("b.example"), ID, 1, QUEUE_RELAYED, "250 2.0.0 thanks");
	while (store_fault_pending(store_role.store, STORE_FAULT_COMMIT))
		turn();
	/* It is tried again soon: that fails as well. */
	store_fail(store_role.store, STORE_FAULT_COMMIT, 1, -EIO);
	expect(SUBMISSION_PENDING, SUBMISSION_QUEUED, SUBMISSION_QUEUED, "");
	store_fail(store_role.store, STORE_FAULT_COMMIT, 0, 0);
}

static void deliveries_are_told_as_they_happen(void **state)
{
	(void)state;
	submit("b.example");
	ready(10);
	take(offered("b.example"));
	outcome(offered("b.example"), ID, 0, QUEUE_DEFERRED, "450 4.2.0 later");
	turn_clock(0);
	expect(SUBMISSION_FINAL, SUBMISSION_QUEUED, SUBMISSION_QUEUED, "450 4.2.0 later");
	rest(offered("b.example"), REST_EMPTY);
	/* It expires. */
	turn_clock(30 * 86400);
	turn_clock(30 * 86400);
	expect(SUBMISSION_FINAL, SUBMISSION_NO, SUBMISSION_NO, "450 4.2.0 later");
}

static bool healed;

static void on_healed(void)
{
	healed = true;
}

static void heal(void)
{
	healed = false;
	store_submit_heal(test_account(1), on_healed);
	while (!healed)
		turn();
}

static void what_lost_its_record_is_ended(void **state)
{
	(void)state;
	submit(NULL);
	heal();
	expect(SUBMISSION_FINAL, SUBMISSION_QUEUED, SUBMISSION_QUEUED, "");
	heal();
}

static void what_waits_stays_pending(void **state)
{
	(void)state;
	submit("@submit");
	heal();
	expect(SUBMISSION_PENDING, SUBMISSION_QUEUED, SUBMISSION_QUEUED, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_failure_is_told_in_its_commit, begin, clean_up),
	    cmocka_unit_test_setup_teardown(a_commit_that_fails_tells_nothing, begin, clean_up),
	    cmocka_unit_test_setup_teardown(deliveries_are_told_as_they_happen, begin, clean_up),
	    cmocka_unit_test_setup_teardown(what_lost_its_record_is_ended, begin, clean_up),
	    cmocka_unit_test_setup_teardown(what_waits_stays_pending, begin, clean_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
