/*
 * Walks: queue_walk.h. A slice is some records of one shard; what of their destinations is wanted is read
 * from the shards of these, and remembered for a while.
 */
#include "base/container.h"
#include "queue/queue_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dsn/dsn_explain.h"

enum {
	SLICE_RECORDS = 64,
	SLICE_BYTES = 256 * 1024, /* of records; the last one may go beyond */
	RAW_MAX = SLICE_BYTES + 2 * QUEUE_RECORD_MAX,
	DECODED_MAX = 16 << 20,
	KNOWN_MAX = 1 << 20, /* of destinations remembered: then they are read anew */
	IDS_AT_ONCE = 16     /* looked for in one read */
};

struct walk_record {
	struct queue_id id;
	unsigned shard, parts;
	size_t raw_at, raw_len;
	struct queue_record record;
	bool fits;
};

static struct queue_walk *walk_of(struct store_read *r)
{
	return container_of(r, struct queue_walk, read);
}

/* ---- what fits ---- */

static bool contains_nocase(struct view text, struct view part)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (view_equal_nocase(view_take(view_skip(text, i), part.len), part))
			return true;
	return false;
}

static bool fits_sender(struct view sender, struct view wanted)
{
	if (wanted.len == 0)
		return true;
	return wanted.data[0] == '@' ? view_ends_nocase(sender, wanted) : view_equal_nocase(sender, wanted);
}

/* A recipient's domain, or where it goes to. */
static bool fits_domain(const struct record_recipient *p, struct view wanted)
{
	if (view_equal_nocase(p->destination, wanted))
		return true;
	return p->address.len > wanted.len && p->address.data[p->address.len - wanted.len - 1] == '@' &&
	       view_ends_nocase(p->address, wanted);
}

/* A host's words; or ours, with the cause that stands before them. */
static bool says(struct queue_walk *w, unsigned cause, struct view words)
{
	return contains_nocase(words, w->filter.error) ||
	       contains_nocase(view_from_string(trouble_phrase((enum trouble)cause)), w->filter.error);
}

static bool fits_error(struct queue_walk *w, const struct record_recipient *p)
{
	char space[QUEUE_DESTINATION_MAX];
	if (says(w, p->cause, p->reply))
		return true;
	const struct queue_destination *d =
	    queue_walk_destination(w, spool_destination_name(p->destination, p->route, space));
	return d && says(w, d->cause, d->text);
}

static bool fits_id(const struct queue_filter *f, const struct queue_id *id)
{
	if (f->id_count == 0)
		return true;
	for (size_t i = 0; i < f->id_count; i++)
		if (memcmp(&f->ids[i], id, sizeof *id) == 0)
			return true;
	return false;
}

/* All but what destinations say. */
static bool fits_record(const struct queue_filter *f, const struct walk_record *r)
{
	bool domain = f->domain.len == 0;
	for (size_t i = 0; i < r->record.count && !domain; i++)
		domain = fits_domain(&r->record.recipients[i], f->domain);
	return domain && fits_id(f, &r->id) && fits_sender(r->record.terms.sender, f->sender) &&
	       (f->before == 0 || r->record.arrived <= f->before);
}

static bool fits_errors(struct queue_walk *w, const struct queue_record *r)
{
	if (w->filter.error.len == 0)
		return true;
	for (size_t i = 0; i < r->count; i++)
		if (r->recipients[i].state == RECORD_WAITING && fits_error(w, &r->recipients[i]))
			return true;
	return false;
}

/* ---- a slice ---- */

static int add_part(void *arg, struct view key, struct view value)
{
	struct queue_walk *w = arg;
	struct queue_id id;
	unsigned part;
	if (!queue_key_read_record(key, &id, &part))
		return -EBADMSG;
	struct walk_record *last = w->count ? &w->records[w->count - 1] : NULL;
	if (last == NULL || memcmp(&last->id, &id, sizeof id) != 0) {
		if (w->count == SLICE_RECORDS || buf_view(&w->raw).len >= SLICE_BYTES) {
			w->shard_ended = false;
			return 1;
		}
		last = &w->records[w->count++];
		*last = (struct walk_record){.id = id, .shard = w->shard, .raw_at = buf_view(&w->raw).len};
	}
	last->raw_len += value.len;
	return buf_append(&w->raw, value) ? -ENOMEM : 0;
}

static int run_slice(struct txn *t, void *arg)
{
	struct queue_walk *w = arg;
	struct queue_key end = queue_key_behind_letter('Q');
	struct txn_range range = {
	    .shard = queue_shard(w->shard), .from = queue_key_view(&w->from), .to = queue_key_view(&end)};
	w->count = 0;
	w->shard_ended = true;
	buf_clear(&w->raw);
	int error = txn_range(t, &range, add_part, w);
	return error < 0 ? error : 0;
}

static int add_bytes(void *arg, struct view key, struct view value)
{
	(void)key;
	return buf_append(arg, value) ? -ENOMEM : 0;
}

/* Some of the ids that are wanted, as far as they are in this shard. */
static int run_ids(struct txn *t, void *arg)
{
	struct queue_walk *w = arg;
	w->count = 0;
	buf_clear(&w->raw);
	for (size_t i = w->next_id; i < w->filter.id_count && i < w->next_id + IDS_AT_ONCE; i++) {
		const struct queue_id *id = &w->filter.ids[i];
		struct queue_key from = queue_key_record(id, 0), to = queue_key_record(id, 0xffff);
		struct txn_range range = {
		    .shard = queue_shard(w->shard), .from = queue_key_view(&from), .to = queue_key_view(&to)};
		struct walk_record *r = &w->records[w->count];
		*r = (struct walk_record){.id = *id, .shard = w->shard, .raw_at = buf_view(&w->raw).len};
		int error = txn_range(t, &range, add_bytes, &w->raw);
		if (error)
			return error;
		r->raw_len = buf_view(&w->raw).len - r->raw_at;
		w->count += r->raw_len > 0;
	}
	return 0;
}

/* Those places of the slice that lie in this shard. */
static int run_places(struct txn *t, void *arg)
{
	struct queue_walk *w = arg;
	size_t room = 0;
	for (size_t i = 0; i < w->count; i++)
		if (w->records[i].shard < w->shard)
			room += w->records[i].raw_len;
	buf_truncate(&w->raw, room);
	for (size_t i = 0; i < w->count; i++) {
		struct walk_record *r = &w->records[i];
		struct queue_key from = queue_key_record(&r->id, 0), to = queue_key_record(&r->id, 0xffff);
		struct txn_range range = {
		    .shard = queue_shard(w->shard), .from = queue_key_view(&from), .to = queue_key_view(&to)};
		if (r->shard != w->shard)
			continue;
		r->raw_at = buf_view(&w->raw).len;
		int error = txn_range(t, &range, add_bytes, &w->raw);
		if (error)
			return error;
		r->raw_len = buf_view(&w->raw).len - r->raw_at;
	}
	return 0;
}

/* ---- destinations ---- */

const struct queue_destination *queue_walk_destination(struct queue_walk *w, struct view name)
{
	const struct queue_destination *d = map_get(&w->known, name);
	return d && d->shards ? d : NULL;
}

static void forget_known(struct queue_walk *w)
{
	map_done(&w->known);
	map_init(&w->known);
	arena_done(&w->known_arena);
}

static int run_destinations(struct txn *t, void *arg)
{
	struct queue_walk *w = arg;
	unsigned home = queue_home(w->wanted[w->wanted_next]);
	for (size_t i = w->wanted_next; i < w->wanted_count && queue_home(w->wanted[i]) == home; i++) {
		struct queue_key key = queue_key_destination(w->wanted[i]);
		struct view value;
		struct queue_destination d;
		int error = txn_get(t, queue_shard(home), queue_key_view(&key), &value);
		if (error && error != -ENOENT)
			return error;
		if (error == -ENOENT || queue_destination_decode(value, &d) != 0)
			continue;
		struct queue_destination *kept = arena_alloc(&w->known_arena, sizeof *kept);
		if (kept == NULL || !arena_copy(&w->known_arena, d.status, &d.status) ||
		    !arena_copy(&w->known_arena, d.text, &d.text) ||
		    !arena_copy(&w->known_arena, d.host, &d.host) ||
		    !arena_copy(&w->known_arena, d.stage, &d.stage) ||
		    !arena_copy(&w->known_arena, d.route, &d.route))
			return 0; /* it is only left out */
		*kept = d;
		map_set(&w->known, w->wanted[i], kept);
	}
	return 0;
}

static int compare_homes(const void *a, const void *b)
{
	unsigned x = queue_home(*(const struct view *)a), y = queue_home(*(const struct view *)b);
	return x < y ? -1 : x > y;
}

static void want(struct queue_walk *w, struct view name)
{
	static struct queue_destination none;
	if (map_get(&w->known, name))
		return;
	if (w->wanted_count == w->wanted_room) {
		w->wanted_room = w->wanted_room ? w->wanted_room * 2 : 64;
		w->wanted = mem_resize(w->wanted, w->wanted_room * sizeof *w->wanted);
	}
	struct view copy;
	if (!arena_copy(&w->arena, name, &copy))
		return;
	map_set(&w->known, name, &none);
	w->wanted[w->wanted_count++] = copy;
}

static void want_destinations(struct queue_walk *w)
{
	char space[QUEUE_DESTINATION_MAX];
	w->wanted_count = w->wanted_next = 0;
	if (w->known_arena.used > KNOWN_MAX / 2)
		forget_known(w);
	for (size_t i = 0; i < w->count; i++) {
		const struct queue_record *r = &w->records[i].record;
		for (size_t k = 0; k < r->count && w->records[i].fits; k++)
			if (r->recipients[k].destination.len)
				want(w, spool_destination_name(
				            r->recipients[k].destination, r->recipients[k].route, space));
	}
	if (w->wanted_count)
		qsort(w->wanted, w->wanted_count, sizeof *w->wanted, compare_homes);
}

/* ---- from step to step ---- */

static void next_slice(struct queue_walk *w);

static void end(struct queue_walk *w, int result)
{
	buf_done(&w->raw);
	arena_done(&w->arena);
	forget_known(w);
	mem_free(w->records);
	mem_free(w->wanted);
	w->records = NULL;
	w->done(w, result);
}

static void hand_out(struct queue_walk *w)
{
	for (size_t i = 0; i < w->count && !w->stopped; i++) {
		const struct walk_record *r = &w->records[i];
		if (!r->fits || !fits_errors(w, &r->record))
			continue;
		struct queue_found f = {
		    .place = {.arrived = r->record.arrived, .id = r->id, .shard = (uint8_t)r->shard},
		    .record = &r->record};
		w->found(w, &f);
	}
	if (w->paused)
		w->waiting = true;
	else
		next_slice(w);
}

static void read_destinations(struct queue_walk *w);

static void destinations_read(struct store_read *read, int result)
{
	struct queue_walk *w = walk_of(read);
	if (result) {
		end(w, result);
		return;
	}
	unsigned home = queue_home(w->wanted[w->wanted_next]);
	while (w->wanted_next < w->wanted_count && queue_home(w->wanted[w->wanted_next]) == home)
		w->wanted_next++;
	read_destinations(w);
}

static void read_destinations(struct queue_walk *w)
{
	if (w->stopped || w->wanted_next == w->wanted_count) {
		hand_out(w);
		return;
	}
	w->read = (struct store_read){.shard = queue_shard(queue_home(w->wanted[w->wanted_next])),
	    .run = run_destinations,
	    .arg = w,
	    .done = destinations_read};
	store_read(queue_store(w->queue), &w->read);
}

static void decode(struct queue_walk *w)
{
	arena_reset(&w->arena);
	for (size_t i = 0; i < w->count; i++) {
		struct walk_record *r = &w->records[i];
		struct view raw = view_take(view_skip(buf_view(&w->raw), r->raw_at), r->raw_len);
		r->fits = raw.len > 0 && queue_record_decode(raw, &r->record, &w->arena) == 0 &&
		          fits_record(&w->filter, r);
	}
	w->wanted_count = w->wanted_next = 0;
	if (w->destinations || w->filter.error.len)
		want_destinations(w);
	read_destinations(w);
}

static void slice_read(struct store_read *read, int result)
{
	struct queue_walk *w = walk_of(read);
	if (result) {
		end(w, result);
		return;
	}
	if (w->filter.id_count > 0) {
		w->next_id += IDS_AT_ONCE;
		w->shard_ended = w->next_id >= w->filter.id_count;
	}
	if (w->shard_ended) {
		w->shard++;
		w->next_id = 0;
		w->from = queue_key_letter('Q');
	} else if (w->filter.id_count == 0) {
		w->from = queue_key_record(&w->records[w->count - 1].id, 0xffff);
	}
	decode(w);
}

/* The places of a slice are spread over the shards. */
static void places_read(struct store_read *read, int result)
{
	struct queue_walk *w = walk_of(read);
	unsigned next = QUEUE_SHARDS;
	for (size_t i = 0; i < w->count && result == 0; i++)
		if (w->records[i].shard > w->shard && w->records[i].shard < next)
			next = w->records[i].shard;
	if (result) {
		end(w, result);
	} else if (next == QUEUE_SHARDS || w->stopped) {
		decode(w);
	} else {
		w->shard = next;
		store_read(queue_store(w->queue), &w->read);
		return;
	}
}

static void next_places(struct queue_walk *w)
{
	w->shard = QUEUE_SHARDS;
	for (w->count = 0; w->count < SLICE_RECORDS && w->next_place < w->place_count; w->count++) {
		const struct queue_place *p = &w->places[w->next_place++];
		w->records[w->count] = (struct walk_record){.id = p->id, .shard = p->shard};
		w->shard = p->shard < w->shard ? p->shard : w->shard;
	}
	w->read = (struct store_read){.run = run_places, .arg = w, .done = places_read};
}

static void next_slice(struct queue_walk *w)
{
	if (w->stopped) {
		end(w, -ECANCELED);
		return;
	}
	if (w->places ? w->next_place == w->place_count : w->shard == QUEUE_SHARDS) {
		end(w, 0);
		return;
	}
	if (w->places)
		next_places(w);
	else
		w->read = (struct store_read){
		    .run = w->filter.id_count ? run_ids : run_slice, .arg = w, .done = slice_read};
	w->read.shard = queue_shard(w->shard);
	store_read(queue_store(w->queue), &w->read);
}

static void begin(struct queue_walk *w)
{
	w->shard = 0;
	w->next_place = w->next_id = 0;
	w->paused = w->waiting = w->stopped = false;
	w->from = queue_key_letter('Q');
	w->wanted = NULL;
	w->wanted_room = w->wanted_count = w->wanted_next = 0;
	w->records = mem_array(SLICE_RECORDS, sizeof *w->records);
	buf_init(&w->raw, w->places || w->filter.id_count ? SLICE_RECORDS * QUEUE_RECORD_MAX : RAW_MAX);
	arena_init(&w->arena, DECODED_MAX);
	arena_init(&w->known_arena, KNOWN_MAX);
	map_init(&w->known);
	next_slice(w);
}

void queue_walk_start(struct queue_walk *w)
{
	w->places = NULL;
	begin(w);
}

void queue_walk_places(struct queue_walk *w, const struct queue_place *places, size_t count)
{
	w->places = places;
	w->place_count = count;
	begin(w);
}

void queue_walk_pause(struct queue_walk *w)
{
	w->paused = true;
}

void queue_walk_go(struct queue_walk *w)
{
	w->paused = false;
	if (!w->waiting)
		return;
	w->waiting = false;
	next_slice(w);
}

void queue_walk_stop(struct queue_walk *w)
{
	w->stopped = true;
	queue_walk_go(w);
}
