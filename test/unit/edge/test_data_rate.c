/* The least rate of a message: judged at the end of each window, by all that came in it. */
#include "../unit.h"

#include "edge/data_rate.h"

enum { LEAST = 100, SECOND = 1000, WINDOW = DATA_RATE_WINDOW_MS };

/* So many bytes every second for so long; at which second it was too slow, or 0. */
static unsigned send_steadily(struct data_rate *rate, int64_t *now, size_t bytes, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++, *now += SECOND)
		if (data_rate_too_slow(rate, *now, bytes, LEAST))
			return i;
	return 0;
}

static void the_slow_are_told_after_a_window(void **state)
{
	(void)state;
	struct data_rate rate = {0};
	int64_t now = 5;
	assert_int_equal(send_steadily(&rate, &now, LEAST - 1, 1000), WINDOW / SECOND);
	rate = (struct data_rate){0};
	assert_int_equal(send_steadily(&rate, &now, LEAST, 3000), 0);
	rate = (struct data_rate){0};
	assert_int_equal(send_steadily(&rate, &now, 1, 1000), WINDOW / SECOND);
}

/* What came fast does not make up for what comes slowly after it. */
static void each_window_counts_for_itself(void **state)
{
	(void)state;
	struct data_rate rate = {0};
	int64_t now = 0;
	assert_int_equal(send_steadily(&rate, &now, 1000000, WINDOW / SECOND + 1), 0);
	assert_true(send_steadily(&rate, &now, 1, 2 * WINDOW / SECOND) > 0);
	/* One large piece within a window is enough. */
	rate = (struct data_rate){0};
	assert_false(data_rate_too_slow(&rate, now, LEAST * WINDOW / SECOND, LEAST));
	assert_false(data_rate_too_slow(&rate, now + WINDOW, 1, LEAST));
	assert_true(data_rate_too_slow(&rate, now + 2 * WINDOW, 1, LEAST));
}

static void a_long_silence_is_slow(void **state)
{
	(void)state;
	struct data_rate rate = {0};
	assert_false(data_rate_too_slow(&rate, 0, LEAST * WINDOW / SECOND, LEAST));
	assert_true(data_rate_too_slow(&rate, 2 * WINDOW, 1, LEAST));
}

static void no_least_is_no_limit(void **state)
{
	(void)state;
	struct data_rate rate = {0};
	for (int64_t now = 0; now < 10 * WINDOW; now += WINDOW / 2)
		assert_false(data_rate_too_slow(&rate, now, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_slow_are_told_after_a_window),
	    cmocka_unit_test(each_window_counts_for_itself),
	    cmocka_unit_test(a_long_silence_is_slow),
	    cmocka_unit_test(no_least_is_no_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
