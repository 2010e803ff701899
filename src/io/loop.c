/* The event loop of loop.h, on libevent_core. */
#include "io/loop.h"

#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/loop_memory.h"

enum { SLOW_HANDLER_US = 20000 };

void loop_init(struct loop *loop)
{
	loop_memory_init();
	*loop = (struct loop){0};
	loop->tasks_end = &loop->tasks;
	struct event_config *config = event_config_new();
	/* The loop asks the clock itself; caching it would make deadlines late by a turn's length. */
	if (config == NULL || event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) != 0 ||
	    (loop->base = event_base_new_with_config(config)) == NULL) {
		log_event(LOG_ERROR, "-", "no-event-loop", log_string("do", "raise the limit of open files"));
		abort();
	}
	event_config_free(config);
	signal(SIGPIPE, SIG_IGN);
}

void loop_done(struct loop *loop)
{
	if (loop->base)
		event_base_free(loop->base);
	*loop = (struct loop){0};
}

static void run_tasks(struct loop *loop)
{
	/* A task may schedule others; they run in this turn as well, the list is bounded by its objects. */
	while (loop->tasks) {
		struct loop_task *task = loop->tasks;
		loop->tasks = task->next;
		if (loop->tasks == NULL)
			loop->tasks_end = &loop->tasks;
		task->scheduled = false;
		task->run(task->arg);
	}
}

void loop_run(struct loop *loop)
{
	loop->stopping = false;
	run_tasks(loop);
	while (!loop->stopping) {
		if (event_base_loop(loop->base, EVLOOP_ONCE) != 0)
			break;
		run_tasks(loop);
	}
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
	event_base_loopbreak(loop->base);
}

void loop_turn(struct loop *loop)
{
	event_base_loop(loop->base, EVLOOP_NONBLOCK);
	run_tasks(loop);
}

static void note_slow(int64_t since)
{
	int64_t took = clock_monotonic_us() - since;
	if (took > SLOW_HANDLER_US)
		log_event(LOG_DEBUG, "-", "slow-handler", log_i64("us", took));
}

static void watch_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;
	(void)fd;
	(void)what;
	int64_t since = clock_monotonic_us();
	w->ready(w->arg);
	note_slow(since);
}

void loop_watch_init(
    struct loop_watch *w, struct loop *loop, int fd, unsigned direction, void (*ready)(void *), void *arg)
{
	*w = (struct loop_watch){.loop = loop, .ready = ready, .arg = arg, .fd = fd, .direction = direction};
}

void loop_watch_on(struct loop_watch *w)
{
	if (w->event)
		return;
	struct event *event = mem_alloc(sizeof *event);
	event_assign(event, w->loop->base, w->fd,
	    (short)((w->direction == LOOP_READ ? EV_READ : EV_WRITE) | EV_PERSIST), watch_ready, w);
	if (event_add(event, NULL) == 0)
		w->event = event;
	else
		mem_free(event);
}

void loop_watch_off(struct loop_watch *w)
{
	if (w->event)
		event_del(w->event);
	mem_free(w->event);
	w->event = NULL;
}

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;
	(void)fd;
	(void)what;
	int64_t since = clock_monotonic_us();
	t->fired(t->arg);
	note_slow(since);
}

void loop_timer_init(struct loop_timer *t, struct loop *loop, void (*fired)(void *), void *arg)
{
	*t = (struct loop_timer){.loop = loop, .fired = fired, .arg = arg};
	event_assign(&t->event, loop->base, -1, 0, timer_fired, t);
}

void loop_timer_set(struct loop_timer *t, int64_t milliseconds)
{
	struct timeval after = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
	event_add(&t->event, &after);
}

void loop_timer_cancel(struct loop_timer *t)
{
	if (t->fired)
		event_del(&t->event);
}

static void signal_received(evutil_socket_t number, short what, void *arg)
{
	struct loop_signal *s = arg;
	(void)number;
	(void)what;
	s->received(s->arg);
}

void loop_signal_on(struct loop_signal *s, struct loop *loop, int number, void (*received)(void *), void *arg)
{
	*s = (struct loop_signal){.received = received, .arg = arg};
	event_assign(&s->event, loop->base, number, EV_SIGNAL | EV_PERSIST, signal_received, s);
	event_add(&s->event, NULL);
}

void loop_task_init(struct loop_task *task, struct loop *loop, void (*run)(void *), void *arg)
{
	*task = (struct loop_task){.loop = loop, .run = run, .arg = arg};
}

void loop_task_schedule(struct loop_task *task)
{
	if (task->scheduled)
		return;
	task->scheduled = true;
	task->next = NULL;
	*task->loop->tasks_end = task;
	task->loop->tasks_end = &task->next;
}

void loop_task_cancel(struct loop_task *task)
{
	if (!task->scheduled)
		return;
	struct loop *loop = task->loop;
	struct loop_task **at = &loop->tasks;
	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	if (loop->tasks_end == &task->next)
		loop->tasks_end = at;
	task->scheduled = false;
}
