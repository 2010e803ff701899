/* How much a checkpoint holds follows from what the last ones took. */
#include "store/pace.h"

#include "support.h"

/* The share after `rounds` checkpoints of a disk on which all of the limits take all_us. */
static unsigned settled(unsigned share, int64_t all_us, unsigned rounds)
{
	while (rounds-- > 0)
		share = pace_next(share, all_us * share / PACE_ALL);
	return share;
}

static void a_disk_of_any_speed_gets_checkpoints_of_the_same_time(void **state)
{
	(void)state;
	for (int64_t times = 2; times <= 12; times++) {
		unsigned share = settled(PACE_FIRST, PACE_TARGET_US * times, 50);
		int64_t takes = PACE_TARGET_US * times * share / PACE_ALL;
		assert_in_range(takes, PACE_TARGET_US * 9 / 10, PACE_TARGET_US);
	}
}

static void a_fast_disk_uses_all_and_no_more(void **state)
{
	(void)state;
	assert_int_equal(settled(PACE_LEAST, PACE_TARGET_US / 2, 50), PACE_ALL);
	assert_int_equal(pace_next(PACE_ALL, 0), PACE_ALL);
	assert_int_equal(pace_next(PACE_ALL, -1), PACE_ALL);
}

static void a_slow_disk_comes_to_the_least_and_no_further(void **state)
{
	(void)state;
	assert_int_equal(settled(PACE_ALL, (int64_t)PACE_TARGET_US * 1000, 50), PACE_LEAST);
	assert_int_equal(pace_next(PACE_LEAST, INT64_MAX), PACE_LEAST);
}

static void one_slow_checkpoint_changes_little(void **state)
{
	(void)state;
	assert_int_equal(pace_next(PACE_ALL, (int64_t)PACE_TARGET_US * 1000), PACE_ALL / 2);
	assert_int_equal(pace_next(PACE_ALL / 2, 1), PACE_ALL / 2 + PACE_ALL / 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_disk_of_any_speed_gets_checkpoints_of_the_same_time),
	    cmocka_unit_test(a_fast_disk_uses_all_and_no_more),
	    cmocka_unit_test(a_slow_disk_comes_to_the_least_and_no_further),
	    cmocka_unit_test(one_slow_checkpoint_changes_little),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
