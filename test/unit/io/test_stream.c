#include "../unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/stream.h"

/* A machine that takes whole lines and answers each with its length; "wait" holds the stream until resumed.
 */
struct machine {
	struct stream stream;
	unsigned lines, ended, deadlines;
	enum stream_end how;
};

static size_t input(void *arg, struct view bytes)
{
	struct machine *m = arg;
	ptrdiff_t end = view_find(bytes, '\n');
	if (end < 0)
		return 0;
	m->lines++;
	buf_printf(stream_out(&m->stream), "%td\n", end);
	stream_wrote(&m->stream);
	if (view_starts(bytes, VIEW("wait")))
		stream_hold(&m->stream);
	if (view_starts(bytes, VIEW("quit")))
		stream_close(&m->stream);
	return (size_t)end + 1;
}

static void ended(void *arg, enum stream_end how)
{
	struct machine *m = arg;
	m->ended++;
	m->how = how;
}

static void deadline(void *arg)
{
	struct machine *m = arg;
	m->deadlines++;
	stream_write(&m->stream, VIEW("late\n"));
	stream_close(&m->stream);
}

static const struct stream_handler handler = {.input = input, .ended = ended, .deadline = deadline};

static void start(struct loop *loop, struct machine *m, int *fd)
{
	int pair[2];
	loop_init(loop);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	stream_init(&m->stream, loop, pair[0], &handler, m);
	*fd = pair[1];
}

static void expect(struct loop *loop, int fd, const char *expected)
{
	char got[200];
	size_t len = 0;
	for (int i = 0; i < 50; i++) {
		loop_turn(loop);
		ssize_t n = read(fd, got + len, sizeof got - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	got[len] = '\0';
	assert_string_equal(got, expected);
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void feeds_holds_and_resumes(void **state)
{
	(void)state;
	struct loop loop;
	struct machine m = {0};
	int fd;
	start(&loop, &m, &fd);
	say(fd, "a");
	expect(&loop, fd, "");
	say(fd, "bc\nwait\nxyzzy\n");
	expect(&loop, fd, "3\n4\n");
	say(fd, "more\n");
	expect(&loop, fd, "");
	assert_int_equal(m.lines, 2);
	stream_resume(&m.stream);
	expect(&loop, fd, "5\n4\n");
	say(fd, "quit\nnot read\n");
	expect(&loop, fd, "4\n");
	assert_int_equal(m.ended, 1);
	assert_int_equal(m.how, STREAM_CLOSED);
	assert_int_equal(m.lines, 5);
	stream_free(&m.stream);
	close(fd);
	loop_done(&loop);
}

static void answers_what_came_before_the_end(void **state)
{
	(void)state;
	struct loop loop;
	struct machine m = {0};
	int fd;
	start(&loop, &m, &fd);
	say(fd, "abc\n");
	shutdown(fd, SHUT_WR);
	expect(&loop, fd, "3\n");
	assert_int_equal(m.ended, 1);
	assert_int_equal(m.how, STREAM_PEER_CLOSED);
	stream_free(&m.stream);
	close(fd);
	loop_done(&loop);
}

static void a_machine_that_takes_nothing_ends(void **state)
{
	(void)state;
	static char endless[STREAM_LEFTOVER_MAX + 4096];
	struct loop loop;
	struct machine m = {0};
	int fd;
	start(&loop, &m, &fd);
	memset(endless, 'x', sizeof endless);
	size_t sent = 0;
	for (int i = 0; i < 200 && !m.ended; i++) {
		ssize_t n = sent < sizeof endless ? write(fd, endless + sent, sizeof endless - sent) : 0;
		sent += n > 0 ? (size_t)n : 0;
		loop_turn(&loop);
	}
	assert_int_equal(m.ended, 1);
	assert_int_equal(m.how, STREAM_FAILED);
	stream_free(&m.stream);
	close(fd);
	loop_done(&loop);
}

static void keeps_its_deadline(void **state)
{
	(void)state;
	struct loop loop;
	struct machine m = {0};
	int fd;
	start(&loop, &m, &fd);
	stream_set_deadline(&m.stream, 1);
	/* Blocks in the loop until the timer has fired and the stream has ended. */
	while (!m.ended)
		event_base_loop(loop.base, EVLOOP_ONCE), loop_turn(&loop);
	assert_int_equal(m.deadlines, 1);
	expect(&loop, fd, "late\n");
	stream_free(&m.stream);
	close(fd);
	loop_done(&loop);
}

/* A port on which nobody listens: one that was given to a socket which is closed by now. */
static struct sockaddr_in nobody(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return address;
}

static void says_why_nobody_could_be_reached(void **state)
{
	(void)state;
	struct loop loop;
	struct machine m = {.lines = 0};
	struct sockaddr_in address = nobody();
	loop_init(&loop);
	int error =
	    stream_connect(&m.stream, &loop, (struct sockaddr *)&address, sizeof address, &handler, &m);
	if (error == 0) {
		for (int i = 0; i < 1000 && !m.ended; i++)
			loop_turn(&loop);
		assert_int_equal(m.ended, 1);
		assert_int_equal(m.how, STREAM_FAILED);
		assert_int_equal(stream_error(&m.stream), ECONNREFUSED);
		stream_free(&m.stream);
	} else {
		assert_int_equal(error, -ECONNREFUSED);
	}
	loop_done(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(feeds_holds_and_resumes),
	    cmocka_unit_test(answers_what_came_before_the_end),
	    cmocka_unit_test(a_machine_that_takes_nothing_ends),
	    cmocka_unit_test(keeps_its_deadline),
	    cmocka_unit_test(says_why_nobody_could_be_reached),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
