/* Counting for reports: rows that are alike are told together; trouble loses nothing; what waits is bounded.
 */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>

#include "process/tallies.h"
#include "process/role.h"

static struct role_process process;
static struct channel store;
static struct calls calls;
static struct tallies tallies;
static struct arena arena;

/* What store was told. */
static unsigned told, rows, refusals;
static uint64_t count;
static char subject[300], row[40];
static int64_t error;

static void take(void *arg, struct channel_frame *frame)
{
	struct message_tally_add m;
	struct message_result answer = {.error = error};
	(void)arg;
	arena_reset(&arena);
	assert_int_equal(frame->type, MESSAGE_TALLY_ADD);
	assert_int_equal(ipc_decode(frame, &m, &arena), 0);
	const struct message_tally *list = m.tallies.items;
	told++;
	refusals += error != 0;
	for (size_t i = 0; i < m.tallies.count && error == 0; i++) {
		rows++;
		count += list[i].count;
		snprintf(subject, sizeof subject, "%.*s", VIEW_FMT(list[i].subject));
		snprintf(row, sizeof row, "%.*s", VIEW_FMT(list[i].row));
	}
	assert_int_equal(ipc_send(&store, MESSAGE_TALLY_ADDED, frame->request, &answer, -1), 0);
}

static void closed(void *arg)
{
	(void)arg;
}

static int begin(void **state)
{
	static const struct role_hears hears[] = {{0}};
	static const struct role_functions functions = {.hears = hears};
	static const struct role role = {.name = "relay", .bit = ROLE_RELAY, .functions = &functions};
	int pair[2];
	(void)state;
	process = (struct role_process){.role = &role};
	told = rows = refusals = 0;
	count = 0;
	error = 0;
	loop_init(&process.loop);
	arena_init(&arena, 1 << 20);
	calls_init(&calls);
	assert_int_equal(channel_pair(pair), 0);
	calls_link(&calls, &process, pair[0], ROLE_STORE);
	channel_init(&store, &process.loop, pair[1], take, closed, NULL);
	tallies_init(&tallies, &process.loop, &calls, 2);
	return 0;
}

static int end(void **state)
{
	(void)state;
	tallies_done(&tallies);
	calls_close(&calls);
	channel_done(&store);
	arena_done(&arena);
	loop_done(&process.loop);
	return 0;
}

static void until(const unsigned *counter, unsigned n)
{
	loop_turn(&process.loop);
	while (*counter < n) {
		event_base_loop(process.loop.base, EVLOOP_ONCE);
		loop_turn(&process.loop);
	}
}

static void until_answered(void)
{
	while (tallies.request) {
		event_base_loop(process.loop.base, EVLOOP_ONCE);
		loop_turn(&process.loop);
	}
}

static void rows_that_are_alike_are_one(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		tallies_count(&tallies, 86400 * 3, VIEW("a.example"), VIEW("p"), VIEW("x"), 2);
	tallies_count(&tallies, 86400 * 4, VIEW("a.example"), VIEW("p"), VIEW("x"), 1);
	tallies_count(&tallies, 86400 * 3, VIEW("a.example"), VIEW("q"), VIEW("x"), 1);
	tallies_flush(&tallies);
	until(&told, 1);
	assert_int_equal(rows, 3);
	assert_int_equal(count, 12);
}

static void trouble_loses_nothing(void **state)
{
	(void)state;
	error = -EIO;
	tallies_count(&tallies, 86400, VIEW("a.example"), VIEW("p"), VIEW("x"), 3);
	tallies_flush(&tallies);
	/* While it is under way, more comes. */
	tallies_count(&tallies, 86400, VIEW("a.example"), VIEW("p"), VIEW("x"), 1);
	until(&refusals, 1);
	until_answered();
	error = 0;
	tallies_flush(&tallies);
	until(&rows, 1);
	assert_int_equal(rows, 1);
	assert_int_equal(count, 4);
	assert_string_equal(subject, "a.example");
}

static void many_go_in_several_messages(void **state)
{
	char text[20];
	(void)state;
	for (unsigned i = 0; i < TALLIES_WAITING_MAX + 100; i++) {
		snprintf(text, sizeof text, "row %u", i);
		tallies_count(&tallies, 86400, VIEW("a.example"), VIEW("p"), view_from_string(text), 1);
	}
	while (rows < TALLIES_WAITING_MAX) {
		unsigned before = told;
		tallies_flush(&tallies);
		until(&told, before + 1);
		until_answered();
	}
	assert_int_equal(rows, TALLIES_WAITING_MAX);
	assert_int_equal(count, TALLIES_WAITING_MAX);
	assert_true(told >= TALLIES_WAITING_MAX / 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(rows_that_are_alike_are_one, begin, end),
	    cmocka_unit_test_setup_teardown(trouble_loses_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(many_go_in_several_messages, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
