/* See store_figures.h. It is looked at once a minute, where somebody does watch; the queue is counted in
 * slices, which mail does not wait for. */
#include "role/store/store_figures.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "queue/queue_walk.h"
#include "role/store/store_private.h"

enum { FIGURES_MS = 60 * 1000, FIRST_MS = 1000 };

static struct {
	struct loop_timer timer;
	struct queue_count count;
	bool counting, stopped;
} figures;

static void counted(struct queue_count *c, int result)
{
	figures.counting = false;
	if (result)
		return;
	for (unsigned i = 0; i < QUEUE_AGES; i++)
		metric_set(METRIC_QUEUE, i, c->ages[i]);
	metric_set(METRIC_QUEUE_BYTES, 0, c->bytes);
}

static void look(void *arg)
{
	struct store_stats stats;
	(void)arg;
	if (figures.stopped)
		return;
	loop_timer_set(&figures.timer, FIGURES_MS);
	if (store_role.process->settings.metrics_listen.len == 0)
		return;
	store_stats(store_role.store, &stats);
	metric_set(METRIC_COMMITS, 0, stats.commits);
	metric_set(METRIC_DAMAGED, 0, stats.damaged);
	if (figures.counting)
		return;
	figures.counting = true;
	figures.count = (struct queue_count){.queue = store_role.queue, .done = counted, .now = clock_wall()};
	queue_count_start(&figures.count);
}

void store_figures_start(void)
{
	figures.stopped = false;
	loop_timer_init(&figures.timer, &store_role.process->loop, look, NULL);
	loop_timer_set(&figures.timer, FIRST_MS);
}

void store_figures_stop(void)
{
	figures.stopped = true;
	figures.count.stopped = true;
	loop_timer_cancel(&figures.timer);
}
