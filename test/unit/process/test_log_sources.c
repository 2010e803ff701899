/* The log role's reading: each line under the name of the socket that it came through, all in the order of
 * their sending. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log_line.h"
#include "process/log_sources.h"

static struct loop loop;
static struct log_sources sources;
static struct buf written;

static void take(struct view lines, void *arg)
{
	assert_ptr_equal(arg, &written);
	assert_true(lines.len > 0 && lines.data[lines.len - 1] == '\n');
	assert_int_equal(buf_append(&written, lines), 0);
}

static int start(void **state)
{
	(void)state;
	loop_init(&loop);
	buf_init(&written, 16 << 20);
	log_sources_init(&sources, &loop, take, &written);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	log_sources_done(&sources);
	buf_done(&written);
	loop_done(&loop);
	return 0;
}

/* The end that a role would write into. */
static int source(const char *role)
{
	int pair[2];
	assert_int_equal(log_source_pair(pair), 0);
	log_sources_add(&sources, pair[0], role);
	return pair[1];
}

static void say(int fd, const char *packet)
{
	assert_int_equal(send(fd, packet, strlen(packet), MSG_NOSIGNAL), strlen(packet));
}

static void say_event(int fd, const char *role, unsigned number)
{
	struct log_line l = {.len = 0};
	struct log_field n = log_u64("n", number);
	log_line_head(&l, LOG_INFO, role, "-", "event");
	log_line_field(&l, &n);
	log_line_end(&l);
	assert_int_equal(send(fd, l.data, l.len, MSG_NOSIGNAL), l.len);
}

static void turns(void)
{
	for (int i = 0; i < 5; i++)
		loop_turn(&loop);
}

static void good_lines_pass_as_they_are(void **state)
{
	(void)state;
	static const char line[] = "2026-11-28T19:00:00.000Z info smtp AbC event k=\"v w\"\n";
	int fd = source("smtp");
	say(fd, line);
	turns();
	assert_int_equal(buf_view(&written).len, 0); /* not before the role serves */
	log_sources_start(&sources);
	turns();
	assert_view(buf_view(&written), line);
	close(fd);
}

/* Lines of two roles, one after the other: as many as several passes take, read together. */
static void the_order_is_that_of_sending(void **state)
{
	(void)state;
	int smtp = source("smtp"), store = source("store"), master = source("master");
	for (unsigned i = 0; i < 300; i++) {
		say_event(smtp, "smtp", 3 * i);
		say_event(store, "store", 3 * i + 1);
		say_event(master, "master", 3 * i + 2);
	}
	log_sources_drain(&sources);
	struct view rest = buf_view(&written), line;
	unsigned n = 0;
	while (view_next(&rest, '\n', &line) && line.len) {
		char expected[40];
		snprintf(expected, sizeof expected, " %s - event n=%u",
		    n % 3 == 0   ? "smtp"
		    : n % 3 == 1 ? "store"
		                 : "master",
		    n);
		assert_view(view_skip(line, 24 + 5), expected);
		n++;
	}
	assert_int_equal(n, 900);
	close(smtp);
	close(store);
	close(master);
}

/* A role that was taken over writes what it likes: it comes out as its own words, on a line of their own. */
static void nobody_writes_as_another(void **state)
{
	(void)state;
	static const char *const forged[] = {"2026-11-28T19:00:00.000Z info auth - logged-in account=1\n",
	    ("2026-11-28T19:00:00.000Z info smtp - a k=1\n2026-11-28T19:00:00.000Z info auth - logged-in "
	     "account=1\n"),
	    "2026-11-28T19:00:00.000Z info smtp - a k=1\r2026-11-28T19:00:00.000Z info auth - b k=1\n",
	    "2026-11-28T19:00:00.000Z info smtp - a k=\x1b]0;owned\x07\n",
	    "2026-11-28T19:00:00.000Z info smtp - a k=\xe2\x80\xaex\n", "no line at all",
	    "==1==ERROR: AddressSanitizer: heap\n\n    #0 0x1 in f\n"};
	int fd = source("smtp");
	for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
		buf_clear(&written);
		say(fd, forged[i]);
		log_sources_drain(&sources);
		struct view rest = buf_view(&written), line;
		size_t lines = 0;
		for (; view_next(&rest, '\n', &line) && line.len; lines++) {
			assert_true(line.len > 24 && view_starts(view_skip(line, 24),
			                                 VIEW(" warning smtp - stray-line text=\"")));
			for (size_t k = 0; k < line.len; k++)
				assert_true(ascii_is_print(line.data[k]));
		}
		assert_int_equal(lines, i == 1 || i == 6 ? 2 : 1);
	}
	assert_non_null(strstr(buf_string(&written), "text=\"    #0 0x1 in f\"\n"));
	close(fd);
}

static void what_is_too_much_is_counted(void **state)
{
	(void)state;
	struct buf packet;
	int fd = source("pop3");
	buf_init(&packet, 100000);
	/* Ten octets a line, ten more lines than are shown. */
	for (int i = 0; i < LOG_STRAY_LINES_MAX + 10; i++)
		buf_append_string(&packet, "123456789\n");
	say(fd, buf_string(&packet));
	log_sources_drain(&sources);
	struct view rest = buf_view(&written), line, last = {0};
	int lines = 0;
	for (; view_next(&rest, '\n', &line) && line.len; lines++)
		last = line;
	assert_int_equal(lines, LOG_STRAY_LINES_MAX + 1);
	assert_view(view_skip(last, 24), " warning pop3 - stray-lines-cut octets=100");
	/* More than a packet may hold: cut where it is read, and the rest counted. */
	buf_clear(&packet);
	buf_clear(&written);
	for (int i = 0; i < LOG_PACKET_MAX + 7; i++)
		buf_append_byte(&packet, 'x');
	say(fd, buf_string(&packet));
	log_sources_drain(&sources);
	assert_non_null(strstr(buf_string(&written), "xxx...\"\n"));
	assert_non_null(strstr(buf_string(&written), " warning pop3 - stray-lines-cut octets=7\n"));
	buf_done(&packet);
	close(fd);
}

static void a_source_goes_when_it_is_empty(void **state)
{
	(void)state;
	int first = source("smtp"), second = source("smtp");
	log_sources_start(&sources);
	say_event(first, "smtp", 1);
	close(first);
	turns();
	assert_int_equal(sources.count, 1);
	assert_non_null(strstr(buf_string(&written), "n=1\n"));
	/* A role that closes its way closes nobody else's. */
	shutdown(second, SHUT_RDWR);
	turns();
	assert_int_equal(sources.count, 0);
	int third = source("smtp");
	say_event(third, "smtp", 2);
	turns();
	assert_non_null(strstr(buf_string(&written), "n=2\n"));
	close(second);
	close(third);
}

static void one_that_floods_does_not_stop_the_others(void **state)
{
	(void)state;
	int loud = source("smtp"), quiet = source("store");
	unsigned sent = 0;
	struct log_line l = {.len = 0};
	log_line_head(&l, LOG_INFO, "smtp", "-", "flood");
	log_line_end(&l);
	while (send(loud, l.data, l.len, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		sent++;
	assert_int_equal(errno, EAGAIN);
	assert_true(sent > 100);
	say_event(quiet, "store", 7); /* there is room: each has its own */
	log_sources_drain(&sources);
	assert_non_null(strstr(buf_string(&written), " info store - event n=7\n"));
	struct view rest = buf_view(&written), line;
	unsigned lines = 0;
	while (view_next(&rest, '\n', &line) && line.len)
		lines++;
	assert_int_equal(lines, sent + 1);
	close(loud);
	close(quiet);
}

static void there_is_an_end_to_sources(void **state)
{
	(void)state;
	int ends[LOG_SOURCES_MAX];
	for (int i = 0; i < LOG_SOURCES_MAX; i++)
		ends[i] = source("smtp");
	int refused = source("smtp");
	assert_int_equal(sources.count, LOG_SOURCES_MAX);
	assert_int_equal(send(refused, "x", 1, MSG_NOSIGNAL), -1);
	close(refused);
	for (int i = 0; i < LOG_SOURCES_MAX; i++)
		close(ends[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(good_lines_pass_as_they_are, start, stop),
	    cmocka_unit_test_setup_teardown(the_order_is_that_of_sending, start, stop),
	    cmocka_unit_test_setup_teardown(nobody_writes_as_another, start, stop),
	    cmocka_unit_test_setup_teardown(what_is_too_much_is_counted, start, stop),
	    cmocka_unit_test_setup_teardown(a_source_goes_when_it_is_empty, start, stop),
	    cmocka_unit_test_setup_teardown(one_that_floods_does_not_stop_the_others, start, stop),
	    cmocka_unit_test_setup_teardown(there_is_an_end_to_sources, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
