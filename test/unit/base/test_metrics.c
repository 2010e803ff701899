#include "../unit.h"

#include <string.h>

#include "base/metrics.h"

static uint64_t values[METRICS_SLOTS_MAX], sum[METRICS_SLOTS_MAX];

static struct buf text_of(const uint64_t *what)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	metrics_write(what, &out);
	assert_false(buf_failed(&out));
	return out;
}

static void has_line(const struct buf *text, const char *line)
{
	struct view rest = buf_view(text), one;
	while (view_next(&rest, '\n', &one))
		if (view_equal(one, view_from_string(line)))
			return;
	fail_msg("no line: %s", line);
}

static void all_figures_have_room(void **state)
{
	(void)state;
	assert_true(metrics_slots() > METRICS);
	assert_true(metrics_slots() <= METRICS_SLOTS_MAX);
}

static void counts_and_is_written(void **state)
{
	(void)state;
	metric_add(METRIC_MESSAGES_IN, METRIC_BY_LMTP, 2);
	metric_add(METRIC_MESSAGES_IN, METRIC_BY_LMTP, 3);
	metric_set(METRIC_QUEUE_BYTES, 0, 1000);
	metric_set(METRIC_QUEUE, 3, 7);
	metric_set(METRIC_QUEUE, 3, 6);
	metric_took(METRIC_DELIVERY_SECONDS, 0);
	metric_took(METRIC_DELIVERY_SECONDS, 4);
	metric_took(METRIC_DELIVERY_SECONDS, 1250);
	metric_took(METRIC_DELIVERY_SECONDS, 40000);
	metric_took(METRIC_DELIVERY_SECONDS, -5); /* a clock that was set back */
	/* What the table does not have counts nowhere. */
	metric_add(METRIC_STORED, 1, 5);
	metric_add(METRIC_MESSAGES_IN, 1000000, 5);
	metrics_read(values);
	struct buf text = text_of(values);
	has_line(&text, "# TYPE postrider_messages_received counter");
	has_line(&text, "postrider_messages_received_total{by=\"lmtp\"} 5");
	has_line(&text, "postrider_messages_received_total{by=\"smtp\"} 0");
	has_line(&text, "postrider_queue_bytes 1000");
	has_line(&text, "# UNIT postrider_queue_bytes bytes");
	has_line(&text, "postrider_queue_messages{age=\"3d\"} 6");
	has_line(&text, "postrider_delivery_seconds_bucket{le=\"0.001\"} 2");
	has_line(&text, "postrider_delivery_seconds_bucket{le=\"0.003\"} 2");
	has_line(&text, "postrider_delivery_seconds_bucket{le=\"0.005\"} 3");
	has_line(&text, "postrider_delivery_seconds_bucket{le=\"30.0\"} 4");
	has_line(&text, "postrider_delivery_seconds_bucket{le=\"+Inf\"} 5");
	has_line(&text, "postrider_delivery_seconds_count 5");
	has_line(&text, "postrider_delivery_seconds_sum 41.254");
	buf_done(&text);
}

/* The last figure's values lie behind all others: no two share a slot. */
static void slots_are_apart(void **state)
{
	(void)state;
	metrics_read(values);
	uint64_t before[METRICS_SLOTS_MAX];
	memcpy(before, values, sizeof before);
	for (unsigned m = 0; m < METRICS; m++)
		metric_add(m, 0, 1);
	metrics_read(values);
	size_t changed = 0;
	for (size_t i = 0; i < METRICS_SLOTS_MAX; i++)
		changed += values[i] != before[i];
	assert_int_equal(changed, METRICS);
}

static void sums_of_what_has_ended_have_no_gauges(void **state)
{
	(void)state;
	memset(values, 0, sizeof values);
	for (size_t i = 0; i < metrics_slots(); i++)
		values[i] = 1;
	memset(sum, 0, sizeof sum);
	metrics_sum(sum, values, true);
	struct buf text = text_of(sum);
	has_line(&text, "postrider_queue_bytes 0");
	has_line(&text, "postrider_messages_stored_total 1");
	buf_done(&text);
	metrics_sum(sum, values, false);
	text = text_of(sum);
	has_line(&text, "postrider_queue_bytes 1");
	has_line(&text, "postrider_messages_stored_total 2");
	buf_done(&text);
}

static void reasons_are_status_codes(void **state)
{
	(void)state;
	assert_int_equal(metric_reason(VIEW("9.9.9")), 0);
	assert_int_equal(metric_reason((struct view){0}), 0);
	assert_int_not_equal(metric_reason(VIEW("5.1.1")), 0);
	assert_int_not_equal(metric_reason(VIEW("5.1.1")), metric_reason(VIEW("5.7.1")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_figures_have_room),
	    cmocka_unit_test(counts_and_is_written),
	    cmocka_unit_test(slots_are_apart),
	    cmocka_unit_test(sums_of_what_has_ended_have_no_gauges),
	    cmocka_unit_test(reasons_are_status_codes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
