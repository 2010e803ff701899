/*
 * Destinations that an administrator has paused, or all of them: nothing is handed out for these. What was
 * handed out before goes on. It is on the disk: a restart ends no pause. How long a message may wait counts
 * on.
 */
#ifndef QUEUE_QUEUE_PAUSE_H
#define QUEUE_QUEUE_PAUSE_H

#include "queue/queue.h"

/* The name of the pause of everything; destinations of ours ("@notify" ...) are never paused. */
#define QUEUE_PAUSE_ALL VIEW("*")

enum { QUEUE_PAUSES_MAX = 100 /* at a time: whoever wants more pauses everything */ };

struct queue_pause {
	struct view name; /* a destination, or QUEUE_PAUSE_ALL */
	struct view by, why;
	int64_t since;
};

/*
 * An item's run (queue_submit): it is written. -EEXIST: it is paused already; -EDQUOT: QUEUE_PAUSES_MAX are.
 * Resumed: -ENOENT: it was not paused. When the commit is done, queue_pause_done says so to the queue, whose
 * memory then follows the disk.
 */
int queue_pause_run(struct spool *s, const struct queue_pause *pause) __attribute__((warn_unused_result));
int queue_resume_run(struct spool *s, struct view name) __attribute__((warn_unused_result));
void queue_pause_done(struct queue *q);

/* Whether this destination is paused, by itself or with all; *pause if it is not NULL: by which. Views live
 * until the next change. False while it is not known yet. */
bool queue_is_paused(struct queue *q, struct view destination, struct queue_pause *pause);

/* All that are, in no order: the next one behind `position`, 0 at first. */
bool queue_pause_each(struct queue *q, size_t *position, struct queue_pause *pause);

#endif
