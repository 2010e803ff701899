/* Identities that follow from an account's addresses, when one of them cannot be read. */
#include "support.h"

#include "account/identities.h"

static uint64_t shard;
static const struct view addresses[] = {
    {"first@example.test", 18}, {"spoiled@example.test", 20}, {"third@example.test", 18}};

static int run_follow(struct txn *t, void *arg)
{
	(void)arg;
	return account_identities_follow(t, shard, 1, addresses, 3);
}

static void listed(struct account_identities *s, int result)
{
	bool *done = s->arg;
	assert_int_equal(result, 0);
	*done = true;
}

static size_t count(void)
{
	bool done = false;
	struct account_identities s = {.shard = shard, .done = listed, .arg = &done};
	account_identities(&accounts, &s);
	test_wait(accounts.store, &done);
	size_t found = s.count;
	account_identities_free(&s);
	return found;
}

static void a_damaged_one_costs_itself_alone(void **state)
{
	(void)state;
	shard = test_account(1);
	assert_int_equal(test_create(&accounts, shard, 0), 0);
	assert_int_equal(test_commit(accounts.store, run_follow, NULL), 0);
	assert_int_equal(count(), 3);
	if (!test_accounts_spoil(VIEW("spoiled@example.test")))
		return;
	assert_int_equal(count(), 2);
	/* Its address has none now: it gets a new one. */
	assert_int_equal(test_commit(accounts.store, run_follow, NULL), 0);
	assert_int_equal(count(), 3);
	assert_int_equal(test_commit(accounts.store, run_follow, NULL), 0);
	assert_int_equal(count(), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_damaged_one_costs_itself_alone)};
	return test_on_both_engines("identities", tests, sizeof tests / sizeof tests[0]);
}
