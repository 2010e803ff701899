/* The accepting end of an administrator's socket: whoever can open it is root, or the user that the server
 * runs as. */
#ifndef PROCESS_ADMIN_LISTENER_H
#define PROCESS_ADMIN_LISTENER_H

#include "io/loop.h"

struct admin_listener {
	struct loop_watch watch;
	struct loop_timer again;
	int fd;
	void (*connected)(int fd);
};

/* Accepts from now on; the listening socket must be non-blocking. `connected` owns what it gets. */
void admin_listener_open(struct admin_listener *l, struct loop *loop, int fd, void (*connected)(int fd));

/* Accepts no more; who waits in the backlog is for whoever else has the socket. */
void admin_listener_close(struct admin_listener *l);

#endif
