/*
 * A connection on its way: socket, source address, connect, and the time that it may take. What comes out is
 * a descriptor; stream_init makes a stream of it.
 */
#ifndef IO_CONNECT_H
#define IO_CONNECT_H

#include <sys/socket.h>

#include "io/loop.h"

/* Zeroed, or once it was started: may be cancelled. Stays where it is until `done` or connect_cancel. */
struct connecting {
	struct loop *loop;
	void (*done)(void *arg, int result);
	void *arg;
	struct loop_watch writable;
	struct loop_timer timer;
	struct loop_task task;
	int fd;     /* -1: none */
	int result; /* of a start that failed, or succeeded at once */
};

/*
 * Connects a non-blocking stream socket. `source` is the address to come from; NULL, or one of another family
 * than `address`: any. Both are copied.
 *
 * `done` is called once, from the loop and never from within: with a connected descriptor, close-on-exec,
 * which is the callee's; or with a negative errno: -ETIMEDOUT after timeout_ms, -EADDRNOTAVAIL for a source
 * that this machine has not, or what socket, bind and connect say. It may free the structure, or start it
 * again.
 */
void connect_start(struct connecting *c, struct loop *loop, const struct sockaddr_storage *address,
    socklen_t len, const struct sockaddr_storage *source, int64_t timeout_ms,
    void (*done)(void *arg, int result), void *arg);

/* `done` is not called any more. Allowed at any time. */
void connect_cancel(struct connecting *c);

#endif
