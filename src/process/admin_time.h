/*
 * How long a channel of administration lives (mail/administration.h): until nothing has been asked on it for
 * ADMIN_IDLE_SECONDS, and for ADMIN_SECONDS in any case.
 */
#ifndef PROCESS_ADMIN_TIME_H
#define PROCESS_ADMIN_TIME_H

#include "io/loop.h"

struct admin_time {
	struct loop_timer timer;
	int64_t ends, idle_ends; /* clock_elapsed_ms */
	void (*over)(void *arg);
	void *arg;
};

/* over is called once, in a turn of its own. */
void admin_time_begin(struct admin_time *t, struct loop *loop, void (*over)(void *arg), void *arg);
/* Something is asked. */
void admin_time_use(struct admin_time *t);
void admin_time_stop(struct admin_time *t);

#endif
