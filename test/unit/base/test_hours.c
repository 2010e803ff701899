/* Counters by the hour: what is counted where, what is forgotten. */
#include "../unit.h"

#include "base/hours.h"

static void counts_by_the_hour(void **state)
{
	struct hours h = {0};
	int64_t now = INT64_C(1795000000);
	(void)state;
	assert_int_equal(hours_get(&h, now, 0, 0), 0);
	hours_add(&h, now, 0, 2);
	hours_add(&h, now, 1, 1);
	assert_int_equal(hours_get(&h, now, 0, 0), 2);
	assert_int_equal(hours_get(&h, now, 0, 1), 1);
	now += 3 * HOUR_SECONDS;
	assert_int_equal(hours_get(&h, now, 0, 0), 0);
	assert_int_equal(hours_get(&h, now, 3, 0), 2);
	hours_add(&h, now, 0, 5);
	assert_int_equal(hours_get(&h, now, 0, 0), 5);
	assert_int_equal(hours_get(&h, now, 1, 0), 0);
	assert_int_equal(hours_get(&h, now, 3, 0), 2);
}

static void forgets_after_two_days(void **state)
{
	struct hours h = {0};
	int64_t now = INT64_C(1795000000);
	(void)state;
	hours_add(&h, now, 0, 2);
	now += (HOURS_MAX - 1) * HOUR_SECONDS;
	hours_add(&h, now, 0, 1);
	assert_int_equal(hours_get(&h, now, HOURS_MAX - 1, 0), 2);
	now += HOUR_SECONDS;
	hours_add(&h, now, 0, 3);
	for (unsigned back = 2; back < HOURS_MAX; back++)
		assert_int_equal(hours_get(&h, now, back, 0), 0);
	assert_int_equal(hours_get(&h, now, 0, 0), 3);
	assert_int_equal(hours_get(&h, now, 1, 0), 1);
	now += 1000 * HOUR_SECONDS;
	assert_int_equal(hours_get(&h, now, 0, 0), 0);
	hours_add(&h, now, 2, 1);
	assert_int_equal(hours_get(&h, now, 1, 0), 0);
	assert_int_equal(hours_get(&h, now, 0, 2), 1);
}

/* A clock that goes back: nothing is lost, and nothing is counted for an hour that has not been. */
static void stands_a_clock_set_back(void **state)
{
	struct hours h = {0};
	int64_t now = INT64_C(1795000000);
	(void)state;
	hours_add(&h, now, 0, 1);
	hours_add(&h, now - 10 * HOUR_SECONDS, 0, 1);
	assert_int_equal(hours_get(&h, now, 0, 0), 2);
	assert_int_equal(hours_get(&h, now - 10 * HOUR_SECONDS, 0, 0), 0);
	assert_int_equal(hours_get(&h, 0, 1, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_by_the_hour),
	    cmocka_unit_test(forgets_after_two_days),
	    cmocka_unit_test(stands_a_clock_set_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
