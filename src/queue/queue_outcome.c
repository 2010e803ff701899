/* What the taker says: outcomes, and destinations given back. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "queue/queue_private.h"

/* ---- outcomes ---- */

struct outcome_item {
	struct queue_item item;
	struct lease *lease; /* NULL: of a taker that has outlived a restart */
	struct queue_id id;
	unsigned shard;
	struct change_outcome outcome;
	struct change_result results[]; /* then the texts: thousands of these may wait, each is one block */
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

static struct view copy_text(char **at, struct view text)
{
	struct view copy = view_of(*at, text.len);
	if (text.len)
		memcpy(*at, text.data, text.len);
	*at += text.len;
	return copy;
}

static struct outcome_item *copy_outcome(const struct change_outcome *o)
{
	size_t texts = o->host.len + o->address.len + o->tls.len + o->verified.len;
	for (size_t i = 0; i < o->count; i++)
		texts += o->results[i].status.len + o->results[i].reply.len + o->results[i].stage.len;
	struct outcome_item *item = mem_alloc(sizeof *item + o->count * sizeof *item->results + texts);
	char *at = (char *)(item->results + o->count);
	item->outcome = *o;
	item->outcome.results = item->results;
	item->outcome.host = copy_text(&at, o->host);
	item->outcome.address = copy_text(&at, o->address);
	item->outcome.tls = copy_text(&at, o->tls);
	item->outcome.verified = copy_text(&at, o->verified);
	for (size_t i = 0; i < o->count; i++) {
		item->results[i] = o->results[i];
		item->results[i].status = copy_text(&at, o->results[i].status);
		item->results[i].reply = copy_text(&at, o->results[i].reply);
		item->results[i].stage = copy_text(&at, o->results[i].stage);
	}
	return item;
}

/* Whether it says anything, and whether that ends something. */
static bool says_anything(const struct change_outcome *o, bool *ends)
{
	bool any = false;
	*ends = false;
	for (size_t i = 0; i < o->count; i++) {
		any = any || o->results[i].verdict != QUEUE_UNTRIED;
		*ends = *ends ||
		        (o->results[i].verdict != QUEUE_UNTRIED && o->results[i].verdict != QUEUE_DEFERRED);
	}
	return any;
}

/* What waits for a mailbox here is with no taker: who says outcomes has never heard of it. */
static bool is_with_taker(struct queue *q, const struct queue_id *id)
{
	const struct held *h = map_get(&q->held, queue_id_view(id));
	for (const struct lease *l = h ? h->leases : NULL; l; l = l->next_of_held)
		if (!l->destination->local)
			return true;
	return false;
}

int queue_outcome(struct queue *q, uint64_t number, struct view text, const struct change_outcome *o)
{
	struct destination *d = queue_destination_numbered(q, number);
	struct queue_id id;
	bool ends;
	/* The number is one of before a restart. */
	if (d && d->local && o->ticket)
		d = NULL;
	if (d == NULL && o->ticket == 0)
		return -ENOENT;
	bool known = queue_id_from(text, &id);
	struct lease *l = known && d ? queue_lease_of(q, d, &id) : NULL;
	bool said = says_anything(o, &ends);
	if (l && !l->decided && !said)
		queue_lease_free(q, l);
	if (!known || !said || (l ? l->decided : d || is_with_taker(q, &id))) {
		confirm(q, o->ticket, 0);
		return 0;
	}
	struct outcome_item *item = copy_outcome(o);
	item->item =
	    (struct queue_item){.run = run_outcome, .done = outcome_done, .frees = ends, .patient = true};
	item->lease = l;
	item->id = id;
	item->shard = l ? l->held->shard : 0;
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
	struct dying *dying; /* REST_DEAD: else NULL */
	char texts[];
};

/* What waits fails in slices. */
struct dying {
	struct store_read read;
	struct rest_item *rest;
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
	mem_free(r->dying);
	mem_free(r);
}

/* ---- everything fails ---- */

struct fail_item {
	struct queue_item item;
	struct dying *dying;
	struct queue_id id;
	unsigned shard;
};

static void fail_next(struct dying *d);

static int run_fail(struct spool *s, struct queue_item *item)
{
	const struct fail_item *f = (const struct fail_item *)item;
	const struct spool_rest *rest = &f->dying->rest->rest;
	struct change_failure failure = {.name = rest->name,
	    .cause = rest->cause,
	    .status = rest->status,
	    .text = rest->text,
	    .host = rest->host,
	    .stage = rest->stage};
	return change_fail(s, f->shard, &f->id, &failure);
}

static void fail_done(struct queue *q, struct queue_item *item, int result)
{
	struct fail_item *f = (struct fail_item *)item;
	struct dying *d = f->dying;
	if (result && result != -EBADMSG)
		d->shards = 0; /* the rest stays, until somebody finds the destination dead again */
	mem_free(f);
	if (--d->left > 0)
		return;
	if (result == -ECANCELED)
		rest_done(q, &d->rest->item, result);
	else
		fail_next(d);
}

static int note_waiting(void *arg, struct view key, struct view value)
{
	struct dying *d = arg;
	struct view name;
	uint8_t rank;
	int64_t time;
	(void)value;
	if (!queue_key_read_wait(key, &name, &rank, &time, &d->ids[d->count]))
		return -EBADMSG;
	d->from.len = key.len;
	memcpy(d->from.data, key.data, key.len);
	return ++d->count == EVENTS_MAX;
}

static int run_waiting(struct txn *t, void *arg)
{
	struct dying *d = arg;
	struct queue_key from = d->from, to = queue_key_behind_waits(d->rest->rest.name);
	struct txn_range range = {
	    .shard = queue_shard(d->shard), .from = queue_key_view(&from), .to = queue_key_view(&to)};
	d->count = 0;
	int error = txn_range(t, &range, note_waiting, d);
	/* It may run once more. */
	if (error < 0 || d->count == 0)
		d->from = from;
	return error < 0 ? error : 0;
}

static void waiting_read(struct store_read *read, int result)
{
	struct dying *d = read->arg;
	bool over = result || d->rest->queue->stopping;
	if (over)
		d->shards = 0;
	if (over || d->count < EVENTS_MAX) {
		d->shards &= d->shards - 1;
		d->from.len = 0;
	} else if (d->from.len < sizeof d->from.data) {
		d->from.data[d->from.len++] = '\0';
	}
	if (over || d->count == 0) {
		fail_next(d);
		return;
	}
	d->left = d->count;
	for (size_t i = 0; i < d->count; i++) {
		struct fail_item *f = mem_alloc(sizeof *f);
		*f = (struct fail_item){.item = {.run = run_fail, .done = fail_done, .frees = true},
		    .dying = d,
		    .id = d->ids[i],
		    .shard = d->shard};
		queue_submit(d->rest->queue, &f->item);
	}
}

/* The next slice; at the end the destination rests, as one that failed if anything is left. */
static void fail_next(struct dying *d)
{
	struct queue *q = d->rest->queue;
	if (d->shards == 0) {
		q->dying--;
		d->rest->rest.how = REST_FAILED;
		queue_submit(q, &d->rest->item);
		return;
	}
	for (d->shard = 0; !(d->shards >> d->shard & 1); d->shard++)
		;
	if (d->from.len == 0)
		d->from = queue_key_waits(d->rest->rest.name, 0);
	d->read = (struct store_read){
	    .shard = queue_shard(d->shard), .run = run_waiting, .arg = d, .done = waiting_read};
	store_read(q->store, &d->read);
}

static void start_dying(struct rest_item *r)
{
	r->dying = mem_alloc(sizeof *r->dying);
	r->dying->rest = r;
	r->dying->shards = r->destination->shards;
	r->queue->dying++;
	fail_next(r->dying);
}

/* ---- ---- */

static struct rest_item *copy_rest(const struct destination *d, const struct spool_rest *rest)
{
	size_t texts = d->name.len + rest->status.len + rest->text.len + rest->host.len + rest->stage.len;
	struct rest_item *r = mem_alloc(sizeof *r + texts);
	char *at = r->texts;
	r->rest = *rest;
	r->rest.name = copy_text(&at, d->name);
	r->rest.status = copy_text(&at, rest->status);
	r->rest.text = copy_text(&at, rest->text);
	r->rest.host = copy_text(&at, rest->host);
	r->rest.stage = copy_text(&at, rest->stage);
	return r;
}

int queue_rest(struct queue *q, uint64_t number, const struct spool_rest *rest)
{
	struct destination *d = queue_destination_numbered(q, number);
	if (d == NULL)
		return -ENOENT;
	struct rest_item *r = copy_rest(d, rest);
	r->item = (struct queue_item){.run = run_rest, .done = rest_done, .frees = true};
	r->queue = q;
	r->destination = d;
	/* Nothing was found to do, and yet it was due: it must not come back at once, for ever. */
	bool stuck = (d->handed == 0 && !d->told_more) || (q->kept && d->leases);
	if (rest->how == REST_EMPTY && stuck) {
		r->rest.how = REST_LATER;
		r->rest.seconds =
		    q->damaged.count ? LOOK_SECONDS : AGAIN_SECONDS; /* what is damaged stays due */
	}
	if (d->takes > 0)
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
		start_dying(r);
	else
		queue_submit(q, &r->item);
	return 0;
}
