/* Trace records: what reaches the files, what a slow or full disk costs, what goes when it is old. */
#include "../unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "trace/trace_write.h"
#include "trace/trace_search.h"
#include "format/date.h"

static char folder[64];
static int folder_fd;
static int64_t *ahead;

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/postrider-trace-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY);
	return folder_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	char command[100];
	trace_close();
	close(folder_fd);
	*ahead = 0;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static void path_of(int64_t second, char path[200])
{
	struct buf b;
	buf_init(&b, 100);
	date_write_rfc3339(&b, (struct date){.seconds = second});
	snprintf(path, 200, "%s/" TRACE_FOLDER "/%.*s", folder, TRACE_DAY_LEN, buf_view(&b).data);
	buf_done(&b);
}

static void read_day(int64_t second, struct buf *out)
{
	char path[200];
	path_of(second, path);
	buf_clear(out);
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return;
	ssize_t n;
	do {
		char *at = buf_reserve(out, 65536);
		assert_non_null(at);
		n = read(fd, at, 65536);
		buf_commit(out, n > 0 ? (size_t)n : 0);
	} while (n > 0);
	close(fd);
}

static void writes_one_line_an_event(void **state)
{
	(void)state;
	struct buf day;
	buf_init(&day, 1 << 20);
	assert_int_equal(trace_open(folder_fd, 30), 0);
	trace_event(VIEW("abc123DEF-_x"), TRACE_DEFERRED, log_string("recipient", "joe@example.com"),
	    log_string("reply", "450 4.7.1 \"later\"\r\nplease"), log_i64("next", 1234567890));
	trace_event(VIEW("a b\nc"), TRACE_DONE, log_u64("n", 1));
	trace_flush();
	read_day(clock_wall(), &day);
	struct view rest = buf_view(&day), line;
	assert_true(view_next(&rest, '\n', &line));
	assert_true(line.len > 25 && line.data[10] == 'T' && line.data[19] == '.' && line.data[23] == 'Z');
	struct date date;
	assert_int_equal(date_parse(view_take(line, 24), &date), 0);
	assert_true(date.seconds <= clock_wall() && date.seconds >= clock_wall() - 60);
	assert_view(view_skip(line, 25), "abc123DEF-_x deferred recipient=joe@example.com reply=\"450 4.7.1 "
	                                 "\\\"later\\\"\\x0d\\x0aplease\" "
	                                 "next=1234567890");
	assert_true(view_next(&rest, '\n', &line));
	assert_view(view_skip(line, 25), "a-b-c done n=1");
	assert_int_equal(rest.len, 0);
	buf_done(&day);
}

static void each_day_has_its_file_and_old_ones_go(void **state)
{
	(void)state;
	char path[200];
	struct buf day;
	buf_init(&day, 1 << 20);
	int64_t today = clock_wall();
	assert_int_equal(trace_open(folder_fd, 2), 0);
	for (int i = 0; i < 5; i++) {
		trace_event(VIEW("first"), TRACE_DONE, log_u64("day", (uint64_t)i));
		trace_event(VIEW("second"), TRACE_DONE, log_u64("day", (uint64_t)i));
		*ahead += 86400;
	}
	trace_flush();
	for (int i = 0; i < 5; i++) {
		char expected[40];
		read_day(today + i * 86400, &day);
		snprintf(expected, sizeof expected, "second done day=%d\n", i);
		assert_true(view_ends_nocase(buf_view(&day), view_from_string(expected)));
	}
	snprintf(path, sizeof path, "%s/" TRACE_FOLDER "/notes", folder);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	trace_expire();
	trace_event(VIEW("last"), TRACE_DONE, log_u64("day", 5)); /* flushed behind the removal */
	trace_flush();
	for (int i = 0; i < 6; i++) {
		path_of(today + i * 86400, path);
		assert_int_equal(access(path, F_OK) == 0, i >= 3);
	}
	snprintf(path, sizeof path, "%s/" TRACE_FOLDER "/notes", folder);
	assert_int_equal(access(path, F_OK), 0);
	buf_done(&day);
}

static void a_torn_line_does_not_spoil_the_next(void **state)
{
	(void)state;
	char path[200];
	struct buf day;
	buf_init(&day, 1 << 20);
	snprintf(path, sizeof path, "%s/" TRACE_FOLDER, folder);
	assert_int_equal(mkdir(path, 0700), 0);
	path_of(clock_wall(), path);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "whole\ntor", 9), 9);
	close(fd);
	assert_int_equal(trace_open(folder_fd, 30), 0);
	trace_event(VIEW("id"), TRACE_DONE, log_u64("n", 1));
	trace_flush();
	read_day(clock_wall(), &day);
	assert_true(view_starts(buf_view(&day), VIEW("whole\ntor\n2")));
	assert_true(view_ends_nocase(buf_view(&day), VIEW(" id done n=1\n")));
	buf_done(&day);
}

static unsigned warnings;

static void count_warnings(struct view line, void *arg)
{
	(void)arg;
	warnings += memmem(line.data, line.len, "trace-dropped", 13) != NULL;
}

static void goes_on_when_nothing_can_be_written(void **state)
{
	(void)state;
	char path[200];
	struct buf day;
	buf_init(&day, 1 << 20);
	snprintf(path, sizeof path, "%s/" TRACE_FOLDER, folder);
	close(open(path, O_CREAT | O_WRONLY, 0600)); /* no folder can be made there */
	warnings = 0;
	log_capture(count_warnings, NULL);
	assert_int_equal(trace_open(folder_fd, 30), 0);
	for (int i = 0; i < 10; i++) {
		trace_event(VIEW("id"), TRACE_DONE, log_u64("n", 1));
		trace_flush();
	}
	assert_int_equal(trace_dropped(), 10);
	assert_int_equal(warnings, 1);
	assert_int_equal(unlink(path), 0);
	trace_event(VIEW("id"), TRACE_DONE, log_u64("n", 2));
	trace_flush();
	assert_int_equal(trace_dropped(), 10);
	read_day(clock_wall(), &day);
	assert_true(view_ends_nocase(buf_view(&day), VIEW(" id done n=2\n")));
	log_capture(NULL, NULL);
	buf_done(&day);
}

/* A pipe that nobody reads is a disk that hangs: no event waits for it. */
static void a_hanging_disk_costs_lines_not_time(void **state)
{
	(void)state;
	char path[200], text[400], taken[65536];
	enum { EVENTS = 20000 };
	memset(text, 'x', sizeof text);
	snprintf(path, sizeof path, "%s/" TRACE_FOLDER, folder);
	assert_int_equal(mkdir(path, 0700), 0);
	path_of(clock_wall(), path);
	assert_int_equal(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(trace_open(folder_fd, 30), 0);
	for (int i = 0; i < EVENTS; i++)
		trace_event(VIEW("id"), TRACE_DONE, log_text("t", view_of(text, sizeof text)));
	uint64_t dropped = trace_dropped();
	assert_true(dropped > 0 && dropped < EVENTS);
	/* The disk comes back: what waited is written, whole lines only. */
	uint64_t lines = 0;
	while (lines < EVENTS - dropped) {
		ssize_t n = read(reader, taken, sizeof taken);
		for (ssize_t i = 0; i < n; i++)
			lines += taken[i] == '\n';
	}
	trace_flush();
	assert_int_equal(trace_dropped(), dropped);
	assert_int_equal(lines, EVENTS - dropped);
	close(reader);
}

static void does_nothing_while_closed(void **state)
{
	(void)state;
	trace_event(VIEW("id"), TRACE_DONE, log_u64("n", 1));
	trace_flush();
	trace_expire();
	assert_int_equal(trace_open(folder_fd, 30), 0);
	trace_event(VIEW("id"), TRACE_DONE, log_u64("n", 2));
	trace_close(); /* writes what is left */
	struct buf day;
	buf_init(&day, 1 << 20);
	read_day(clock_wall(), &day);
	assert_true(view_ends_nocase(buf_view(&day), VIEW(" id done n=2\n")));
	buf_done(&day);
}

int main(void)
{
	static int64_t zero;
	char clock_file[] = "/tmp/postrider-clock-XXXXXX";
	int fd = mkstemp(clock_file);
	if (fd < 0 || write(fd, &zero, sizeof zero) != sizeof zero || clock_simulate(clock_file) != 0)
		return 1;
	ahead = mmap(NULL, sizeof *ahead, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	unlink(clock_file);
	log_open(-1, "unit", LOG_INFO);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(writes_one_line_an_event, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(each_day_has_its_file_and_old_ones_go, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_torn_line_does_not_spoil_the_next, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(goes_on_when_nothing_can_be_written, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_hanging_disk_costs_lines_not_time, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(does_nothing_while_closed, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
