/*
 * A fiber runs a function on a stack of its own, so that a library which knows no waiting can be made to
 * wait: the function stops in fiber_wait, its caller goes on with other work, and fiber_go_on continues it.
 * One thread, no scheduler, no locks; for TLS handshakes whose signature comes from elsewhere (tls_shake.c),
 * and for nothing else: what can be a machine should be one.
 */
#ifndef IO_FIBER_H
#define IO_FIBER_H

#include <stdbool.h>

struct fiber;

enum {
	FIBERS_MAX = 2000, /* at a time: 64 KB of addresses each, of which a handshake touches some 8 */
	FIBERS_KEPT = 16   /* stacks that are kept for the next: as many as a busy turn of the loop begins */
};

/*
 * Runs the function until it waits or ends. *out: the fiber, NULL when it has ended. 0; -ENOMEM when there
 * are too many, or there is no memory for its stack: then the function was not called.
 */
int fiber_run(void (*run)(void *arg), void *arg, struct fiber **out);

/* Continues it until it waits again or has ended: true, and it is freed. Never from within a fiber. */
bool fiber_go_on(struct fiber *f);

/* Whether the caller runs in a fiber, and so may wait. */
bool fiber_is_here(void);

/* In a fiber: returns when somebody calls fiber_go_on. The caller must then check again whether what it
 * waits for has happened. */
void fiber_wait(void);

#endif
