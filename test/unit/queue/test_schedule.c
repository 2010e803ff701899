/* Back-off grows, stays within its bounds, and is spread. */
#include "../unit.h"

#include "queue/schedule.h"

static const struct schedule schedule = {300, 14400};

static void test_grows_to_the_longest(void **state)
{
	(void)state;
	assert_int_equal(schedule_wait(&schedule, 1, 0), 300);
	assert_int_equal(schedule_wait(&schedule, 2, 0), 600);
	assert_int_equal(schedule_wait(&schedule, 3, 0), 1200);
	assert_int_equal(schedule_wait(&schedule, 7, 0), 14400);
	assert_int_equal(schedule_wait(&schedule, 4000000000u, 0), 14400);
	assert_int_equal(schedule_wait(&schedule, 0, 0), 300);
}

static void test_jitter_takes_a_quarter_at_most(void **state)
{
	(void)state;
	int64_t least = INT64_MAX;
	for (uint64_t i = 0; i < 1000; i++) {
		int64_t wait = schedule_wait(&schedule, 1, schedule_mix(5, i));
		assert_true(wait >= 225 && wait <= 300);
		least = wait < least ? wait : least;
	}
	assert_true(least < 230);
}

static void test_odd_settings(void **state)
{
	(void)state;
	assert_int_equal(schedule_wait(&(struct schedule){0, 0}, 3, 17), 1);
	assert_int_equal(schedule_wait(&(struct schedule){1, 2}, 9, 1023), 2);
	/* The shortest wait is also the longest when the longest is set lower. */
	assert_int_equal(schedule_wait(&(struct schedule){600, 300}, 9, 0), 600);
}

static void test_messages_come_back_in_groups(void **state)
{
	(void)state;
	int64_t seen[64];
	size_t count = 0;
	for (uint64_t i = 0; i < 1000; i++) {
		int64_t at = schedule_not_before(&schedule, 1000000, 1, schedule_mix(9, i));
		size_t k = 0;
		assert_true(at >= 1000225 && at <= 1000318);
		while (k < count && seen[k] != at)
			k++;
		if (k == count)
			seen[count++] = at;
		assert_true(count < 64);
	}
	assert_true(count > 1 && count < 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grows_to_the_longest),
	    cmocka_unit_test(test_jitter_takes_a_quarter_at_most),
	    cmocka_unit_test(test_odd_settings),
	    cmocka_unit_test(test_messages_come_back_in_groups),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
