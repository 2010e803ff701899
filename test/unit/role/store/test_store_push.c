/* See role/store/store_push.h: what a revocation takes, whatever store is doing when it comes. */
#include "role/store/store_push.h"

#include "account/push.h"
#include "base/clock.h"
#include "ledger/pushed.h"
#include "mail_seen.h"
#include "../../account/support.h"

enum { THIEF = 7, OWNER = 8 };

static uint64_t shard;

static int run_add(struct txn *t, void *arg)
{
	const uint64_t *session = arg;
	const struct account_push p = {.number = *session,
	    .session = *session,
	    .expires = clock_wall() + 1000,
	    .all_types = true,
	    .url = VIEW("https://push.example.test/a"),
	    .device = VIEW("d"),
	    .code = VIEW("abcdefghijklmnopqrstuvwxyz234567")};
	int error = account_push_add(t, shard, clock_wall(), &p);
	return error ? error : pushed_put(t, shard);
}

static int count(void *arg, const struct account_push *p)
{
	uint64_t *sessions = arg;
	*sessions = *sessions * 10 + p->session;
	return 0;
}

static int run_each(struct txn *t, void *arg)
{
	uint64_t *sessions = arg;
	*sessions = 0;
	return account_push_each(t, shard, count, arg);
}

/* A figure for each session that has one. */
static uint64_t sessions(void)
{
	uint64_t found;
	assert_int_equal(test_read(store_role.store, shard, run_each, &found), 0);
	return found;
}

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	shard = mail_world_account(1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	store_push_stop();
	mail_world_end();
	return 0;
}

static void add(uint64_t session)
{
	assert_int_equal(test_commit(store_role.store, run_add, &session), 0);
}

/* Auth says again what it revoked lately as soon as a store listens: before this one has read whom to watch.
 */
static void a_revocation_counts_while_store_starts(void **state)
{
	(void)state;
	add(THIEF);
	add(OWNER);
	store_push_start();
	store_push_revoke(shard, THIEF);
	mail_world_settle();
	assert_int_equal(sessions(), OWNER);
	store_push_revoke(shard, 0);
	mail_world_settle();
	assert_int_equal(sessions(), 0);
}

static void written(struct store_commit *c, int result)
{
	bool *done = c->arg;
	(void)result;
	*done = true;
}

static int run_late(struct txn *t, void *arg)
{
	uint64_t session = THIEF;
	(void)arg;
	return run_add(t, &session);
}

static void a_revocation_counts_for_a_subscription_under_way(void **state)
{
	bool done = false;
	struct store_commit c = {.run = run_late, .arg = &done, .done = written};
	(void)state;
	store_push_start();
	mail_world_settle();
	store_commit(store_role.store, &c);
	store_push_revoke(shard, THIEF);
	mail_world_settle();
	assert_true(done);
	assert_int_equal(sessions(), 0);
}

/* Nobody has subscribed to it, or it is gone: nothing is left of the revocation. */
static void a_revocation_of_nothing_does_nothing(void **state)
{
	struct store_stats before, after;
	(void)state;
	store_push_start();
	mail_world_settle();
	store_push_revoke(shard, THIEF);
	store_push_revoke(test_account(2), 0);
	mail_world_settle();
	store_stats(store_role.store, &before);
	add(OWNER);
	mail_world_settle();
	store_stats(store_role.store, &after);
	assert_int_equal(after.reads, before.reads); /* the account is not looked at */
	assert_int_equal(sessions(), OWNER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_revocation_counts_while_store_starts, begin, end),
	    cmocka_unit_test_setup_teardown(a_revocation_counts_for_a_subscription_under_way, begin, end),
	    cmocka_unit_test_setup_teardown(a_revocation_of_nothing_does_nothing, begin, end)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
