/*
 * Results on their way from any thread to the owner's loop: a queue and an eventfd that is readable while the
 * queue holds something.
 */
#ifndef STORE_COMPLETIONS_H
#define STORE_COMPLETIONS_H

#include <pthread.h>

#include "store/engine.h"

struct completions {
	pthread_mutex_t lock;
	struct pending_queue queue;
	int event_fd;
};

int completions_init(struct completions *c) __attribute__((warn_unused_result));
void completions_done(struct completions *c);

/* From any thread: p->act will run in completions_dispatch. All of a list in one go is cheaper. */
void completions_add(struct completions *c, struct store_pending *p);
void completions_add_all(struct completions *c, struct pending_queue *list);

/* On the loop's thread: runs the act of everything that waited at the time of the call. */
void completions_dispatch(struct completions *c);

/* Blocks until something waits, or for the given time. */
void completions_wait(struct completions *c, int milliseconds);

#endif
