/*
 * Accepting administrators, in auth and in store. Without a descriptor or memory left an accept fails and its
 * client stays ready for the next: then the listener rests, so that the process does not spin.
 */
#include "process/admin_listener.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

enum { PAUSE_MS = 1000 };

static void go_on(void *arg)
{
	struct admin_listener *l = arg;
	loop_watch_on(&l->watch);
}

static void on_connect(void *arg)
{
	struct admin_listener *l = arg;
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		l->connected(fd);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
		log_event(LOG_WARNING, "-", "accept-paused", log_errno(errno));
		loop_watch_off(&l->watch);
		loop_timer_set(&l->again, PAUSE_MS);
	}
}

void admin_listener_open(struct admin_listener *l, struct loop *loop, int fd, void (*connected)(int fd))
{
	*l = (struct admin_listener){.fd = fd, .connected = connected};
	loop_timer_init(&l->again, loop, go_on, l);
	loop_watch_init(&l->watch, loop, fd, LOOP_READ, on_connect, l);
	loop_watch_on(&l->watch);
}

void admin_listener_close(struct admin_listener *l)
{
	if (l->connected == NULL)
		return;
	loop_watch_off(&l->watch);
	loop_timer_cancel(&l->again);
	close(l->fd);
	*l = (struct admin_listener){.fd = -1};
}
