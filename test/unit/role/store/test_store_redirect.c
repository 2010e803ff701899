/* How much the rules of an account send on: the limit of an hour, counted by the commits that send. */
#include "mail_world.h"

#include "../../account/support.h"
#include "../../unit.h"
#include "account/sent_on.h"
#include "role/store/store_redirect.h"

enum { NOW = 1700000000, HOUR = ACCOUNT_SENT_ON_HOUR, LIMIT = STORE_REDIRECTS_AN_HOUR };

/* A delivery whose rules redirect once or more. */
struct delivery {
	struct redirects redirects;
	struct redirect each[3];
	struct message_rules_action action;
	struct arena arena;
	struct store_commit commit;
	bool found, committed;
};

static uint64_t message; /* the last one: each has another id */

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	mail_world_account(1);
	mail_world_account(2);
	return 0;
}

static int end(void **state)
{
	(void)state;
	mail_world_end();
	return 0;
}

static void was_found(struct redirects *r)
{
	struct delivery *d = r->arg;
	d->found = true;
}

static void look(struct delivery *d, unsigned account, int64_t now, size_t count)
{
	static const struct queue_record record;
	*d = (struct delivery){.action = {.kind = RULES_REDIRECT, .target = VIEW("friend@far.test")}};
	arena_init(&d->arena, 1 << 20);
	d->redirects = (struct redirects){.arena = &d->arena,
	    .first = &d->each[0],
	    .record = &record,
	    .message_id_hash = ++message,
	    .now = now,
	    .done = was_found,
	    .arg = d};
	for (size_t i = 0; i < count; i++)
		d->each[i] = (struct redirect){.next = i + 1 < count ? &d->each[i + 1] : NULL,
		    .account = test_account(account),
		    .forwarder = VIEW("alice@example.test"),
		    .action = &d->action};
	redirects_find(&d->redirects);
	test_wait(store_role.store, &d->found);
}

static int run(struct txn *t, void *arg)
{
	struct delivery *d = arg;
	return redirects_run(t, &d->redirects);
}

static void committed(struct store_commit *c, int result)
{
	struct delivery *d = c->arg;
	assert_int_equal(result, 0);
	redirects_done(&d->redirects, result, VIEW(""));
	d->committed = true;
}

static void done(struct delivery *d)
{
	redirects_free(&d->redirects);
	arena_done(&d->arena);
}

/* Without the records of the queue, which has tests of its own. */
static void commit(struct delivery *d)
{
	d->redirects.record_count = 0;
	d->commit = (struct store_commit){.run = run, .arg = d, .done = committed};
	store_commit(store_role.store, &d->commit);
	test_wait(store_role.store, &d->committed);
	done(d);
}

static enum redirect_fate deliver(unsigned account, int64_t now)
{
	struct delivery d;
	look(&d, account, now, 1);
	enum redirect_fate fate = d.each[0].fate;
	commit(&d);
	return fate;
}

/* All that the hour allows, but `less`. */
static void use_up(int64_t now, unsigned less)
{
	for (unsigned i = less; i < LIMIT; i++)
		assert_int_equal(deliver(1, now), REDIRECT_GOES);
}

static void test_an_hour_has_a_limit(void **state)
{
	(void)state;
	use_up(NOW, 0);
	assert_int_equal(deliver(1, NOW), REDIRECT_TOO_OFTEN);
	assert_non_null(redirect_why_not(REDIRECT_TOO_OFTEN));
	assert_int_equal(deliver(2, NOW), REDIRECT_GOES); /* others have hours of their own */
	assert_int_equal(deliver(1, NOW + HOUR - 1), REDIRECT_TOO_OFTEN);
	assert_int_equal(deliver(1, NOW + HOUR), REDIRECT_GOES);
	/* The new hour allows as much, no more and no less. */
	use_up(NOW + HOUR, 1);
	assert_int_equal(deliver(1, NOW + HOUR), REDIRECT_TOO_OFTEN);
}

static void test_each_redirect_of_a_delivery_counts(void **state)
{
	struct delivery d;
	(void)state;
	use_up(NOW, 2);
	look(&d, 1, NOW, 3);
	assert_int_equal(d.each[0].fate, REDIRECT_GOES);
	assert_int_equal(d.each[1].fate, REDIRECT_GOES);
	assert_int_equal(d.each[2].fate, REDIRECT_TOO_OFTEN);
	commit(&d);
	assert_int_equal(deliver(1, NOW), REDIRECT_TOO_OFTEN);
}

/* Two that are under way at a time do not both take what is left; one that is given up leaves it. */
static void test_deliveries_side_by_side(void **state)
{
	struct delivery one, two;
	(void)state;
	use_up(NOW, 1);
	look(&one, 1, NOW, 1);
	look(&two, 1, NOW, 1);
	assert_int_equal(one.each[0].fate, REDIRECT_GOES);
	assert_int_equal(two.each[0].fate, REDIRECT_TOO_OFTEN);
	done(&one);
	done(&two);
	assert_int_equal(deliver(1, NOW), REDIRECT_GOES);
	assert_int_equal(deliver(1, NOW), REDIRECT_TOO_OFTEN);
}

/* A clock that was wrong must not stop redirects for longer than an hour. */
static void test_a_clock_that_was_set_back(void **state)
{
	(void)state;
	use_up(NOW + 400 * HOUR, 0);
	assert_int_equal(deliver(1, NOW + 400 * HOUR), REDIRECT_TOO_OFTEN);
	assert_int_equal(deliver(1, NOW), REDIRECT_GOES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_an_hour_has_a_limit, begin, end),
	    cmocka_unit_test_setup_teardown(test_each_redirect_of_a_delivery_counts, begin, end),
	    cmocka_unit_test_setup_teardown(test_deliveries_side_by_side, begin, end),
	    cmocka_unit_test_setup_teardown(test_a_clock_that_was_set_back, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
