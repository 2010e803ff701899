/*
 * The event loop of a role: descriptors, timers, signals, and tasks at the end of a turn. One loop a process,
 * one thread a loop; nothing here may be called from another thread. The structures are embedded in the
 * caller's and must stay where they are until they are taken off the loop.
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

struct loop_task;

struct loop {
	struct event_base *base;
	struct loop_task *tasks, **tasks_end;
	bool stopping;
};

/* Ends the process when there is no memory or no descriptor for it: nothing works without a loop. */
void loop_init(struct loop *loop);
void loop_done(struct loop *loop);

/* Runs until loop_stop. A handler that takes more than 20 ms is logged: nothing may block a loop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* One round without waiting: for tests and for start-up. */
void loop_turn(struct loop *loop);

/* ---- descriptors, level-triggered ---- */

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

struct loop_watch {
	struct event
	    *event; /* NULL: it is off. Most connections never wait to write, and ten thousand are many */
	struct loop *loop;
	void (*ready)(void *arg);
	void *arg;
	int fd;
	unsigned direction; /* LOOP_READ or LOOP_WRITE: one watch, one direction */
};

void loop_watch_init(
    struct loop_watch *w, struct loop *loop, int fd, unsigned direction, void (*ready)(void *), void *arg);
void loop_watch_on(struct loop_watch *w);
void loop_watch_off(struct loop_watch *w);

static inline bool loop_watch_is_on(const struct loop_watch *w)
{
	return w->event != NULL;
}

/* ---- timers, monotonic ---- */

struct loop_timer {
	struct event event;
	struct loop *loop;
	void (*fired)(void *arg);
	void *arg;
};

void loop_timer_init(struct loop_timer *t, struct loop *loop, void (*fired)(void *), void *arg);
/* Fires once, after that many milliseconds; set again, it forgets the earlier time. */
void loop_timer_set(struct loop_timer *t, int64_t milliseconds);
void loop_timer_cancel(struct loop_timer *t);

/* ---- signals ---- */

struct loop_signal {
	struct event event;
	void (*received)(void *arg);
	void *arg;
};

void loop_signal_on(
    struct loop_signal *s, struct loop *loop, int number, void (*received)(void *), void *arg);

/*
 * ---- the end of the turn ----
 * A task runs once, after the handlers of this turn; scheduled again before it ran, it still runs once. This
 * is where output is flushed and where objects are freed: nobody frees inside a callback.
 */
struct loop_task {
	struct loop_task *next;
	struct loop *loop;
	void (*run)(void *arg);
	void *arg;
	bool scheduled;
};

void loop_task_init(struct loop_task *task, struct loop *loop, void (*run)(void *), void *arg);
void loop_task_schedule(struct loop_task *task);
void loop_task_cancel(struct loop_task *task);

#endif
