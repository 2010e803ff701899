#include "../unit.h"
#include <stdio.h>
#include <stdlib.h>

#include "base/log_limit.h"
#include "base/random.h"

#define SESSION log_pace_limits[LOG_PACE_SESSION]
#define PLAIN log_pace_limits[LOG_PACE_PLAIN]

static struct log_limit limit;
static const char refused[] = "refused", failed[] = "failed";

static int fresh(void **state)
{
	(void)state;
	memset(&limit, 0, sizeof limit);
	return 0;
}

static void one_host_writes_its_burst_and_then_its_pace(void **state)
{
	size_t written = 0;
	(void)state;
	for (int64_t now = 1; now <= 100000; now++)
		for (int i = 0; i < 10; i++)
			written += log_limit_take(&limit, refused, VIEW("192.0.2.1"), LOG_PACE_SESSION, now);
	assert_in_range(written, SESSION.burst + 100000 / SESSION.milliseconds - 1,
	    SESSION.burst + 100000 / SESSION.milliseconds + 1);
	/* Another host and another event have their own. */
	assert_true(log_limit_take(&limit, refused, VIEW("192.0.2.2"), LOG_PACE_SESSION, 100000));
	assert_true(log_limit_take(&limit, failed, VIEW("192.0.2.1"), LOG_PACE_SESSION, 100000));
	size_t position = 0;
	uint64_t count = 0;
	const struct log_limit_event *told = log_limit_tell(&limit, &position, &count);
	assert_ptr_equal(told->name, refused);
	assert_string_equal(told->example, "192.0.2.1");
	assert_int_equal(count, 1000000 - written);
	assert_null(log_limit_tell(&limit, &position, &count));
}

/* Whoever has ever so many addresses writes the pace of the event, and no more. */
static void a_crowd_writes_the_pace_of_the_event(void **state)
{
	size_t written = 0, honest = 0;
	char address[40];
	(void)state;
	for (int64_t now = 1; now <= 60000; now++) {
		for (int i = 0; i < 20; i++) {
			snprintf(address, sizeof address, "%llx", (unsigned long long)random_u64());
			written +=
			    log_limit_take(&limit, refused, view_from_string(address), LOG_PACE_SESSION, now);
		}
		honest += log_limit_take(&limit, failed, VIEW("honest"), LOG_PACE_SESSION, now);
	}
	assert_in_range(written, SESSION.all_burst, SESSION.all_burst + 60000 / SESSION.all_milliseconds + 1);
	assert_in_range(honest, SESSION.burst, SESSION.burst + 60000 / SESSION.milliseconds + 1);
}

/* A table that is full of others costs no honest cause its lines. */
static void slow_causes_lose_nothing(void **state)
{
	char address[40];
	(void)state;
	for (int64_t now = 1; now <= 200000; now += 1000)
		for (int i = 0; i < 8; i++) {
			snprintf(address, sizeof address, "host%d", i);
			assert_true(log_limit_take(
			    &limit, refused, view_from_string(address), LOG_PACE_SESSION, now));
		}
}

/* A host that brings a thousand messages a minute with a hundred recipients each: the log grows by ten lines
 * a second. */
static void bulk_is_summed_up(void **state)
{
	size_t written = 0;
	(void)state;
	for (int64_t now = 1; now <= 600000; now++)
		for (int i = 0; i < 2; i++)
			written += log_limit_take(&limit, refused, VIEW("192.0.2.1"), LOG_PACE_MESSAGE, now);
	assert_in_range(written, 5000 + 6000 - 1, 5000 + 6000 + 1);
	for (int64_t now = 600001; now <= 601000; now++)
		assert_true(log_limit_take(&limit, refused, VIEW("192.0.2.2"), LOG_PACE_MESSAGE, now));
}

static void more_events_than_entries_are_still_limited(void **state)
{
	static char names[2 * LOG_LIMIT_EVENTS][8];
	size_t written = 0;
	(void)state;
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < 2 * LOG_LIMIT_EVENTS; i++)
			for (int k = 0; k < PLAIN.burst; k++)
				written += log_limit_take(&limit, names[i], VIEW("x"), LOG_PACE_PLAIN, 1);
	assert_in_range(written, LOG_LIMIT_EVENTS, LOG_LIMIT_EVENTS * PLAIN.burst);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(one_host_writes_its_burst_and_then_its_pace, fresh),
	    cmocka_unit_test_setup(a_crowd_writes_the_pace_of_the_event, fresh),
	    cmocka_unit_test_setup(slow_causes_lose_nothing, fresh),
	    cmocka_unit_test_setup(bulk_is_summed_up, fresh),
	    cmocka_unit_test_setup(more_events_than_entries_are_still_limited, fresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
