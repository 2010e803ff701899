/* Which accounts somebody has subscribed to: each once, in parts, until it is dropped. */
#include "../store/in_memory.h"

#include <errno.h>

#include "ledger/pushed.h"

struct list {
	uint64_t account, after, accounts[PUSHED_LIST_MAX];
	size_t count;
};

static int run_put(struct txn *t, void *arg)
{
	return pushed_put(t, ((struct list *)arg)->account);
}

static int run_drop(struct txn *t, void *arg)
{
	return pushed_drop(t, ((struct list *)arg)->account);
}

static int run_list(struct txn *t, void *arg)
{
	struct list *l = arg;
	return pushed_list(t, l->after, l->accounts, &l->count);
}

static struct list list(uint64_t after)
{
	struct list l = {.after = after};
	assert_int_equal(test_read(store, LEDGER_SHARD, run_list, &l), 0);
	return l;
}

static void put(uint64_t account)
{
	struct list l = {.account = account};
	assert_int_equal(test_commit(store, run_put, &l), 0);
}

static void accounts_are_listed_once(void **state)
{
	(void)state;
	assert_int_equal(list(0).count, 0);
	put(UINT64_C(0x0300000000000007));
	put(UINT64_C(0x0300000000000002));
	put(UINT64_C(0x0300000000000007));
	struct list l = list(0);
	assert_int_equal(l.count, 2);
	assert_int_equal(l.accounts[0], UINT64_C(0x0300000000000002));
	assert_int_equal(l.accounts[1], UINT64_C(0x0300000000000007));
	assert_int_equal(list(l.accounts[0]).count, 1);
	struct list gone = {.account = l.accounts[0]};
	assert_int_equal(test_commit(store, run_drop, &gone), 0);
	assert_int_equal(test_commit(store, run_drop, &gone), 0);
	assert_int_equal(list(0).count, 1);
}

static void many_come_in_parts(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= PUSHED_LIST_MAX + 3; i++)
		put(i);
	struct list l = list(0);
	assert_int_equal(l.count, PUSHED_LIST_MAX);
	l = list(l.accounts[l.count - 1]);
	assert_int_equal(l.count, 3);
	assert_int_equal(l.accounts[2], PUSHED_LIST_MAX + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(accounts_are_listed_once, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(many_come_in_parts, store_begin, store_end),
	};
	return cmocka_run_group_tests_name("ledger/pushed", tests, NULL, NULL);
}
