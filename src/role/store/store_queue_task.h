/* A command of `postrider queue` under way: what its files share. */
#ifndef ROLE_STORE_STORE_QUEUE_TASK_H
#define ROLE_STORE_STORE_QUEUE_TASK_H

#include "base/arena.h"
#include "queue/queue_walk.h"
#include "role/store/store_private.h"

/* Those before QUEUE_STATS list messages; those from QUEUE_RETRY on change messages. */
enum queue_verb {
	QUEUE_LIST,
	QUEUE_SHOW,
	QUEUE_STATS,
	QUEUE_AGE,
	QUEUE_CAT,
	QUEUE_PAUSE,
	QUEUE_RESUME,
	QUEUE_RETRY,
	QUEUE_HOLD,
	QUEUE_RELEASE,
	QUEUE_DELETE,
	QUEUE_ROUTE,
	QUEUE_REQUEUE,
	QUEUE_VERBS
};

struct queue_task {
	struct queue_task *next; /* of all that are under way */
	struct channel *to;      /* NULL: nobody listens any more */
	uint32_t request;
	void (*ended)(void *arg);
	void *arg;
	enum queue_verb verb;
	struct arena arena; /* for the words */
	uint64_t limit;
	bool all, limited;
	struct change_order order;

	struct queue_walk walk;
	struct queue_count *count;
	struct queue_place *places;
	size_t place_count, listed;
	struct buf out;
	int64_t now;

	size_t items;           /* orders under way */
	uint64_t changed, left; /* messages; left: as they were, by an error */
	int failed;
	bool walked;

	void *own; /* of one verb's file */
};

/* store_queue_task.c. begin: it is one of those under way, until `end`, which frees it; each may end it. */
void queue_task_begin(struct queue_task *t);
void queue_task_each(void (*call)(struct queue_task *t));
void queue_task_tell(struct queue_task *t, struct view text, uint64_t status, bool last);
void queue_task_flush(struct queue_task *t, size_t above); /* of `out` */
void queue_task_end(struct queue_task *t, uint64_t status);
void queue_task_fail(struct queue_task *t, int error);

/* store_queue_requeue.c: `anew` of struct change_order. */
int store_queue_anew(struct spool *s, struct spool_message *m, bool *changed);

/* store_queue_age.c, store_queue_cat.c, store_queue_pause.c: they begin, and end by themselves. go: the
 * channel has room again. */
void queue_task_age(struct queue_task *t);
void queue_task_cat(struct queue_task *t);
void queue_task_cat_go(struct queue_task *t);
void queue_task_pause(struct queue_task *t);

#endif
