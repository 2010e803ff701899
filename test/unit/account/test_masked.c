/* Masked addresses as their owner sees them: which there are, how many count, and the number of the next one.
 */
#include "support.h"

#include "account/masked.h"

static uint64_t shard;

struct call {
	struct account_masked masked;
	uint64_t living;
	uint32_t last;
	unsigned seen;
};

static int run_put(struct txn *t, void *arg)
{
	const struct call *c = arg;
	return account_masked_put(t, shard, &c->masked);
}

static int run_count(struct txn *t, void *arg)
{
	struct call *c = arg;
	return account_masked_count(t, shard, &c->living, &c->last);
}

static int see(void *arg, const struct account_masked *m)
{
	struct call *c = arg;
	c->seen++;
	assert_true(m->number > 0);
	return 0;
}

static int run_each(struct txn *t, void *arg)
{
	struct call *c = arg;
	c->seen = 0;
	return account_masked_each(t, shard, see, c);
}

static void put(uint32_t number, enum masked_state state, const char *email)
{
	struct call c = {
	    .masked = {.number = number, .state = (uint8_t)state, .email = view_from_string(email)}};
	assert_int_equal(test_commit(accounts.store, run_put, &c), 0);
}

static struct call look(void)
{
	struct call c = {.living = 0};
	assert_int_equal(test_read(accounts.store, shard, run_each, &c), 0);
	assert_int_equal(test_read(accounts.store, shard, run_count, &c), 0);
	return c;
}

static void begin(void)
{
	shard = test_account(1);
	assert_int_equal(test_create(&accounts, shard, 0), 0);
}

static void those_that_were_deleted_keep_their_numbers(void **state)
{
	(void)state;
	begin();
	assert_int_equal(look().last, 0);
	put(1, MASKED_ENABLED, "one@example.test");
	put(2, MASKED_DELETED, "two@example.test");
	assert_int_equal(look().seen, 2);
	assert_int_equal(look().living, 1);
	assert_int_equal(look().last, 2);
}

/* The next one must not get the number of a damaged one: mail to that address would be this one's. */
static void a_damaged_one_costs_itself_alone(void **state)
{
	(void)state;
	begin();
	put(1, MASKED_ENABLED, "first@example.test");
	put(2, MASKED_ENABLED, "spoiled@example.test");
	put(3, MASKED_DELETED, "third@example.test");
	put(4, MASKED_ENABLED, "spoiled@example.test");
	put(5, MASKED_ENABLED, "spoiled@example.test");
	if (!test_accounts_spoil(VIEW("spoiled@example.test")))
		return;
	assert_int_equal(look().seen, 2);
	assert_int_equal(look().living, 4);
	assert_int_equal(look().last, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(those_that_were_deleted_keep_their_numbers),
	    cmocka_unit_test(a_damaged_one_costs_itself_alone),
	};
	return test_on_both_engines("masked", tests, sizeof tests / sizeof tests[0]);
}
