/*
 * Items: steps on records that are gathered and committed together. Each is independent of the others; one
 * that can't be done has its own result. An item that a full or failing disk refuses is kept and tried
 * again by whoever made it.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "base/random.h"
#include "queue/queue_private.h"

enum {
	/*
	 * So long outcomes wait for one another. Each commit is a sync that accepted mail waits for too: with
	 * 20 ms the way through carried half as much again as without. What a power cut takes is sent once
	 * more; a dead store is told again by relay.
	 */
	PATIENCE_MS = 20,
	PATIENT_MAX = 128
};

struct batch {
	struct store_commit commit;
	struct queue *queue;
	struct spool spool;
	struct queue_item *items;
};

/* Items that were put off go together with new ones, and before them: the order of items is kept. */
static void end_delay(struct queue *q)
{
	if (q->later == NULL)
		return;
	*q->items_end = q->later;
	q->items_end = q->later_end;
	q->later = NULL;
	q->later_end = &q->later;
	q->later_count = 0;
}

/* Each commit costs a sync that accepted mail would have to wait for: outcomes come in few of them. */
static void put_off(struct queue *q, struct queue_item *item)
{
	*q->later_end = item;
	q->later_end = &item->next;
	if (q->later_count++ == 0) {
		q->later_since = clock_monotonic_ms();
		q->handlers->wake_in(q->arg, PATIENCE_MS);
	} else if (q->later_count == PATIENT_MAX) {
		end_delay(q);
		queue_wake(q);
	}
}

void queue_submit(struct queue *q, struct queue_item *item)
{
	item->next = NULL;
	q->item_count++;
	if (item->patient && q->handlers->wake_in && !q->stopping) {
		put_off(q, item);
		return;
	}
	end_delay(q);
	*q->items_end = item;
	q->items_end = &item->next;
	queue_wake(q);
}

void queue_keep(struct queue *q, struct queue_item *item)
{
	item->next = NULL;
	*q->kept_end = item;
	q->kept_end = &item->next;
	q->kept_count++;
	q->kept_until = clock_wall() + KEPT_SECONDS;
}

/* In the committer. A step that failed after it had written must take the whole commit with it. */
static int run_batch(struct txn *t, void *arg)
{
	struct batch *b = arg;
	spool_begin(&b->spool, t);
	for (struct queue_item *i = b->items; i; i = i->next)
		i->ran = false;
	for (struct queue_item *i = b->items; i; i = i->next) {
		size_t before = b->spool.writes;
		i->result = i->run(&b->spool, i);
		if (i->result == -E2BIG)
			break; /* it and what stands behind it come in the next commit, in their order */
		if (i->result && b->spool.writes > before)
			return i->result;
		int error = i->result == 0 ? spool_news(&b->spool) : 0;
		if (error)
			return error;
		i->ran = true;
	}
	return 0;
}

/* Refused as a whole: what frees space goes alone at once, everybody hears of it else. */
static bool is_mixed(const struct batch *b)
{
	return !b->commit.frees_space && b->items->next;
}

static void batch_done(struct store_commit *c, int result)
{
	struct batch *b = container_of(c, struct batch, commit);
	struct queue *q = b->queue;
	q->batches--;
	if (result == 0)
		queue_take_effects(q, &b->spool);
	bool mixed = is_mixed(b);
	struct queue_item *again = NULL, **again_end = &again;
	for (struct queue_item *i = b->items, *next; i; i = next) {
		next = i->next;
		if (result == 0 ? i->ran : !(mixed && result == -ENOSPC && i->frees)) {
			q->item_count--;
			i->done(q, i, result ? result : i->result);
			continue;
		}
		i->next = NULL;
		*again_end = i;
		again_end = &i->next;
	}
	if (again) {
		*again_end = q->items;
		if (q->items == NULL)
			q->items_end = again_end;
		q->items = again;
	}
	spool_done(&b->spool);
	mem_free(b);
	if (q->stopping)
		queue_items_work(q); /* the store waits for all that is under way */
	else
		queue_wake(q);
}

/* Those that free space don't wait for those that don't, once the disk has said that it is full. */
static struct queue_item *take_items(struct queue *q, bool *frees)
{
	struct queue_item *first = q->items, *last = NULL;
	struct store_stats stats;
	size_t n = 0;
	store_stats(q->store, &stats);
	*frees = true;
	for (struct queue_item *i = first; i && n < BATCH_ITEMS; i = i->next, n++) {
		if (stats.nearly_full && last && i->frees != first->frees)
			break;
		*frees = *frees && i->frees;
		last = i;
	}
	q->items = last->next;
	if (q->items == NULL)
		q->items_end = &q->items;
	last->next = NULL;
	return first;
}

void queue_items_work(struct queue *q)
{
	int64_t left = q->later_since + PATIENCE_MS - clock_monotonic_ms();
	if (q->stopping || left <= 0)
		end_delay(q);
	else if (q->later)
		q->handlers->wake_in(
		    q->arg, left); /* the loop's clock is a little behind ours: its timer may come early */
	if (q->kept && !q->stopping && !queue_is_kept(q, clock_wall())) {
		*q->items_end = q->kept;
		q->items_end = q->kept_end;
		q->kept = NULL;
		q->kept_end = &q->kept;
		q->item_count += q->kept_count;
		q->kept_count = 0;
	}
	while (q->items && (q->batches < BATCHES_MAX || q->stopping)) {
		struct batch *b = mem_alloc(sizeof *b);
		bool frees;
		b->queue = q;
		b->items = take_items(q, &frees);
		spool_init(&b->spool, &q->config, clock_wall());
		b->spool.seed = random_u64();
		b->commit = (struct store_commit){
		    .run = run_batch, .arg = b, .frees_space = frees, .done = batch_done};
		q->batches++;
		store_commit(q->store, &b->commit);
	}
}
