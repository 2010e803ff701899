/* An administrator's socket in a process without descriptors: the listener rests, and takes the client when
 * there is room again. */
#include "../unit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "process/admin_listener.h"

static int accepted = -1;

static void connected(int fd)
{
	accepted = fd;
}

/* An abstract address of the kernel's choice: nothing is left behind. */
static int listen_somewhere(struct sockaddr_un *address, socklen_t *len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	*len = sizeof *address;
	assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof address->sun_family), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, len), 0);
	return fd;
}

static void set_limit(rlim_t files)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = files;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void rests_without_descriptors(void **state)
{
	struct admin_listener listener;
	struct sockaddr_un address;
	struct rlimit before;
	struct loop loop;
	socklen_t len;
	(void)state;
	loop_init(&loop);
	admin_listener_open(&listener, &loop, listen_somewhere(&address, &len), connected);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);

	int next = fcntl(client, F_DUPFD_CLOEXEC, 0);
	close(next);
	set_limit((rlim_t)next);
	int64_t began = clock_monotonic_ms();
	loop_turn(&loop);
	assert_int_equal(accepted, -1);
	assert_false(loop_watch_is_on(&listener.watch));
	set_limit(before.rlim_cur);
	loop_turn(&loop);
	if (clock_monotonic_ms() - began < 1000)
		assert_int_equal(accepted, -1); /* there is room, but it rests */
	while (accepted < 0)
		loop_turn(&loop);
	assert_true(clock_monotonic_ms() - began >= 900);
	assert_true(loop_watch_is_on(&listener.watch));

	close(accepted);
	close(client);
	loop_watch_off(&listener.watch);
	close(listener.fd);
	loop_done(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rests_without_descriptors),
	};
	log_set_threshold(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
