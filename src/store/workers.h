/* A few threads that take work from one queue, in order. */
#ifndef STORE_WORKERS_H
#define STORE_WORKERS_H

#include <pthread.h>

#include "store/engine.h"

enum { WORKERS_MAX = 16 };

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct pending_queue queue;
	unsigned idle, count;
	bool stopping;
	pthread_t threads[WORKERS_MAX];
	struct worker {
		struct workers *all;
		unsigned number;
	} self[WORKERS_MAX];
};

/* Starts the threads; 0 or a negative errno. `name` is seen in ps and top. */
int workers_start(struct workers *w, unsigned count, const char *name) __attribute__((warn_unused_result));

/* p->act(p, thread number) will run on one of the threads. */
void workers_add(struct workers *w, struct store_pending *p);

/* Finishes what is queued, and ends the threads. */
void workers_stop(struct workers *w);

/* Starts one thread with a small stack and signals blocked, but for its own faults: signals are the loop's
 * business. */
int thread_start(pthread_t *thread, void *(*main)(void *), void *arg, const char *name)
    __attribute__((warn_unused_result));

#endif
