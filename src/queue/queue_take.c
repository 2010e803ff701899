/*
 * Giving out messages: what waits for a destination is found in order, records and small bodies are read in
 * batches. A take looks at one shard after the other; what it doesn't give out, it forgets. What can't be
 * given out (a damaged record) is passed over, and the take goes on behind it: no mail waits for what another
 * message suffers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "queue/queue_pause.h"
#include "queue/queue_private.h"

enum {
	SEVERAL_SHARDS_MAX = 32, /* messages of a take that looks into several shards */
	RAW_MAX = (SEVERAL_SHARDS_MAX + 1) * QUEUE_RECORD_MAX,
	DECODED_MAX = 16 << 20
};

struct candidate {
	uint8_t rank;
	unsigned shard;
	int64_t time;
	struct queue_id id;
	size_t raw_at, raw_len;
	bool unreadable; /* an entry of its record */
};

struct take {
	struct take *next;
	struct queue *queue;
	struct destination *destination;
	uint64_t number; /* the destination may have been given back meanwhile */
	uint32_t request;
	size_t wanted;
	uint64_t budget;
	int64_t now;

	struct store_read read;
	uint64_t shards; /* still to be looked at */
	unsigned shard;
	struct queue_id *excluded; /* sorted: what the taker has, and what can't be given out */
	size_t excluded_count, excluded_room;
	struct candidate *found;
	size_t count, room, first;         /* first: where this shard's begin */
	bool more, more_here, records_too; /* more_here: of this shard; the run's */
	struct buf raw;

	struct store_blob_read bodies;
	struct store_blob_part *parts;
	size_t *part_of; /* of each candidate, or SIZE_MAX */
	char *bytes;
	struct queue_record *records;
	struct arena arena;
};

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct queue_id));
}

static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return compare_ids(&x->id, &y->id);
}

/* ---- what waits ---- */

struct gather {
	struct take *take;
	uint8_t rank;
	size_t looked;
	bool ended; /* this rank has no more that may be tried now */
};

static int note_candidate(void *arg, struct view key, struct view value)
{
	struct gather *g = arg;
	struct take *t = g->take;
	struct view name;
	struct candidate c = {.shard = t->shard};
	(void)value;
	if (!queue_key_read_wait(key, &name, &c.rank, &c.time, &c.id))
		return -EBADMSG;
	g->rank = c.rank;
	g->looked++;
	if (c.time > t->now) {
		g->ended = true;
		return 1;
	}
	if (t->excluded_count && bsearch(&c.id, t->excluded, t->excluded_count, sizeof c.id, compare_ids))
		return 0;
	if (t->count - t->first == t->wanted) {
		t->more_here = true;
		return 1;
	}
	t->found[t->count++] = c;
	return 0;
}

static int gather(struct txn *txn, struct take *t)
{
	struct queue_key end = queue_key_behind_waits(t->destination->name);
	struct gather g = {.take = t};
	/* From the highest rank on; behind what must wait of a rank stands the next one. */
	for (unsigned rank = 0; rank <= 18; rank = g.rank + 1u) {
		struct queue_key from = queue_key_waits(t->destination->name, (uint8_t)rank);
		struct txn_range range = {.shard = queue_shard(t->shard),
		    .from = queue_key_view(&from),
		    .to = queue_key_view(&end)};
		g.ended = false;
		int error = txn_range(txn, &range, note_candidate, &g);
		if (error < 0)
			return error;
		if (!g.ended)
			return 0;
	}
	return 0;
}

static int add_part(void *arg, struct view key, struct view value)
{
	(void)key;
	return buf_append(arg, value) ? -ENOMEM : 0;
}

static int read_record(struct txn *txn, struct take *t, struct candidate *c)
{
	struct queue_key from = queue_key_record(&c->id, 0), to = queue_key_record(&c->id, 0xffff);
	struct txn_range range = {
	    .shard = queue_shard(c->shard), .from = queue_key_view(&from), .to = queue_key_view(&to)};
	c->raw_at = buf_view(&t->raw).len;
	int error = txn_range(txn, &range, add_part, &t->raw);
	c->unreadable = error == -EBADMSG;
	if (c->unreadable)
		buf_truncate(&t->raw, c->raw_at);
	c->raw_len = buf_view(&t->raw).len - c->raw_at;
	return c->unreadable ? 0 : error;
}

/* Records of many recipients can alone be too much for one take. */
static bool is_enough(const struct take *t)
{
	return buf_view(&t->raw).len > QUEUE_TAKE_BYTES_MAX;
}

static int run_records(struct txn *txn, void *arg)
{
	struct take *t = arg;
	size_t before = t->first < t->count ? t->found[t->first].raw_at : 0;
	buf_truncate(&t->raw, before);
	for (size_t i = t->first; i < t->count; i++) {
		if (t->found[i].shard != t->shard)
			break;
		int error = read_record(txn, t, &t->found[i]);
		if (error)
			return error;
	}
	return 0;
}

static int run_gather(struct txn *txn, void *arg)
{
	struct take *t = arg;
	t->count = t->first;
	t->more_here = false;
	int error = gather(txn, t);
	if (error || !t->records_too)
		return error;
	buf_clear(&t->raw);
	for (size_t i = 0; i < t->count && error == 0; i++) {
		if (i > 0 && is_enough(t)) {
			t->count = i;
			t->more_here = true;
			break;
		}
		error = read_record(txn, t, &t->found[i]);
	}
	return error;
}

/* ---- the end ---- */

static void free_take(struct take *t)
{
	arena_done(&t->arena);
	buf_done(&t->raw);
	mem_free(t->excluded);
	mem_free(t->found);
	mem_free(t->parts);
	mem_free(t->part_of);
	mem_free(t->bytes);
	mem_free(t->records);
	mem_free(t);
}

static void end_take(struct take *t, int error, size_t count)
{
	struct queue *q = t->queue;
	struct destination *d = t->destination;
	q->takes_busy--;
	d->takes--;
	if (d->number == t->number)
		q->handlers->taken(q->arg, t->request, t->number, error, count, error == 0 && t->more);
	queue_destination_drop(q, d);
	free_take(t);
	queue_wake(q);
}

struct drop_item {
	struct queue_item item;
	struct view name;
	struct candidate candidate;
};

static int run_drop(struct spool *s, struct queue_item *item)
{
	const struct drop_item *d = (const struct drop_item *)item;
	return change_drop_wait(
	    s, d->candidate.shard, d->name, d->candidate.rank, d->candidate.time, &d->candidate.id);
}

static void drop_done(struct queue *q, struct queue_item *item, int result)
{
	struct drop_item *d = (struct drop_item *)item;
	(void)q;
	(void)result;
	mem_free((void *)(uintptr_t)d->name.data);
	mem_free(d);
}

/* An entry that leads nowhere would be found again and again. */
static void drop_wait(struct take *t, const struct candidate *c)
{
	struct drop_item *d = mem_alloc(sizeof *d);
	struct view name = t->destination->name;
	*d = (struct drop_item){.item = {.run = run_drop, .done = drop_done, .frees = true},
	    .name = view_of(mem_string(name), name.len),
	    .candidate = *c};
	queue_submit(t->queue, &d->item);
}

/* ---- giving out ---- */

/* Those of its recipients that the destination's taker may try now. */
static size_t choose_recipients(const struct take *t, const struct queue_record *r, uint32_t *numbers)
{
	char space[QUEUE_DESTINATION_MAX];
	bool notify = view_equal(t->destination->name, QUEUE_NOTIFY);
	size_t n = 0;
	for (size_t i = 0; i < r->count; i++) {
		const struct record_recipient *p = &r->recipients[i];
		bool mine;
		if (notify)
			mine = p->action != ACTION_NONE;
		else if (p->state != RECORD_WAITING || p->not_before > t->now ||
		         t->destination->local != p->local)
			mine = false;
		else
			mine = p->local || view_equal(spool_destination_name(p->destination, p->route, space),
			                       t->destination->name);
		if (mine)
			numbers[n++] = (uint32_t)i;
	}
	return n;
}

static bool give_out(struct take *t, size_t i)
{
	struct queue *q = t->queue;
	struct candidate *c = &t->found[i];
	uint32_t numbers[QUEUE_RECIPIENTS_MAX];
	struct queue_handout h = {
	    .number = t->number, .id = c->id, .record = &t->records[i], .recipients = numbers};
	if (queue_lease_of(q, t->destination, &c->id))
		return false;
	h.count = choose_recipients(t, h.record, numbers);
	size_t part = t->part_of[i];
	if (part != SIZE_MAX && t->parts[part].result == 0)
		h.bytes = view_of(t->parts[part].out, t->parts[part].length);
	queue_lease_new(q, t->destination, &c->id, c->shard, &h.record->blob);
	t->destination->handed++;
	q->handlers->message(q->arg, t->request, &h);
	return true;
}

static void bodies_read(struct store_blob_read *r)
{
	struct take *t = r->arg;
	size_t given = 0;
	for (size_t i = 0; i < t->count && t->destination->number == t->number; i++)
		given += give_out(t, i);
	end_take(t, 0, given);
}

/* What is read of the bodies, and how many of the messages the budget holds: one in any case. */
static void plan_bodies(struct take *t)
{
	uint64_t used = 0, bytes = 0;
	size_t parts = 0, i = 0;
	t->parts = mem_array(t->count, sizeof *t->parts);
	t->part_of = mem_array(t->count, sizeof *t->part_of);
	for (; i < t->count; i++) {
		const struct queue_record *r = &t->records[i];
		bool small = t->budget > 0 && r->body_len > 0 && r->body_len <= QUEUE_WHOLE_MAX;
		uint64_t cost = t->found[i].raw_len + (small ? r->body_len : 0);
		if (i > 0 && t->budget > 0 && used + cost > t->budget)
			break;
		used += cost;
		t->part_of[i] = small ? parts : SIZE_MAX;
		if (small) {
			t->parts[parts++] = (struct store_blob_part){.id = r->blob, .length = r->body_len};
			bytes += r->body_len;
		}
	}
	t->more = t->more || i < t->count;
	t->count = i;
	t->bytes = mem_alloc(bytes);
	char *out = t->bytes;
	for (i = 0; i < parts; out += t->parts[i++].length)
		t->parts[i].out = out;
	t->bodies =
	    (struct store_blob_read){.parts = t->parts, .count = parts, .arg = t, .done = bodies_read};
}

static void exclude(struct take *t, const struct queue_id *id)
{
	if (t->excluded_count == t->excluded_room) {
		t->excluded_room = t->excluded_room ? 2 * t->excluded_room : 16;
		t->excluded = mem_resize(t->excluded, t->excluded_room * sizeof *t->excluded);
	}
	t->excluded[t->excluded_count++] = *id;
}

static void leave_out(struct take *t, const struct candidate *c, int error)
{
	exclude(t, &c->id);
	if (error == -ENOENT)
		drop_wait(t, c);
	else if (error == -EBADMSG)
		queue_note_damaged(t->queue, &c->id);
}

static int decode(struct take *t, const struct candidate *c, struct queue_record *r)
{
	uint32_t numbers[QUEUE_RECIPIENTS_MAX];
	if (c->unreadable)
		return -EBADMSG;
	if (c->raw_len == 0)
		return -ENOENT;
	int error =
	    queue_record_decode(view_take(view_skip(buf_view(&t->raw), c->raw_at), c->raw_len), r, &t->arena);
	return error ? error : choose_recipients(t, r, numbers) > 0 ? 0 : -ENODATA;
}

/* Afterwards only those are left that can be given out. */
static int decode_records(struct take *t)
{
	size_t kept = 0, i = 0;
	mem_free(t->records);
	t->records = mem_array(t->count, sizeof *t->records);
	for (; i < t->count; i++) {
		struct candidate c = t->found[i];
		int error = decode(t, &c, &t->records[kept]);
		if (error == -ENOMEM)
			break;
		if (error)
			leave_out(t, &c, error);
		else
			t->found[kept++] = c;
	}
	if (i < t->count && kept == 0)
		return -ENOMEM;
	t->more = t->more || i < t->count;
	t->count = kept;
	return 0;
}

static void begin_gathering(struct take *t);

static void records_read(struct take *t)
{
	if (t->destination->number != t->number) {
		end_take(t, -ECANCELED, 0);
		return;
	}
	int error = decode_records(t);
	if (error) {
		end_take(t, error, 0);
		return;
	}
	/* Nothing of that can be given out: what stands behind it can. */
	if (t->count == 0 && t->more) {
		begin_gathering(t);
		return;
	}
	plan_bodies(t);
	if (t->bodies.count == 0)
		bodies_read(&t->bodies);
	else
		store_blob_read(t->queue->store, &t->bodies);
}

/* ---- several shards ---- */

static void read_next_records(struct take *t);

static void some_records_read(struct store_read *read, int result)
{
	struct take *t = read->arg;
	if (result) {
		end_take(t, result, 0);
		return;
	}
	while (t->first < t->count && t->found[t->first].shard == t->shard)
		t->first++;
	read_next_records(t);
}

/* Sorted by shard; each shard's in one read. */
static void read_next_records(struct take *t)
{
	if (t->first == t->count) {
		qsort(t->found, t->count, sizeof *t->found, compare_candidates);
		records_read(t);
		return;
	}
	t->shard = t->found[t->first].shard;
	t->found[t->first].raw_at = buf_view(&t->raw).len;
	t->read = (struct store_read){
	    .shard = queue_shard(t->shard), .run = run_records, .arg = t, .done = some_records_read};
	store_read(t->queue->store, &t->read);
}

static int compare_shards(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	return x->shard < y->shard ? -1 : x->shard > y->shard;
}

static void gather_next(struct take *t);

static void gathered(struct store_read *read, int result)
{
	struct take *t = read->arg;
	if (result) {
		end_take(t, result, 0);
		return;
	}
	t->more = t->more || t->more_here;
	if (t->records_too) {
		records_read(t);
		return;
	}
	qsort(t->found, t->count, sizeof *t->found, compare_candidates);
	t->more = t->more || t->count > t->wanted;
	t->count = t->count < t->wanted ? t->count : t->wanted;
	t->first = t->count;
	gather_next(t);
}

static void gather_next(struct take *t)
{
	if (t->shards == 0) {
		if (t->count == 0) {
			records_read(t);
			return;
		}
		qsort(t->found, t->count, sizeof *t->found, compare_shards);
		t->first = 0;
		read_next_records(t);
		return;
	}
	for (t->shard = 0; !(t->shards >> t->shard & 1); t->shard++)
		;
	t->shards &= t->shards - 1;
	t->read = (struct store_read){
	    .shard = queue_shard(t->shard), .run = run_gather, .arg = t, .done = gathered};
	store_read(t->queue->store, &t->read);
}

/* ---- starting ---- */

static void exclude_known(struct take *t)
{
	const struct destination *d = t->destination;
	size_t position = 0;
	struct view key;
	void *value;
	for (const struct lease *l = d->leases; l; l = l->next)
		exclude(t, &l->held->id);
	while (map_each(&t->queue->damaged, &position, &key, &value)) {
		struct queue_id id;
		if (queue_id_from(key, &id))
			exclude(t, &id);
	}
}

static void begin_gathering(struct take *t)
{
	if (t->excluded_count)
		qsort(t->excluded, t->excluded_count, sizeof *t->excluded, compare_ids);
	arena_reset(&t->arena);
	buf_clear(&t->raw);
	t->count = t->first = 0;
	t->more = false;
	t->shards = t->destination->shards;
	gather_next(t);
}

static void start_take(struct take *t)
{
	struct destination *d = t->destination;
	t->queue->takes_busy++;
	d->told_more = false;
	t->now = clock_wall();
	t->records_too = (d->shards & (d->shards - 1)) == 0;
	if (!t->records_too && t->wanted > SEVERAL_SHARDS_MAX)
		t->wanted = SEVERAL_SHARDS_MAX;
	t->found = mem_array(2 * t->wanted, sizeof *t->found);
	exclude_known(t);
	begin_gathering(t);
}

int queue_take(struct queue *q, uint32_t request, uint64_t number, size_t messages, uint64_t bytes)
{
	struct destination *d = queue_destination_numbered(q, number);
	if (d == NULL)
		return -ENOENT;
	/* It was paused meanwhile: it finds nothing more, and rests. */
	if (queue_is_paused(q, d->name, NULL)) {
		d->told_more = false;
		q->handlers->taken(q->arg, request, number, 0, 0, false);
		return 0;
	}
	struct take *t = mem_alloc(sizeof *t);
	*t = (struct take){.queue = q,
	    .destination = d,
	    .number = number,
	    .request = request,
	    .wanted = messages == 0               ? 1
	              : messages < QUEUE_TAKE_MAX ? messages
	                                          : QUEUE_TAKE_MAX,
	    .budget = bytes < QUEUE_TAKE_BYTES_MAX ? bytes : QUEUE_TAKE_BYTES_MAX};
	buf_init(&t->raw, RAW_MAX);
	arena_init(&t->arena, DECODED_MAX);
	d->takes++;
	*q->takes_end = t;
	q->takes_end = &t->next;
	queue_wake(q);
	return 0;
}

/* ---- parts of bodies ---- */

struct part_read {
	struct part_read *next;
	struct queue *queue;
	uint32_t request;
	struct store_blob_read read;
	struct store_blob_part part;
};

static void part_done(struct store_blob_read *r)
{
	struct part_read *p = r->arg;
	struct queue *q = p->queue;
	q->reads_busy--;
	q->handlers->data(q->arg, p->request, p->part.result,
	    p->part.result ? (struct view){0} : view_of(p->part.out, p->part.length));
	mem_free(p->part.out);
	mem_free(p);
	queue_wake(q);
}

void queue_read(struct queue *q, uint32_t request, struct view text, uint64_t offset, uint64_t length)
{
	struct queue_id id;
	const struct held *h = queue_id_from(text, &id) ? map_get(&q->held, text) : NULL;
	uint64_t whole = h ? blob_length(&h->blob) : 0;
	if (h == NULL || offset > whole || length > whole - offset || length > QUEUE_READ_MAX) {
		q->handlers->data(q->arg, request, h ? -ERANGE : -ENOENT, (struct view){0});
		return;
	}
	struct part_read *p = mem_alloc(sizeof *p);
	*p = (struct part_read){.queue = q,
	    .request = request,
	    .part = {.id = h->blob, .offset = offset, .length = (size_t)length}};
	*q->reads_end = p;
	q->reads_end = &p->next;
	queue_wake(q);
}

/* ---- what may begin now ---- */

static bool may_take(const struct queue *q)
{
	return q->takes && q->takes_busy < TAKES_MAX && q->lease_count < QUEUE_LEASES_MAX &&
	       q->item_count < ITEMS_ENOUGH;
}

void queue_take_work(struct queue *q)
{
	while (may_take(q) && !q->handlers->full(q->arg)) {
		struct take *t = q->takes;
		q->takes = t->next;
		if (q->takes == NULL)
			q->takes_end = &q->takes;
		start_take(t);
	}
	while (q->reads && q->reads_busy < READS_MAX && !q->handlers->full(q->arg)) {
		struct part_read *p = q->reads;
		q->reads = p->next;
		if (q->reads == NULL)
			q->reads_end = &q->reads;
		q->reads_busy++;
		p->part.out = mem_alloc(p->part.length);
		p->read =
		    (struct store_blob_read){.parts = &p->part, .count = 1, .arg = p, .done = part_done};
		store_blob_read(q->store, &p->read);
	}
}

/* Those that have begun end by themselves, for nobody. */
void queue_take_forget(struct queue *q, uint64_t number)
{
	struct take **at = &q->takes;
	while (*at) {
		struct take *t = *at;
		struct destination *d = t->destination;
		if (number ? t->number != number : d->local) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		d->takes--;
		free_take(t);
	}
	q->takes_end = at;
	while (number == 0 && q->reads) {
		struct part_read *p = q->reads;
		q->reads = p->next;
		mem_free(p);
	}
	if (number == 0)
		q->reads_end = &q->reads;
}
