#include "../unit.h"
#include <stdio.h>

#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"

static void keep(struct view line, void *arg)
{
	buf_append(arg, line);
}

static void escapes_and_cuts_foreign_text(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 100000);
	log_capture(keep, &b);
	char big[2000];
	memset(big, 'x', sizeof big);
	log_event(LOG_INFO, "id1", "test-event", log_text("a", VIEW("x\r\ny=\"\x7f")), log_u64("n", 5),
	    log_i64("m", -5), log_text("empty", VIEW("")), log_string("s", "plain"));
	log_event(LOG_DEBUG, "id1", "below-threshold", log_u64("n", 1));
	const char *line = buf_string(&b);
	assert_non_null(strstr(line,
	    "info postrider id1 test-event a=\"x\\x0d\\x0ay=\\\"\\x7f\" n=5 m=-5 empty=\"\" s=plain\n"));
	assert_null(strstr(line, "below-threshold"));
	buf_clear(&b);
	log_event(LOG_INFO, "id1", "long", log_text("a", view_of(big, sizeof big)), log_u64("n", 1));
	assert_true(buf_view(&b).len < 700);
	assert_non_null(strstr(buf_string(&b), "...\" n=1\n"));
	log_capture(NULL, NULL);
	buf_done(&b);
}

static void never_blocks_and_says_what_it_dropped(void **state)
{
	(void)state;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	log_open(pair[0], "unit", LOG_INFO);
	while (log_dropped() == 0)
		log_record(LOG_INFO, "-", "filler", log_u64("n", 1));
	uint64_t dropped = log_dropped();
	char line[4096];
	while (recv(pair[1], line, sizeof line, MSG_DONTWAIT) > 0)
		;
	log_event(LOG_INFO, "-", "after", log_u64("n", 2));
	ssize_t n = recv(pair[1], line, sizeof line - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	line[n] = '\0';
	char expected[64];
	snprintf(expected, sizeof expected, "n=2 log_lines_dropped=%llu\n", (unsigned long long)dropped);
	assert_non_null(strstr(line, expected));
	log_open(-1, "unit", LOG_INFO);
	close(pair[0]);
	close(pair[1]);
}

/* A disk that fails writes the same line for ever; another cause and another event are heard meanwhile. */
static void leaves_out_what_is_too_fast(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 1000000);
	log_capture(keep, &b);
	for (int i = 0; i < 1000; i++) {
		log_event(LOG_ERROR, NULL, "disk-fails", log_errno(5));
		log_record(LOG_INFO, "id", "kept", log_u64("n", 1));
	}
	log_event(LOG_ERROR, NULL, "disk-fails", log_errno(28));
	log_tell_left_out();
	size_t fails = 0, kept = 0;
	const char *all = buf_string(&b);
	for (const char *at = all; (at = strstr(at, "disk-fails error=\"Input")); at++)
		fails++;
	for (const char *at = all; (at = strstr(at, " kept n=1")); at++)
		kept++;
	assert_int_equal(kept, 1000);
	assert_in_range(fails, 10, 12); /* one more for each second that the test takes */
	assert_non_null(strstr(all, "disk-fails error=\"No space"));
	char told[100];
	snprintf(told, sizeof told,
	    "lines-left-out event=disk-fails count=%zu example=\"Input/output error\"", 1000 - fails);
	assert_non_null(strstr(all, told));
	buf_clear(&b);
	log_tell_left_out();
	assert_int_equal(buf_view(&b).len, 0);
	log_capture(NULL, NULL);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(escapes_and_cuts_foreign_text),
	    cmocka_unit_test(leaves_out_what_is_too_fast),
	    cmocka_unit_test(never_blocks_and_says_what_it_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
