/*
 * Finding what is due without scanning: each shard has its next time in memory; when it has come, a slice
 * of T (or E) is read from there on. Destinations that were offered are passed by moving the place where
 * the next slice begins, and the place goes back when something earlier is put.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "queue/queue_pause.h"
#include "queue/queue_private.h"

/* Behind this key. */
static struct queue_key behind(const struct queue_key *key)
{
	struct queue_key k = *key;
	if (k.len < sizeof k.data)
		k.data[k.len++] = '\0';
	return k;
}

static struct queue_key key_copy(struct view key)
{
	struct queue_key k = {.len = key.len};
	memcpy(k.data, key.data, key.len);
	return k;
}

/* ---- offers ---- */

static void offer(struct queue *q, struct view name, uint64_t shards, const struct queue_offer *known)
{
	struct destination *d = queue_destination_named(q, name);
	if (d == NULL)
		d = queue_destination_new(q, name);
	d->number = ++q->last_number;
	d->shards = shards;
	d->handed = 0;
	d->told_more = false;
	map_set_u64(&q->by_number, d->number, d);
	queue_set_doing(q, d->number, NULL);
	struct queue_offer o = *known;
	o.number = d->number;
	spool_split_name(name, &o.name, &o.route);
	if (o.route.len == 0)
		o.route = known->route;
	q->handlers->offer(q->arg, &o);
}

/* What is paused is passed by, too; the end of its pause lets everything be looked at anew. */
static bool is_taken(struct queue *q, struct view name)
{
	const struct destination *d = queue_destination_named(q, name);
	return (d && (d->number || d->resting)) || queue_is_paused(q, name, NULL);
}

/* ---- destinations that are due ---- */

struct due {
	int64_t time, failing_since;
	size_t name_at, name_len, route_at, route_len;
	uint64_t shards;
	uint32_t failures;
	bool stale; /* no destination says that this is its time */
	bool asked;
};

struct due_look {
	struct store_read read;
	struct queue *queue;
	unsigned shard;
	int64_t now, next;
	int64_t until; /* what another shard has is older than what comes later */
	struct queue_key from;
	struct due found[SCAN_MAX];
	size_t count;
	bool exhausted;
	struct buf text;
};

static int note_due(void *arg, struct view key, struct view value)
{
	struct due_look *l = arg;
	struct view name;
	struct due *d = &l->found[l->count];
	(void)value;
	if (l->count == SCAN_MAX) {
		l->exhausted = false;
		return 1;
	}
	*d = (struct due){.name_at = buf_view(&l->text).len};
	if (!queue_key_read_due(key, &d->time, &name))
		return -EBADMSG;
	d->name_len = name.len;
	l->count++;
	return buf_append(&l->text, name) ? -ENOMEM : 0;
}

static int note_next(void *arg, struct view key, struct view value)
{
	struct due_look *l = arg;
	struct view name;
	(void)value;
	return queue_key_read_due(key, &l->next, &name) ? 1 : -EBADMSG;
}

static struct view due_name(const struct due_look *l, const struct due *d)
{
	return view_take(view_skip(buf_view(&l->text), d->name_at), d->name_len);
}

static int read_due(struct txn *t, struct due_look *l, struct due *d)
{
	struct view value;
	struct queue_destination known;
	struct queue_key key = queue_key_destination(due_name(l, d));
	int error = txn_get(t, queue_shard(l->shard), queue_key_view(&key), &value);
	if (error == 0)
		error = queue_destination_decode(value, &known);
	if (error == -EBADMSG) {
		/* Its mail is due all the same; when the destination rests, its entry is written anew. */
		d->shards = UINT64_MAX;
		return 0;
	}
	d->stale = error == -ENOENT || known.next != d->time;
	if (error || d->stale)
		return error == -ENOENT ? 0 : error;
	d->shards = known.shards;
	d->failures = known.failures;
	d->failing_since = known.failing_since;
	/* It would be backing off: spool_destination_retry has ended that. */
	d->asked = known.failures > 0 && known.until == 0;
	d->route_at = buf_view(&l->text).len;
	d->route_len = known.route.len;
	return buf_append(&l->text, known.route);
}

static int run_due(struct txn *t, void *arg)
{
	struct due_look *l = arg;
	struct queue_key later = queue_key_due(l->now + 1, (struct view){0}),
	                 end = queue_key_behind_letter('T');
	struct txn_range range = {.shard = queue_shard(l->shard),
	    .from = queue_key_view(&l->from),
	    .to = queue_key_view(&later),
	    .limit = SCAN_MAX + 1};
	l->count = 0;
	l->exhausted = true;
	l->next = NEVER;
	buf_clear(&l->text);
	int error = view_compare(range.from, range.to) < 0 ? txn_range(t, &range, note_due, l) : 0;
	for (size_t i = 0; error >= 0 && i < l->count; i++)
		error = read_due(t, l, &l->found[i]);
	if (error < 0 || !l->exhausted)
		return error < 0 ? error : 0;
	range = (struct txn_range){.shard = queue_shard(l->shard),
	    .from = queue_key_view(&later),
	    .to = queue_key_view(&end),
	    .limit = 1};
	error = txn_range(t, &range, note_next, l);
	return error < 0 ? error : 0;
}

struct stale_item {
	struct queue_item item;
	struct queue_key key;
	unsigned shard;
};

static int run_stale(struct spool *s, struct queue_item *item)
{
	struct stale_item *stale = (struct stale_item *)item;
	struct queue_destination d;
	struct view name;
	int64_t time;
	if (s->writes >= STORE_WRITE_KEYS_MAX)
		return -E2BIG;
	if (!queue_key_read_due(queue_key_view(&stale->key), &time, &name))
		return 0;
	int error = spool_destination(s, name, &d);
	if (error == 0 ? d.next == time : error != -ENOENT)
		return 0;
	s->writes++;
	return txn_delete(s->txn, queue_shard(stale->shard), queue_key_view(&stale->key));
}

static void stale_done(struct queue *q, struct queue_item *item, int result)
{
	(void)q;
	(void)result;
	mem_free(item);
}

static void drop_stale(struct queue *q, unsigned shard, int64_t time, struct view name)
{
	struct stale_item *stale = mem_alloc(sizeof *stale);
	*stale = (struct stale_item){.item = {.run = run_stale, .done = stale_done, .frees = true},
	    .key = queue_key_due(time, name),
	    .shard = shard};
	queue_submit(q, &stale->item);
}

/* Offers what was found; false when it is not the turn of all, or there is no credit: *left is the first
 * left. */
static bool offer_found(struct queue *q, const struct due_look *l, size_t *left)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct due *d = &l->found[i];
		struct view name = due_name(l, d);
		if (view_equal(name, QUEUE_LOCAL) || is_taken(q, name))
			continue;
		if (d->stale) {
			drop_stale(q, l->shard, d->time, name);
			continue;
		}
		if (q->credit == 0 || d->time > l->until) {
			*left = i;
			return false;
		}
		q->credit--;
		struct queue_offer known = {.failures = d->failures,
		    .failing_since = d->failing_since,
		    .asked = d->asked,
		    .route = view_take(view_skip(buf_view(&l->text), d->route_at), d->route_len)};
		offer(q, name, d->shards, &known);
	}
	return true;
}

static void due_known(struct store_read *read, int result)
{
	struct due_look *l = container_of(read, struct due_look, read);
	struct queue *q = l->queue;
	struct shard *s = &q->shards[l->shard];
	size_t left;
	int64_t again = s->due_meanwhile;
	if (result) {
		log_event(LOG_ERROR, "-", "queue-unreadable", log_u64("shard", l->shard), log_errno(result));
		s->next_due = l->now + AGAIN_SECONDS;
	} else if (!offer_found(q, l, &left)) {
		s->next_due = l->found[left].time;
		s->due_from = queue_key_due(l->found[left].time, due_name(l, &l->found[left]));
	} else if (l->exhausted) {
		s->next_due = l->next;
		s->due_from = queue_key_due(l->now + 1, (struct view){0});
	} else {
		struct queue_key last =
		    queue_key_due(l->found[l->count - 1].time, due_name(l, &l->found[l->count - 1]));
		s->next_due = l->found[l->count - 1].time;
		s->due_from = behind(&last);
	}
	s->due_busy = false;
	s->due_meanwhile = NEVER;
	q->due_look = false;
	queue_note_due(q, l->shard, again);
	buf_done(&l->text);
	mem_free(l);
	queue_wake(q);
}

static void look_for_due(struct queue *q, unsigned shard, int64_t now, int64_t until)
{
	struct due_look *l = mem_alloc(sizeof *l);
	struct shard *s = &q->shards[shard];
	l->queue = q;
	l->shard = shard;
	l->now = now;
	l->until = until;
	l->from = s->due_from;
	buf_init(&l->text, SCAN_MAX * (QUEUE_DESTINATION_MAX + QUEUE_ROUTE_MAX));
	l->read =
	    (struct store_read){.shard = queue_shard(shard), .run = run_due, .arg = l, .done = due_known};
	s->due_busy = true;
	s->due_meanwhile = NEVER;
	q->due_look = true;
	store_read(q->store, &l->read);
}

/* ---- "@local" ---- */

struct local_look {
	struct store_read read;
	struct queue *queue;
	int64_t now, next;
	uint64_t shards;
};

static int run_local(struct txn *t, void *arg)
{
	struct local_look *l = arg;
	struct view value;
	struct queue_destination known;
	struct queue_key key = queue_key_destination(QUEUE_LOCAL);
	l->next = NEVER;
	int error = txn_get(t, l->read.shard, queue_key_view(&key), &value);
	if (error == 0)
		error = queue_destination_decode(value, &known);
	if (error == -EBADMSG)
		known =
		    (struct queue_destination){.shards = UINT64_MAX}; /* due now; queue_rest writes it anew */
	else if (error)
		return error == -ENOENT ? 0 : error;
	l->next = known.next;
	l->shards = known.shards;
	return 0;
}

static void local_known(struct store_read *read, int result)
{
	struct local_look *l = container_of(read, struct local_look, read);
	struct queue *q = l->queue;
	q->local_busy = false;
	if (result)
		l->next = l->now + AGAIN_SECONDS;
	if (is_taken(q, QUEUE_LOCAL)) {
		q->local_due = NEVER; /* told again when it has rested */
	} else if (l->next <= l->now) {
		q->local_due = NEVER;
		offer(q, QUEUE_LOCAL, l->shards, &(struct queue_offer){0});
	} else if (l->next < q->local_due) {
		q->local_due = l->next;
	}
	mem_free(l);
	queue_wake(q);
}

static void look_for_local(struct queue *q, int64_t now)
{
	struct local_look *l = mem_alloc(sizeof *l);
	l->queue = q;
	l->now = now;
	l->read = (struct store_read){
	    .shard = queue_shard(queue_home(QUEUE_LOCAL)), .run = run_local, .arg = l, .done = local_known};
	q->local_busy = true;
	q->local_due = NEVER;
	store_read(q->store, &l->read);
}

/* ---- events ---- */

struct event_look {
	struct store_read read;
	struct queue *queue;
	unsigned shard;
	int64_t now, next;
	struct queue_key from, last;
	struct queue_id ids[EVENTS_MAX];
	size_t count;
	bool exhausted;
};

static int note_event(void *arg, struct view key, struct view value)
{
	struct event_look *l = arg;
	int64_t time;
	(void)value;
	if (!queue_key_read_event(key, &time, &l->ids[l->count < EVENTS_MAX ? l->count : 0]))
		return -EBADMSG;
	if (time > l->now) {
		l->next = time;
		return 1;
	}
	l->last = key_copy(key);
	if (++l->count < EVENTS_MAX)
		return 0;
	l->exhausted = false;
	return 1;
}

static int run_events(struct txn *t, void *arg)
{
	struct event_look *l = arg;
	struct queue_key end = queue_key_behind_letter('E');
	struct txn_range range = {.shard = queue_shard(l->shard),
	    .from = queue_key_view(&l->from),
	    .to = queue_key_view(&end),
	    .limit = EVENTS_MAX + 1};
	l->count = 0;
	l->exhausted = true;
	l->next = NEVER;
	int error = txn_range(t, &range, note_event, l);
	return error < 0 ? error : 0;
}

struct event_item {
	struct queue_item item;
	struct queue_id id;
	unsigned shard;
};

static int run_event(struct spool *s, struct queue_item *item)
{
	const struct event_item *e = (const struct event_item *)item;
	return change_event(s, e->shard, &e->id);
}

/* The look is over when its items are. */
static void end_event_look(struct queue *q, unsigned shard)
{
	struct shard *s = &q->shards[shard];
	int64_t again = s->event_meanwhile;
	s->event_busy = false;
	s->event_meanwhile = NEVER;
	queue_note_event(q, shard, again);
	queue_wake(q);
}

static void event_done(struct queue *q, struct queue_item *item, int result)
{
	struct event_item *e = (struct event_item *)item;
	struct shard *s = &q->shards[e->shard];
	if (result == -EBADMSG)
		queue_note_damaged(q, &e->id);
	if (result) {
		/* It is found again: when the rest of the shard has been looked at, or after a while. */
		int64_t now = clock_wall();
		s->events_left = s->next_event <= now;
		if (!s->events_left) {
			s->next_event =
			    s->next_event < now + LOOK_SECONDS ? s->next_event : now + LOOK_SECONDS;
			s->event_from = queue_key_letter('E');
		}
	}
	if (--s->event_items == 0)
		end_event_look(q, e->shard);
	mem_free(e);
}

static void start_event(struct queue *q, unsigned shard, const struct queue_id *id)
{
	struct event_item *e = mem_alloc(sizeof *e);
	*e = (struct event_item){
	    .item = {.run = run_event, .done = event_done, .frees = true}, .id = *id, .shard = shard};
	q->shards[shard].event_items++;
	queue_submit(q, &e->item);
}

static void events_known(struct store_read *read, int result)
{
	struct event_look *l = container_of(read, struct event_look, read);
	struct queue *q = l->queue;
	struct shard *s = &q->shards[l->shard];
	q->event_look = false;
	if (result) {
		log_event(LOG_ERROR, "-", "queue-unreadable", log_u64("shard", l->shard), log_errno(result));
		s->next_event = l->now + AGAIN_SECONDS;
		l->count = 0;
	}
	for (size_t i = 0; i < l->count; i++) {
		if (queue_is_leased(q, &l->ids[i]))
			s->events_left = true;
		else
			start_event(q, l->shard, &l->ids[i]);
	}
	if (result == 0 && !l->exhausted) {
		s->next_event = 0;
		s->event_from = behind(&l->last);
	} else if (result == 0) {
		s->next_event = l->next;
		s->event_from = queue_key_event(l->now + 1, NULL);
		if (s->events_left) {
			s->next_event = l->next < l->now + AGAIN_SECONDS ? l->next : l->now + AGAIN_SECONDS;
			s->event_from = queue_key_letter('E');
		}
		s->events_left = false;
	}
	if (s->event_items == 0)
		end_event_look(q, l->shard);
	mem_free(l);
	queue_wake(q);
}

static void look_for_events(struct queue *q, unsigned shard, int64_t now)
{
	struct event_look *l = mem_alloc(sizeof *l);
	struct shard *s = &q->shards[shard];
	l->queue = q;
	l->shard = shard;
	l->now = now;
	l->from = s->event_from;
	l->read = (struct store_read){
	    .shard = queue_shard(shard), .run = run_events, .arg = l, .done = events_known};
	s->event_busy = true;
	s->event_meanwhile = NEVER;
	q->event_look = true;
	store_read(q->store, &l->read);
}

/* ---- what to look at ---- */

/* The shard that has been due for longest; *until: what it may offer before another one's turn comes. */
static bool next_due_shard(const struct queue *q, int64_t now, unsigned *shard, int64_t *until)
{
	int64_t first = NEVER, second = NEVER;
	for (unsigned i = 0; i < QUEUE_SHARDS; i++) {
		const struct shard *s = &q->shards[i];
		if (s->next_due < first) {
			second = first;
			first = s->next_due;
			*shard = i;
		} else if (s->next_due < second) {
			second = s->next_due;
		}
	}
	*until = second < NEVER - TURN_SECONDS ? second + TURN_SECONDS : NEVER;
	return first <= now && (q->credit > 0 || first == UNKNOWN);
}

static bool next_event_shard(const struct queue *q, int64_t now, unsigned *shard)
{
	int64_t first = NEVER;
	for (unsigned i = 0; i < QUEUE_SHARDS; i++) {
		const struct shard *s = &q->shards[i];
		if (!s->event_busy && s->next_event < first) {
			first = s->next_event;
			*shard = i;
		}
	}
	return first <= now;
}

void queue_due_work(struct queue *q, int64_t now)
{
	unsigned shard = 0;
	int64_t until;
	if (queue_pauses_are_known(q) && !q->due_look && q->item_count < ITEMS_ENOUGH &&
	    next_due_shard(q, now, &shard, &until))
		look_for_due(q, shard, now, until);
	if (!q->event_look && q->item_count < ITEMS_ENOUGH && next_event_shard(q, now, &shard))
		look_for_events(q, shard, now);
	if (!q->local_busy && q->local_due <= now)
		look_for_local(q, now);
}
