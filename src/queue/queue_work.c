/*
 * A turn of the queue, and its beginning and end: what is asked of the parts (items, what is due, takes, the
 * clock), in this order. They know the state (queue.c) alone.
 */
#include "queue/queue.h"

#include <errno.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/queue_private.h"

struct queue *queue_new(
    struct store *store, const struct queue_config *config, const struct queue_handlers *handlers, void *arg)
{
	struct queue *q = mem_alloc(sizeof *q);
	q->store = store;
	q->config = *config;
	q->handlers = handlers;
	q->arg = arg;
	map_init(&q->by_name);
	map_init(&q->by_number);
	map_init(&q->held);
	map_init(&q->damaged);
	q->items_end = &q->items;
	q->later_end = &q->later;
	q->kept_end = &q->kept;
	q->takes_end = &q->takes;
	q->reads_end = &q->reads;
	queue_clock_new(q);
	queue_pauses_new(q);
	queue_look_everywhere(q);
	return q;
}

static void free_leases(struct queue *q, struct destination *d)
{
	while (d->leases)
		queue_lease_free(q, d->leases);
}

static void cancel_items(struct queue *q, struct queue_item *first)
{
	for (struct queue_item *i = first, *next; i; i = next) {
		next = i->next;
		i->done(q, i, -ECANCELED);
	}
}

void queue_free(struct queue *q)
{
	size_t position = 0;
	void *value;
	if (q == NULL)
		return;
	q->stopping = q->woken = true;
	/* Items first: they hold leases, and these destinations. */
	cancel_items(q, q->items);
	cancel_items(q, q->later);
	cancel_items(q, q->kept);
	queue_take_forget(q, 0);
	while (map_each(&q->by_name, &position, NULL, &value)) {
		struct destination *d = value;
		free_leases(q, d);
		d->number = 0;
		d->resting = false;
		d->takes = 0;
		queue_destination_drop(q, d);
		position = 0; /* a removal may have moved an entry to a slot that was passed */
	}
	map_done(&q->by_name);
	map_done(&q->by_number);
	map_done(&q->held);
	map_done(&q->damaged);
	queue_clock_free(q);
	queue_pauses_free(q);
	mem_free(q);
}

void queue_stop(struct queue *q)
{
	queue_lost(q);
	queue_clock_stop(q);
	/* Last chance for outcomes that a full disk refused; mail whose outcome is lost goes out again
	 * after the start. */
	q->kept_until = 0;
	queue_items_work(q);
	q->stopping = true;
	queue_items_work(q);
}

void queue_work(struct queue *q)
{
	q->woken = false;
	if (q->stopping)
		return;
	queue_items_work(q);
	queue_clock_work(q);
	queue_due_work(q, clock_wall());
	queue_take_work(q);
}

int64_t queue_next(const struct queue *q)
{
	int64_t next = clock_wall() + LOOK_SECONDS;
	/* Whatever is under way wakes the owner when it ends. */
	bool busy = q->item_count >= ITEMS_ENOUGH;
	for (size_t i = 0; i < QUEUE_SHARDS && !busy; i++) {
		const struct shard *s = &q->shards[i];
		if ((q->credit > 0 || s->next_due == UNKNOWN) && !q->due_look && queue_pauses_are_known(q) &&
		    s->next_due < next)
			next = s->next_due;
		if (!q->event_look && !s->event_busy && s->next_event < next)
			next = s->next_event;
	}
	if (!q->local_busy && q->local_due < next)
		next = q->local_due;
	if (q->kept && q->kept_until < next)
		next = q->kept_until;
	return next;
}

void queue_lost(struct queue *q)
{
	size_t position = 0;
	void *value;
	q->credit = 0;
	queue_take_forget(q, 0);
	for (;;) {
		if (!map_each(&q->by_number, &position, NULL, &value))
			break;
		struct destination *d = value;
		if (d->local)
			continue;
		map_remove_u64(&q->by_number, d->number);
		d->number = 0;
		for (struct lease *l = d->leases, *next; l; l = next) {
			next = l->next;
			if (!l->decided)
				queue_lease_free(q, l);
		}
		queue_destination_drop(q, d);
		position = 0; /* a removal may have moved an entry to a slot that was passed */
	}
	queue_look_everywhere(q);
}

void queue_figures(const struct queue *q, struct queue_figures *out)
{
	*out = (struct queue_figures){.destinations = q->by_number.count,
	    .leases = q->lease_count,
	    .waiting_outcomes = q->kept_count,
	    .under_way = q->item_count + q->takes_busy + q->reads_busy + q->dying + q->due_look +
	                 q->event_look + q->local_busy + queue_clock_is_busy(q) + queue_pauses_are_busy(q),
	    .credit = q->credit,
	    .freed_bytes = q->freed};
}
