/* See admin_time.h. */
#include "process/admin_time.h"

#include "base/clock.h"
#include "mail/administration.h"

static int64_t time_left(const struct admin_time *t)
{
	int64_t first = t->ends < t->idle_ends ? t->ends : t->idle_ends;
	return first - clock_elapsed_ms();
}

static void set_timer(struct admin_time *t)
{
	int64_t left = time_left(t);
	if (clock_is_simulated() && left > CLOCK_SIMULATED_LOOK_MS)
		left = CLOCK_SIMULATED_LOOK_MS;
	loop_timer_set(&t->timer, left < 0 ? 0 : left);
}

static void fired(void *arg)
{
	struct admin_time *t = arg;
	if (time_left(t) > 0)
		set_timer(t);
	else
		t->over(t->arg);
}

void admin_time_begin(struct admin_time *t, struct loop *loop, void (*over)(void *arg), void *arg)
{
	t->over = over;
	t->arg = arg;
	t->ends = clock_elapsed_ms() + (int64_t)ADMIN_SECONDS * 1000;
	loop_timer_init(&t->timer, loop, fired, t);
	admin_time_use(t);
}

void admin_time_use(struct admin_time *t)
{
	t->idle_ends = clock_elapsed_ms() + (int64_t)ADMIN_IDLE_SECONDS * 1000;
	set_timer(t);
}

void admin_time_stop(struct admin_time *t)
{
	loop_timer_cancel(&t->timer);
}
