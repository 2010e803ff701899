/* An administrator is told of what has changed between two looks, and of nothing else. */
#include "zone_world.h"

#include "trust/zone/zone_drift.h"

static struct buf first, second, text;

static void found(struct zone_report *r, enum zone_level level, enum zone_part part, const char *what)
{
	r->findings[r->count++] =
	    (struct zone_finding){.level = level, .part = part, .what = view_from_string(what)};
}

static int start(void **state)
{
	(void)state;
	buf_init(&first, ZONE_MEMORY_MAX);
	buf_init(&second, ZONE_MEMORY_MAX);
	buf_init(&text, 64 * 1024);
	memset(&world_report, 0, sizeof world_report);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	buf_done(&first);
	buf_done(&second);
	buf_done(&text);
	return 0;
}

static void only_changes_are_told(void **state)
{
	(void)state;
	found(&world_report, ZONE_FAULT, ZONE_MX, "There is no MX record.");
	found(&world_report, ZONE_HINT, ZONE_SRV, "An SRV record is missing.");
	found(&world_report, ZONE_WARNING, ZONE_SPF, "The SPF record\x1b[31m\nis long.");
	assert_int_equal(zone_memory_write(&world_report, 1700000000, &first), 0);
	assert_int_equal(zone_memory_time(buf_view(&first)), 1700000000);
	assert_int_equal(zone_memory_count(buf_view(&first)), 2);
	assert_int_equal(zone_memory_write(&world_report, 1700086400, &second), 0);
	assert_false(zone_drift_text(buf_view(&first), buf_view(&second), "example.org", &text));
	assert_int_equal(buf_view(&text).len, 0);
	buf_clear(&second);
	memset(&world_report, 0, sizeof world_report);
	found(&world_report, ZONE_FAULT, ZONE_MX, "There is no MX record.");
	found(&world_report, ZONE_FAULT, ZONE_DKIM, "The record is missing.");
	zone_memory_write(&world_report, 1700086400, &second);
	assert_true(zone_drift_text(buf_view(&first), buf_view(&second), "example.org", &text));
	assert_string_equal(buf_string(&text),
	    "The DNS records of example.org have changed since the last look at them.\n\n"
	    "New:\n\n- DKIM, fault: The record is missing.\n\n"
	    "No longer so:\n\n- SPF, warning: The SPF record?[31m is long.\n\n"
	    "As before:\n\n- MX, fault: There is no MX record.\n\n"
	    "What each costs, and how to mend it, says this command on the server:\n\n"
	    "    postrider dns check example.org\n");
	buf_clear(&text);
	buf_clear(&first);
	memset(&world_report, 0, sizeof world_report);
	zone_memory_write(&world_report, 1700172800, &first);
	assert_true(zone_drift_text(buf_view(&second), buf_view(&first), "example.org", &text));
	assert_non_null(strstr(buf_string(&text), "Nothing is wrong any more."));
}

static void memories_have_an_end(void **state)
{
	(void)state;
	char what[2000];
	memset(what, 'x', sizeof what);
	what[sizeof what - 1] = '\0';
	for (size_t i = 0; i < ZONE_FINDINGS_MAX; i++)
		found(&world_report, ZONE_FAULT, ZONE_MX, what);
	assert_int_equal(zone_memory_write(&world_report, 1, &first), 0);
	assert_true(buf_view(&first).len <= ZONE_MEMORY_MAX && zone_memory_count(buf_view(&first)) > 30);
	assert_int_equal(zone_memory_time(VIEW("nonsense")), 0);
	assert_int_equal(zone_memory_time(VIEW("")), 0);
	assert_int_equal(zone_memory_count(VIEW("x\ny\n")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(only_changes_are_told, start, stop),
	    cmocka_unit_test_setup_teardown(memories_have_an_end, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
