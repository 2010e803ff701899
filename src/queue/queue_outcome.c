/* What the taker says: outcomes, and destinations given back. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "queue/queue_private.h"

enum { OUTCOME_MAX = 1 << 20 };

/* ---- outcomes ---- */

struct outcome_item {
	struct queue_item item;
	struct lease *lease; /* NULL: of a taker that has outlived a restart */
	struct queue_id id;
	unsigned shard;
	struct change_outcome outcome;
	struct arena arena;
};

static int run_outcome(struct spool *s, struct queue_item *item)
{
	struct outcome_item *o = (struct outcome_item *)item;
	int error = o->lease ? 0 : spool_find(s, &o->id, &o->shard);
	if (error == 0)
		error = change_outcome(s, o->shard, &o->id, &o->outcome);
	return error == -ENOENT ? 0 : error;
}

static void confirm(struct queue *q, uint64_t ticket, int error)
{
	if (ticket && q->handlers->kept)
		q->handlers->kept(q->arg, ticket, error);
}

static void free_outcome(struct queue *q, struct outcome_item *o, int result)
{
	if (o->lease) {
		struct destination *d = o->lease->destination;
		queue_lease_free(q, o->lease);
		queue_destination_drop(q, d);
	}
	confirm(q, o->outcome.ticket, result);
	arena_done(&o->arena);
	mem_free(o);
}

static void outcome_done(struct queue *q, struct queue_item *item, int result)
{
	struct outcome_item *o = (struct outcome_item *)item;
	if (result == 0 || result == -ECANCELED) {
		free_outcome(q, o, result);
	} else if (result == -EBADMSG || result == -EMSGSIZE) {
		log_event(LOG_ERROR, "-", "queue-outcome-lost", log_text("message", queue_id_view(&o->id)),
		    log_errno(result));
		free_outcome(q, o, result);
	} else {
		/* The message stays given out, so that nobody sends it again. */
		queue_keep(q, item);
	}
}

static bool copy_outcome(struct outcome_item *item, const struct change_outcome *o)
{
	struct change_result *results = arena_array(&item->arena, o->count, sizeof *results);
	struct change_outcome *to = &item->outcome;
	if (results == NULL)
		return false;
	*to = *o;
	to->results = results;
	bool ok = arena_copy(&item->arena, o->host, &to->host) && arena_copy(&item->arena, o->address, &to->address) &&
	          arena_copy(&item->arena, o->tls, &to->tls) && arena_copy(&item->arena, o->verified, &to->verified);
	for (size_t i = 0; i < o->count && ok; i++) {
		results[i] = o->results[i];
		ok = arena_copy(&item->arena, o->results[i].status, &results[i].status) &&
		     arena_copy(&item->arena, o->results[i].reply, &results[i].reply) &&
		     arena_copy(&item->arena, o->results[i].stage, &results[i].stage);
	}
	return ok;
}

/* Whether it says anything, and whether that ends something. */
static bool says_anything(const struct change_outcome *o, bool *ends)
{
	bool any = false;
	*ends = false;
	for (size_t i = 0; i < o->count; i++) {
		any = any || o->results[i].verdict != QUEUE_UNTRIED;
		*ends = *ends || (o->results[i].verdict != QUEUE_UNTRIED && o->results[i].verdict != QUEUE_DEFERRED);
	}
	return any;
}

int queue_outcome(struct queue *q, uint64_t number, struct view text, const struct change_outcome *o)
{
	struct destination *d = queue_destination_numbered(q, number);
	struct queue_id id;
	bool ends;
	if (d == NULL && o->ticket == 0)
		return -ENOENT;
	bool known = queue_id_from(text, &id);
	struct lease *l = known && d ? queue_lease_of(q, d, &id) : NULL;
	bool said = says_anything(o, &ends);
	if (l && !l->decided && !said)
		queue_lease_free(q, l);
	if (!known || !said || (l ? l->decided : d || queue_is_leased(q, &id))) {
		confirm(q, o->ticket, 0);
		return 0;
	}
	struct outcome_item *item = mem_alloc(sizeof *item);
	*item = (struct outcome_item){.item = {.run = run_outcome, .done = outcome_done, .frees = ends, .patient = true},
	    .lease = l,
	    .id = id,
	    .shard = l ? l->held->shard : 0};
	arena_init(&item->arena, OUTCOME_MAX);
	if (!copy_outcome(item, o)) {
		arena_done(&item->arena);
		mem_free(item);
		return -ENOMEM;
	}
	item->outcome.notify = d && view_equal(d->name, QUEUE_NOTIFY);
	item->outcome.active = d != NULL;
	if (l)
		l->decided = true;
	queue_submit(q, &item->item);
	return 0;
}

/* ---- rest ---- */

struct rest_item {
	struct queue_item item;
	struct queue *queue;
	struct destination *destination;
	struct spool_rest rest;
	struct arena arena;

	/* REST_DEAD: what waits fails in slices. */
	struct store_read read;
	uint64_t shards;
	unsigned shard;
	struct queue_key from;
	struct queue_id ids[EVENTS_MAX];
	size_t count, left;
};

static int run_rest(struct spool *s, struct queue_item *item)
{
	return spool_rest(s, &((struct rest_item *)item)->rest);
}

static void rest_done(struct queue *q, struct queue_item *item, int result)
{
	struct rest_item *r = (struct rest_item *)item;
	if (result && result != -ECANCELED) {
		queue_keep(q, item);
		return;
	}
	r->destination->resting = false;
	queue_destination_drop(q, r->destination);
	arena_done(&r->arena);
	mem_free(r);
}

/* ---- everything fails ---- */

struct fail_item {
	struct queue_item item;
	struct rest_item *rest;
	struct queue_id id;
	unsigned shard;
};

static void fail_next(struct rest_item *r);

static int run_fail(struct spool *s, struct queue_item *item)
{
	const struct fail_item *f = (const struct fail_item *)item;
	const struct spool_rest *rest = &f->rest->rest;
	struct change_failure failure = {
	    .name = rest->name, .status = rest->status, .text = rest->text, .host = rest->host};
	return change_fail(s, f->shard, &f->id, &failure);
}

static void fail_done(struct queue *q, struct queue_item *item, int result)
{
	struct fail_item *f = (struct fail_item *)item;
	struct rest_item *r = f->rest;
	if (result == -ECANCELED) {
		mem_free(f);
		if (--r->left == 0)
			rest_done(q, &r->item, result);
		return;
	}
	if (result && result != -EBADMSG)
		r->shards = 0; /* the rest stays, until somebody finds the destination dead again */
	mem_free(f);
	if (--r->left == 0)
		fail_next(r);
}

static int note_waiting(void *arg, struct view key, struct view value)
{
	struct rest_item *r = arg;
	struct view name;
	uint8_t rank;
	int64_t time;
	(void)value;
	if (!queue_key_read_wait(key, &name, &rank, &time, &r->ids[r->count]))
		return -EBADMSG;
	r->from.len = key.len;
	memcpy(r->from.data, key.data, key.len);
	return ++r->count == EVENTS_MAX;
}

static int run_waiting(struct txn *t, void *arg)
{
	struct rest_item *r = arg;
	struct queue_key from = r->from, to = queue_key_behind_waits(r->rest.name);
	struct txn_range range = {
	    .shard = queue_shard(r->shard), .from = queue_key_view(&from), .to = queue_key_view(&to)};
	r->count = 0;
	int error = txn_range(t, &range, note_waiting, r);
	if (error < 0)
		r->from = from;
	return error < 0 ? error : 0;
}

static void waiting_read(struct store_read *read, int result)
{
	struct rest_item *r = read->arg;
	if (result || r->queue->stopping)
		r->shards = 0;
	if (r->shards == 0 || r->count < EVENTS_MAX) {
		r->shards &= r->shards - 1;
		r->from.len = 0;
	} else if (r->from.len < sizeof r->from.data) {
		r->from.data[r->from.len++] = '\0';
	}
	if (result || r->count == 0 || r->queue->stopping) {
		fail_next(r);
		return;
	}
	r->left = r->count;
	for (size_t i = 0; i < r->count; i++) {
		struct fail_item *f = mem_alloc(sizeof *f);
		*f = (struct fail_item){.item = {.run = run_fail, .done = fail_done, .frees = true},
		    .rest = r,
		    .id = r->ids[i],
		    .shard = r->shard};
		queue_submit(r->queue, &f->item);
	}
}

/* The next slice; at the end the destination rests, as one that failed if anything is left. */
static void fail_next(struct rest_item *r)
{
	if (r->shards == 0) {
		r->rest.how = REST_FAILED;
		queue_submit(r->queue, &r->item);
		return;
	}
	for (r->shard = 0; !(r->shards >> r->shard & 1); r->shard++)
		;
	if (r->from.len == 0)
		r->from = queue_key_waits(r->rest.name, 0);
	r->read = (struct store_read){
	    .shard = queue_shard(r->shard), .run = run_waiting, .arg = r, .done = waiting_read};
	store_read(r->queue->store, &r->read);
}

/* ---- ---- */

static bool copy_rest(struct rest_item *r, const struct destination *d, const struct spool_rest *rest)
{
	r->rest = *rest;
	return arena_copy(&r->arena, d->name, &r->rest.name) && arena_copy(&r->arena, rest->status, &r->rest.status) &&
	       arena_copy(&r->arena, rest->text, &r->rest.text) && arena_copy(&r->arena, rest->host, &r->rest.host);
}

int queue_rest(struct queue *q, uint64_t number, const struct spool_rest *rest)
{
	struct destination *d = queue_destination_numbered(q, number);
	if (d == NULL)
		return -ENOENT;
	struct rest_item *r = mem_alloc(sizeof *r);
	*r = (struct rest_item){.item = {.run = run_rest, .done = rest_done, .frees = true},
	    .queue = q,
	    .destination = d,
	    .shards = d->shards};
	arena_init(&r->arena, 8192);
	if (!copy_rest(r, d, rest)) {
		arena_done(&r->arena);
		mem_free(r);
		return -ENOMEM;
	}
	/* Nothing was found to do, and yet it was due: it must not come back at once, for ever. */
	bool stuck = (d->handed == 0 && !d->told_more) || (q->kept && d->leases);
	if (rest->how == REST_EMPTY && stuck) {
		r->rest.how = REST_LATER;
		r->rest.seconds = AGAIN_SECONDS;
	}
	queue_take_forget(q, number);
	map_remove_u64(&q->by_number, number);
	d->number = 0;
	d->resting = true;
	for (struct lease *l = d->leases, *next; l; l = next) {
		next = l->next;
		if (!l->decided)
			queue_lease_free(q, l);
	}
	if (rest->how == REST_DEAD)
		fail_next(r);
	else
		queue_submit(q, &r->item);
	return 0;
}
