/* The queue's state in memory: active destinations, leases, wake-up times. See queue.h. */
#include "queue/queue.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "queue/queue_private.h"

void queue_set_config(struct queue *q, const struct queue_config *config)
{
	q->config = *config;
}

const struct queue_config *queue_config(const struct queue *q)
{
	return &q->config;
}

struct store *queue_store(const struct queue *q)
{
	return q->store;
}

void queue_wake(struct queue *q)
{
	if (q->woken)
		return;
	q->woken = true;
	q->handlers->wake(q->arg);
}

void queue_note_damaged(struct queue *q, const struct queue_id *id)
{
	static char is_damaged;
	struct view name = queue_id_view(id);
	if (map_get(&q->damaged, name))
		return;
	log_event(LOG_ERROR, "-", "queue-record-damaged", log_text("message", name),
	    log_string("do", "run `postrider store check`"));
	if (q->damaged.count < DAMAGED_MAX)
		map_set(&q->damaged, name, &is_damaged);
}

/* ---- destinations ---- */

struct destination *queue_destination_named(struct queue *q, struct view name)
{
	return map_get(&q->by_name, name);
}

struct destination *queue_destination_numbered(struct queue *q, uint64_t number)
{
	return number ? map_get_u64(&q->by_number, number) : NULL;
}

struct destination *queue_destination_new(struct queue *q, struct view name)
{
	struct destination *d = mem_alloc(sizeof *d);
	d->name = view_of(mem_string(name), name.len);
	d->local = view_equal(name, QUEUE_LOCAL);
	map_set(&q->by_name, name, d);
	return d;
}

void queue_destination_drop(struct queue *q, struct destination *d)
{
	if (d->number || d->resting || d->leases || d->takes)
		return;
	map_remove(&q->by_name, d->name);
	mem_free(d->doing_host);
	mem_free(d->doing_address);
	mem_free((void *)(uintptr_t)d->name.data);
	mem_free(d);
}

bool queue_is_active(struct queue *q, struct view name)
{
	const struct destination *d = queue_destination_named(q, name);
	return d && d->number != 0;
}

void queue_set_doing(struct queue *q, uint64_t number, const struct queue_doing *doing)
{
	struct destination *d = queue_destination_numbered(q, number);
	if (d == NULL)
		return;
	mem_free(d->doing_host);
	mem_free(d->doing_address);
	d->doing_since = doing ? doing->since : 0;
	d->connecting = doing && doing->connecting;
	d->doing_host = doing ? mem_string(doing->host) : NULL;
	d->doing_address = doing ? mem_string(doing->address) : NULL;
}

bool queue_active_name(struct queue *q, uint64_t number, struct view *name)
{
	const struct destination *d = queue_destination_numbered(q, number);
	*name = d ? d->name : (struct view){0};
	return d != NULL;
}

bool queue_doing(struct queue *q, struct view name, struct queue_doing *doing)
{
	const struct destination *d = queue_destination_named(q, name);
	if (d == NULL || d->number == 0 || d->doing_since == 0)
		return false;
	*doing = (struct queue_doing){.connecting = d->connecting,
	    .host = view_from_string(d->doing_host),
	    .address = view_from_string(d->doing_address),
	    .since = d->doing_since};
	return true;
}

/* ---- leases ---- */

struct lease *queue_lease_new(struct queue *q, struct destination *d, const struct queue_id *id,
    unsigned shard, const struct blob_id *blob)
{
	struct held *h = map_get(&q->held, queue_id_view(id));
	if (h == NULL) {
		h = mem_alloc(sizeof *h);
		*h = (struct held){.id = *id, .shard = shard, .blob = *blob};
		map_set(&q->held, queue_id_view(id), h);
	}
	struct lease *l = mem_alloc(sizeof *l);
	*l = (struct lease){.held = h, .destination = d, .next_of_held = h->leases, .next = d->leases};
	h->leases = l;
	if (d->leases)
		d->leases->previous = l;
	d->leases = l;
	d->lease_count++;
	q->lease_count++;
	return l;
}

struct lease *queue_lease_of(struct queue *q, const struct destination *d, const struct queue_id *id)
{
	const struct held *h = map_get(&q->held, queue_id_view(id));
	for (struct lease *l = h ? h->leases : NULL; l; l = l->next_of_held)
		if (l->destination == d)
			return l;
	return NULL;
}

void queue_lease_free(struct queue *q, struct lease *l)
{
	struct held *h = l->held;
	struct lease **at = &h->leases;
	while (*at != l)
		at = &(*at)->next_of_held;
	*at = l->next_of_held;
	if (h->leases == NULL) {
		map_remove(&q->held, queue_id_view(&h->id));
		mem_free(h);
	}
	if (l->previous)
		l->previous->next = l->next;
	else
		l->destination->leases = l->next;
	if (l->next)
		l->next->previous = l->previous;
	l->destination->lease_count--;
	q->lease_count--;
	mem_free(l);
}

bool queue_is_leased(struct queue *q, const struct queue_id *id)
{
	return map_get(&q->held, queue_id_view(id)) != NULL;
}

bool queue_lease_shard(struct queue *q, uint64_t number, struct view text, unsigned *shard)
{
	struct queue_id id;
	struct destination *d = queue_destination_numbered(q, number);
	struct lease *l = d && queue_id_from(text, &id) ? queue_lease_of(q, d, &id) : NULL;
	if (l == NULL)
		return false;
	*shard = l->held->shard;
	return true;
}

void queue_lease_end(struct queue *q, uint64_t number, struct view text)
{
	struct queue_id id;
	struct destination *d = queue_destination_numbered(q, number);
	struct lease *l = d && queue_id_from(text, &id) ? queue_lease_of(q, d, &id) : NULL;
	if (l && !l->decided)
		queue_lease_free(q, l);
}

/* ---- when to look ---- */

void queue_note_due(struct queue *q, unsigned shard, int64_t time)
{
	struct shard *s = &q->shards[shard];
	struct queue_key from = queue_key_due(time, (struct view){0});
	if (time == NEVER)
		return;
	if (s->due_busy) {
		s->due_meanwhile = time < s->due_meanwhile ? time : s->due_meanwhile;
		return;
	}
	if (time < s->next_due)
		s->next_due = time;
	if (view_compare(queue_key_view(&from), queue_key_view(&s->due_from)) < 0)
		s->due_from = from;
}

void queue_note_event(struct queue *q, unsigned shard, int64_t time)
{
	struct shard *s = &q->shards[shard];
	struct queue_key from = queue_key_event(time, NULL);
	if (time == NEVER)
		return;
	if (s->event_busy) {
		s->event_meanwhile = time < s->event_meanwhile ? time : s->event_meanwhile;
		return;
	}
	if (time < s->next_event)
		s->next_event = time;
	if (view_compare(queue_key_view(&from), queue_key_view(&s->event_from)) < 0)
		s->event_from = from;
}

void queue_look_everywhere(struct queue *q)
{
	for (unsigned i = 0; i < QUEUE_SHARDS; i++) {
		struct shard *s = &q->shards[i];
		s->next_due = UNKNOWN;
		s->next_event = 0;
		s->due_meanwhile = s->due_busy ? 0 : NEVER;
		s->event_meanwhile = s->event_busy ? 0 : NEVER;
		s->due_from = queue_key_letter('T');
		s->event_from = queue_key_letter('E');
	}
	q->local_due = 0;
	queue_wake(q);
}

void queue_credit(struct queue *q, uint64_t destinations)
{
	q->credit = destinations < CREDIT_MAX - q->credit ? q->credit + destinations : CREDIT_MAX;
	queue_wake(q);
}

/* Tells whoever has the destination that more waits for it. */
static void tell_awaited(struct queue *q, const struct spool_awaited *a, int64_t now)
{
	struct destination *d = queue_destination_named(q, a->name);
	if (d == NULL || d->number == 0)
		return;
	d->shards |= UINT64_C(1) << a->shard;
	if (d->told_more || d->resting || a->time > now)
		return;
	d->told_more = true;
	q->handlers->more(q->arg, d->number);
}

void queue_take_effects(struct queue *q, const struct spool *s)
{
	for (const struct spool_awaited *a = s->awaited; a; a = a->next)
		tell_awaited(q, a, s->now);
	for (unsigned i = 0; i < QUEUE_SHARDS; i++) {
		queue_note_due(q, i, s->due[i]);
		queue_note_event(q, i, s->event[i]);
	}
	if (s->local_due < q->local_due)
		q->local_due = s->local_due;
	q->freed += s->freed;
	for (const struct queue_note *n = s->notes; n; n = n->next)
		q->handlers->noted(q->arg, n);
	queue_wake(q);
}
