/* Connecting, as connect.h says: once for all who go out, so that time-outs and sources are the same for all.
 */
#include "io/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

static void finish(struct connecting *c, int result)
{
	int fd = c->fd;
	c->fd = -1; /* else connect_cancel closes it */
	connect_cancel(c);
	if (result < 0 && fd >= 0)
		close(fd);
	c->done(c->arg, result); /* may free it */
}

static void on_writable(void *arg)
{
	struct connecting *c = arg;
	int error = 0;
	socklen_t len = sizeof error;
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	finish(c, error ? -error : c->fd);
}

static void on_timer(void *arg)
{
	finish(arg, -ETIMEDOUT);
}

static void on_task(void *arg)
{
	struct connecting *c = arg;
	finish(c, c->result < 0 ? c->result : c->fd);
}

static int bind_to(int fd, const struct sockaddr_storage *source)
{
	socklen_t len =
	    source->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int on = 1;
	/* The port is chosen at connect, where it need not be free for all destinations at once. An older
	 * kernel chooses it here. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	return bind(fd, (const struct sockaddr *)source, len) == 0 ? 0 : -errno;
}

/* 0: connected; -EINPROGRESS; or why not. */
static int begin(struct connecting *c, const struct sockaddr_storage *address, socklen_t len,
    const struct sockaddr_storage *source)
{
	c->fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -errno;
	if (source && source->ss_family == address->ss_family &&
	    (source->ss_family == AF_INET || source->ss_family == AF_INET6)) {
		int error = bind_to(c->fd, source);
		if (error)
			return error;
	}
	if (connect(c->fd, (const struct sockaddr *)address, len) == 0)
		return 0;
	return errno == EINTR ? -EINPROGRESS : -errno; /* interrupted, it goes on by itself */
}

void connect_start(struct connecting *c, struct loop *loop, const struct sockaddr_storage *address,
    socklen_t len, const struct sockaddr_storage *source, int64_t timeout_ms,
    void (*done)(void *arg, int result), void *arg)
{
	*c = (struct connecting){.loop = loop, .done = done, .arg = arg, .fd = -1};
	loop_timer_init(&c->timer, loop, on_timer, c);
	loop_task_init(&c->task, loop, on_task, c);
	c->result = begin(c, address, len, source);
	loop_watch_init(&c->writable, loop, c->fd, LOOP_WRITE, on_writable, c);
	if (c->result != -EINPROGRESS) {
		loop_task_schedule(&c->task);
		return;
	}
	loop_watch_on(&c->writable);
	loop_timer_set(&c->timer, timeout_ms);
}

void connect_cancel(struct connecting *c)
{
	if (c->loop == NULL)
		return;
	loop_watch_off(&c->writable);
	loop_timer_cancel(&c->timer);
	loop_task_cancel(&c->task);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}
