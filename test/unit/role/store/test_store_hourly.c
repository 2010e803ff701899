/* See role/store/store_hourly.h. */
#include "role/store/store_hourly.h"

#include "../../account/support.h"

static void takes_up_to_the_limit(void **state)
{
	struct hourly h = {0};
	(void)state;
	assert_true(hourly_take(&h, 1, 5000, 60, 100));
	assert_true(hourly_take(&h, 1, 5001, 40, 100));
	assert_false(hourly_take(&h, 1, 5002, 1, 100));
	assert_true(hourly_take(&h, 2, 5002, 100, 100));
	hourly_forget(&h);
}

static void refuses_whole_and_counts_nothing_then(void **state)
{
	struct hourly h = {0};
	(void)state;
	assert_false(hourly_take(&h, 1, 5000, 101, 100));
	assert_true(hourly_take(&h, 1, 5000, 99, 100));
	assert_false(hourly_take(&h, 1, 5000, 2, 100));
	assert_true(hourly_take(&h, 1, 5000, 1, 100));
	hourly_forget(&h);
}

static void begins_anew_after_an_hour_or_when_the_clock_was_set_back(void **state)
{
	struct hourly h = {0};
	(void)state;
	assert_true(hourly_take(&h, 1, 5000, 100, 100));
	assert_false(hourly_take(&h, 1, 5000 + 3599, 1, 100));
	assert_true(hourly_take(&h, 1, 5000 + 3600, 100, 100));
	assert_true(hourly_take(&h, 1, 100, 1, 100));
	hourly_forget(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_up_to_the_limit),
	    cmocka_unit_test(refuses_whole_and_counts_nothing_then),
	    cmocka_unit_test(begins_anew_after_an_hour_or_when_the_clock_was_set_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
