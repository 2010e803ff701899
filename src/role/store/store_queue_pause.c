/* `postrider queue pause` and `resume`: nothing is sent to a destination, or to any, until somebody says so.
 */
#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "queue/queue_pause.h"
#include "role/store/store_queue_task.h"

struct pause_item {
	struct queue_item item;
	struct queue_task *task;
};

static struct view name_of(const struct queue_task *t)
{
	return t->walk.filter.domain.len ? t->walk.filter.domain : QUEUE_PAUSE_ALL;
}

static int run(struct spool *s, struct queue_item *item)
{
	const struct queue_task *t = ((struct pause_item *)item)->task;
	struct queue_pause pause = {
	    .name = name_of(t), .by = t->order.by, .why = t->order.why, .since = t->now};
	return t->verb == QUEUE_PAUSE ? queue_pause_run(s, &pause) : queue_resume_run(s, name_of(t));
}

static void done(struct queue *q, struct queue_item *item, int result)
{
	struct queue_task *t = ((struct pause_item *)item)->task;
	bool pause = t->verb == QUEUE_PAUSE;
	mem_free(item);
	if (result == -EDQUOT) {
		buf_append_string(&t->out,
		    "100 destinations are paused already, and no more may be: resume some, or "
		    "pause everything\n");
		queue_task_end(t, 65);
		return;
	}
	if (result && result != -EEXIST && result != -ENOENT) {
		queue_task_fail(t, result);
		return;
	}
	if (result == 0) {
		log_record(LOG_WARNING, "-", pause ? "queue-paused" : "queue-resumed",
		    log_text("destination", name_of(t)), log_text("by", t->order.by),
		    log_text("why", t->order.why));
		queue_pause_done(q);
	}
	buf_printf(&t->out, "{\"changed\":%d}\n", result == 0);
	queue_task_end(t, result == 0 ? 0 : 66);
}

void queue_task_pause(struct queue_task *t)
{
	struct pause_item *p = mem_alloc(sizeof *p);
	*p = (struct pause_item){.item = {.run = run, .done = done, .frees = true}, .task = t};
	queue_submit(store_role.queue, &p->item);
}
