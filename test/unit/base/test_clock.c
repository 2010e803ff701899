#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

static char path[] = "/tmp/test-clock-XXXXXX";

static void write_ahead(int fd, int64_t seconds)
{
	assert_int_equal(pwrite(fd, &seconds, sizeof seconds, 0), sizeof seconds);
}

static void assert_near(int64_t a, int64_t b)
{
	assert_in_range((uint64_t)(a - b + 60), 0, 120);
}

/* One test, since a clock that is simulated stays so. */
static void is_moved_by_another_hand(void **state)
{
	(void)state;
	const int64_t start = clock_wall(), days = 5 * 86400;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(clock_simulate("/nowhere/at/all"), -ENOENT);
	assert_int_equal(clock_simulate(path), -EINVAL);
	assert_false(clock_is_simulated());
	write_ahead(fd, 0);
	assert_int_equal(clock_simulate(path), 0);
	assert_true(clock_is_simulated());
	assert_near(clock_wall(), start);
	const int64_t monotonic = clock_monotonic_ms();
	write_ahead(fd, days);
	assert_near(clock_wall(), start + days);
	assert_near(clock_wall_ms() / 1000, start + days);
	assert_near(clock_monotonic_ms() / 1000, monotonic / 1000);
	write_ahead(fd, -days);
	assert_near(clock_wall(), start - days);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_moved_by_another_hand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
