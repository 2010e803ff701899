/* The failing and the slow engine do what they are told. */
#include "support.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"

static const uint64_t shard = (uint64_t)STORE_ACCOUNT << 56 | 1;

static void the_nth_operation_fails_once(void **state)
{
	(void)state;
	struct store *s = store_failing(store_memory());
	char value[8];
	store_fail(s, STORE_FAULT_COMMIT, 2, -EIO);
	assert_int_equal(test_put(s, shard, "a", "1"), 0);
	assert_true(store_fault_pending(s, STORE_FAULT_COMMIT));
	assert_int_equal(test_put(s, shard, "a", "2"), -EIO);
	assert_false(store_fault_pending(s, STORE_FAULT_COMMIT));
	store_fail(s, STORE_FAULT_READ, 1, -EBADMSG);
	assert_int_equal(test_get(s, shard, "a", value, sizeof value), -EBADMSG);
	assert_int_equal(test_get(s, shard, "a", value, sizeof value), 0);
	assert_string_equal(value, "1");
	store_close(s);
}

static void a_lost_answer_leaves_the_commit(void **state)
{
	(void)state;
	struct store *s = store_failing(store_memory());
	char value[8];
	store_fail(s, STORE_FAULT_COMMIT_LOST, 1, -ETIMEDOUT);
	assert_int_equal(test_put(s, shard, "a", "1"), -ETIMEDOUT);
	assert_int_equal(test_get(s, shard, "a", value, sizeof value), 0);
	store_close(s);
}

static void slow_is_late(void **state)
{
	(void)state;
	struct store *s = store_slow(store_memory(), 20);
	char value[8];
	int64_t start = clock_monotonic_ms();
	assert_int_equal(test_put(s, shard, "a", "1"), 0);
	assert_int_equal(test_get(s, shard, "a", value, sizeof value), 0);
	assert_true(clock_monotonic_ms() - start >= 40);
	store_close(s);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_nth_operation_fails_once),
	    cmocka_unit_test(a_lost_answer_leaves_the_commit),
	    cmocka_unit_test(slow_is_late),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
