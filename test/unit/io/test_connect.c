#include "../unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/connect.h"

enum { LONG = 60000, PARKED_MAX = 64 };

static struct loop loop;
static int results, last;

static int setup(void **state)
{
	(void)state;
	results = last = 0;
	loop_init(&loop);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	loop_done(&loop);
	return 0;
}

static void done(void *arg, int result)
{
	(void)arg;
	results++;
	last = result;
}

static struct sockaddr_storage at(const char *text, in_port_t port)
{
	struct sockaddr_storage storage = {0};
	struct sockaddr_in *address = (struct sockaddr_in *)&storage;
	address->sin_family = AF_INET;
	address->sin_port = port;
	assert_int_equal(inet_pton(AF_INET, text, &address->sin_addr), 1);
	return storage;
}

/* Bound, and listening if `backlog` is not negative; its address in *address. */
static int listener(int backlog, struct sockaddr_storage *address)
{
	socklen_t len = sizeof(struct sockaddr_in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	*address = at("127.0.0.1", 0);
	assert_int_equal(bind(fd, (struct sockaddr *)address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static void wait_for_result(void)
{
	assert_int_equal(results, 0); /* never from within connect_start */
	loop_turn(&loop);
	while (!results)
		event_base_loop(loop.base, EVLOOP_ONCE);
	assert_int_equal(results, 1);
}

static void start(struct connecting *c, const struct sockaddr_storage *address,
    const struct sockaddr_storage *source, int64_t timeout_ms)
{
	connect_start(c, &loop, address, sizeof(struct sockaddr_in), source, timeout_ms, done, NULL);
}

static void connects(void **state)
{
	(void)state;
	struct connecting c;
	struct sockaddr_storage address, peer, source = at("127.0.0.2", 0);
	socklen_t len = sizeof peer;
	int fd = listener(5, &address);
	start(&c, &address, &source, LONG);
	wait_for_result();
	assert_true(last >= 0);
	int other = accept(fd, (struct sockaddr *)&peer, &len);
	assert_true(other >= 0);
	assert_int_equal(((struct sockaddr_in *)&peer)->sin_addr.s_addr, htonl(0x7f000002));
	connect_cancel(&c); /* the descriptor is no longer its own */
	assert_int_equal(write(last, "x", 1), 1);
	close(last);
	close(other);
	close(fd);
}

static void comes_from_anywhere_where_the_family_differs(void **state)
{
	(void)state;
	struct connecting c;
	struct sockaddr_storage address, source = {.ss_family = AF_INET6};
	int fd = listener(5, &address);
	start(&c, &address, &source, LONG);
	wait_for_result();
	assert_true(last >= 0);
	close(last);
	close(fd);
}

static void is_refused(void **state)
{
	(void)state;
	struct connecting c;
	struct sockaddr_storage address;
	int fd = listener(-1, &address);
	start(&c, &address, NULL, LONG);
	wait_for_result();
	assert_int_equal(last, -ECONNREFUSED);
	close(fd);
}

static void cannot_be_started(void **state)
{
	(void)state;
	struct connecting c;
	struct sockaddr_storage address, source = at("192.0.2.1", 0), strange = {.ss_family = 255};
	int fd = listener(5, &address);
	start(&c, &address, &source, LONG);
	wait_for_result();
	assert_int_equal(last, -EADDRNOTAVAIL);
	results = 0;
	start(&c, &strange, NULL, LONG);
	wait_for_result();
	assert_int_equal(last, -EAFNOSUPPORT);
	close(fd);
}

/* A listener whose queue is full answers nothing. */
static void gives_up(void **state)
{
	(void)state;
	struct connecting c;
	struct sockaddr_storage address;
	int parked[PARKED_MAX], count = 0, fd = listener(0, &address);
	bool full = false;
	while (!full && count < PARKED_MAX) {
		int s = parked[count++] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(s, (struct sockaddr *)&address, sizeof(struct sockaddr_in));
		full = poll(&(struct pollfd){.fd = s, .events = POLLOUT}, 1, 0) == 0;
	}
	assert_true(full);
	start(&c, &address, NULL, 5);
	wait_for_result();
	assert_int_equal(last, -ETIMEDOUT);
	while (count)
		close(parked[--count]);
	close(fd);
}

static void is_cancelled(void **state)
{
	(void)state;
	struct connecting c = {0};
	struct sockaddr_storage address, strange = {.ss_family = 255};
	int fd = listener(5, &address);
	connect_cancel(&c);
	start(&c, &address, NULL, 1);
	connect_cancel(&c);
	connect_cancel(&c);
	start(&c, &strange, NULL, 1);
	connect_cancel(&c);
	/* Nothing is left in the loop that could still call. */
	assert_int_equal(event_base_loop(loop.base, EVLOOP_ONCE), 1);
	loop_turn(&loop);
	assert_int_equal(results, 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(connects, setup, teardown),
	    cmocka_unit_test_setup_teardown(comes_from_anywhere_where_the_family_differs, setup, teardown),
	    cmocka_unit_test_setup_teardown(is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(cannot_be_started, setup, teardown),
	    cmocka_unit_test_setup_teardown(gives_up, setup, teardown),
	    cmocka_unit_test_setup_teardown(is_cancelled, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
