#include "audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "queue/spool.h"

static struct store *store;
static char *wrong;
static struct map expected; /* shard and key -> awaited_mark or seen_mark */
static struct map wanted;   /* destination -> uint64_t shards that it must say */
static size_t records;
static bool read_bodies;
static void (*each)(const struct queue_id *id, const struct queue_record *r);

static void complain(const char *what, unsigned shard, struct view key)
{
	if (wrong[0])
		return;
	int n = snprintf(wrong, 300, "%s in shard %u: ", what, shard);
	for (size_t i = 0; i < key.len && n < 280; i++)
		n += snprintf(wrong + n, (size_t)(300 - n),
		    key.data[i] >= ' ' && key.data[i] < 127 ? "%c" : "\\%02x", (unsigned char)key.data[i]);
}

static struct view sharded(unsigned shard, struct view key, char out[STORE_KEY_MAX + 1])
{
	out[0] = (char)shard;
	memcpy(out + 1, key.data, key.len);
	return view_of(out, key.len + 1);
}

static char awaited_mark[] = "awaited", seen_mark[] = "seen";

static void expect(unsigned shard, struct queue_key key)
{
	char name[STORE_KEY_MAX + 1];
	map_set(&expected, sharded(shard, queue_key_view(&key), name), awaited_mark);
}

static void want(struct view name, unsigned shard)
{
	uint64_t *shards = map_get(&wanted, name);
	if (shards == NULL) {
		shards = mem_alloc(sizeof *shards);
		map_set(&wanted, name, shards);
	}
	*shards |= UINT64_C(1) << shard;
}

/* ---- what must be there ---- */

static void expect_wait(const struct queue_record *r, unsigned shard, const struct queue_id *id,
    struct view destination, struct view route)
{
	char space[QUEUE_DESTINATION_MAX];
	struct view name = spool_destination_name(destination, route, space);
	int64_t time = INT64_MAX;
	bool notify = view_equal(name, QUEUE_NOTIFY);
	for (size_t i = 0; i < r->count; i++) {
		const struct record_recipient *p = &r->recipients[i];
		char other[QUEUE_DESTINATION_MAX];
		struct view own =
		    p->local ? QUEUE_LOCAL : spool_destination_name(p->destination, p->route, other);
		if (p->state == RECORD_WAITING && view_equal(own, name) && p->not_before < time)
			time = p->not_before;
	}
	expect(
	    shard, queue_key_wait(name, queue_rank(r->terms.priority), notify ? r->notify_after : time, id));
	want(name, shard);
}

static void expect_of(const struct queue_record *r, unsigned shard, const struct queue_id *id)
{
	bool waiting = false, tell = false, warn = false;
	int64_t event = INT64_MAX;
	for (size_t i = 0; i < r->count; i++) {
		const struct record_recipient *p = &r->recipients[i];
		if (p->action != ACTION_NONE) {
			tell = true;
			expect_wait(r, shard, id, QUEUE_NOTIFY, (struct view){0});
		}
		if (p->state != RECORD_WAITING)
			continue;
		waiting = true;
		warn = warn || !p->warned;
		if (!r->held)
			expect_wait(r, shard, id, p->local ? QUEUE_LOCAL : p->destination,
			    p->local ? (struct view){0} : p->route);
	}
	if (!waiting && !tell)
		complain("a record with nothing to do", shard, queue_id_view(id));
	if (r->held && r->held_until)
		event = r->held_until;
	if (waiting && !r->held) {
		event = r->expires;
		if (warn && r->warn_at && r->warn_at < event)
			event = r->warn_at;
		if (r->terms.by_mode && !r->by_done && r->terms.by_time < event)
			event = r->terms.by_time;
	}
	expect(shard, queue_key_event(event, id));
}

/* ---- reading ---- */

struct shard_read {
	struct store_read read;
	int result; /* 1 until it is done */
	unsigned shard;
	struct buf keys; /* length u16, key, length u16, value */
};

static void read_done(struct store_read *r, int result)
{
	((struct shard_read *)r->arg)->result = result;
}

static int add_entry(void *arg, struct view key, struct view value)
{
	struct shard_read *s = arg;
	buf_append_u16(&s->keys, (uint16_t)key.len);
	buf_append(&s->keys, key);
	buf_append_u16(&s->keys, (uint16_t)value.len);
	return buf_append(&s->keys, value);
}

static int run_shard(struct txn *t, void *arg)
{
	struct shard_read *s = arg;
	struct txn_range range = {.shard = queue_shard(s->shard)};
	buf_clear(&s->keys);
	return txn_range(t, &range, add_entry, s);
}

static int read_once(struct shard_read *s, unsigned shard)
{
	s->shard = shard;
	s->result = 1;
	s->read =
	    (struct store_read){.shard = queue_shard(shard), .run = run_shard, .arg = s, .done = read_done};
	store_read(store, &s->read);
	while (s->result > 0) {
		store_dispatch(store);
		if (s->result > 0)
			usleep(20);
	}
	return s->result;
}

/* Twice: a fault that a test ordered may hit the first. */
static bool read_shard(struct shard_read *s, unsigned shard)
{
	int error = read_once(s, shard);
	if (error)
		error = read_once(s, shard);
	if (error)
		complain(strerror(-error), shard, VIEW("reading"));
	return error == 0;
}

static bool next_entry(struct view *rest, struct view *key, struct view *value)
{
	struct view *const out[] = {key, value};
	if (rest->len == 0)
		return false;
	for (size_t i = 0; i < 2; i++) {
		size_t len = (size_t)(unsigned char)rest->data[0] << 8 | (unsigned char)rest->data[1];
		*out[i] = view_take(view_skip(*rest, 2), len);
		*rest = view_skip(*rest, 2 + len);
	}
	return true;
}

static void body_done(struct store_blob_read *r)
{
	*(bool *)r->arg = true;
}

static void check_body(const struct queue_record *r, unsigned shard, const struct queue_id *id)
{
	bool done = false;
	uint64_t len = blob_length(&r->blob);
	char *bytes = mem_alloc(len);
	struct store_blob_part part = {.id = r->blob, .length = len, .out = bytes};
	struct store_blob_read read = {.parts = &part, .count = 1, .arg = &done, .done = body_done};
	store_blob_read(store, &read);
	while (!done) {
		store_dispatch(store);
		usleep(20);
	}
	if (part.result || len < r->body_len)
		complain("a body that can't be read", shard, queue_id_view(id));
	mem_free(bytes);
}

static void take_record(struct view bytes, unsigned shard, const struct queue_id *id)
{
	struct arena arena;
	struct queue_record r;
	arena_init(&arena, 1 << 20);
	if (queue_record_decode(bytes, &r, &arena) != 0) {
		complain("a damaged record", shard, queue_id_view(id));
	} else {
		records++;
		expect_of(&r, shard, id);
		if (read_bodies)
			check_body(&r, shard, id);
		if (each)
			each(id, &r);
	}
	arena_done(&arena);
}

static void take_records(struct view entries, unsigned shard)
{
	struct view key, value;
	struct queue_id id, last;
	struct buf bytes;
	unsigned part, next = 0;
	bool any = false;
	buf_init(&bytes, 2 * QUEUE_RECORD_MAX);
	while (next_entry(&entries, &key, &value)) {
		if (key.data[0] != 'Q')
			continue;
		if (!queue_key_read_record(key, &id, &part)) {
			complain("a strange key", shard, key);
			continue;
		}
		if (part == 0 && any)
			take_record(buf_view(&bytes), shard, &last);
		if (part == 0)
			buf_clear(&bytes);
		if (part != 0 && (part != next || !any || memcmp(&id, &last, sizeof id) != 0))
			complain("a part alone", shard, key);
		next = part + 1;
		last = id;
		any = true;
		buf_append(&bytes, value);
	}
	if (any)
		take_record(buf_view(&bytes), shard, &last);
	buf_done(&bytes);
}

/* ---- what is there ---- */

static void check_entry(unsigned shard, struct view key)
{
	char name[STORE_KEY_MAX + 1];
	struct view full = sharded(shard, key, name);
	if (map_get(&expected, full) == NULL)
		complain("an entry that follows from nothing", shard, key);
	else
		map_set(&expected, full, seen_mark);
}

static void check_destination(unsigned shard, struct view key, struct view value)
{
	struct queue_destination d;
	struct view name = view_skip(key, 1);
	if (queue_destination_decode(value, &d) != 0) {
		complain("a damaged destination", shard, key);
		return;
	}
	if (queue_home(name) != shard)
		complain("a destination away from home", shard, key);
	uint64_t *shards = map_get(&wanted, name);
	if (shards && *shards & ~d.shards)
		complain("a destination that forgets a shard", shard, key);
	expect(shard, queue_key_due(d.next, name));
	if (shards)
		mem_free(map_remove(&wanted, name));
}

static void check_entries(struct view entries, unsigned shard, const char *letters)
{
	struct view key, value;
	while (next_entry(&entries, &key, &value)) {
		if (strchr(letters, key.data[0]) == NULL)
			continue;
		if (key.data[0] == 'D')
			check_destination(shard, key, value);
		else
			check_entry(shard, key);
	}
}

bool queue_audit(struct store *s, bool bodies, size_t *messages,
    void (*seen)(const struct queue_id *id, const struct queue_record *r), char *problem)
{
	static struct shard_read shards[QUEUE_SHARDS];
	size_t position = 0;
	struct view key;
	void *value;
	store = s;
	wrong = problem;
	wrong[0] = '\0';
	each = seen;
	read_bodies = bodies;
	records = 0;
	map_init(&expected);
	map_init(&wanted);
	for (unsigned i = 0; i < QUEUE_SHARDS; i++) {
		buf_init(&shards[i].keys, 1u << 30);
		if (read_shard(&shards[i], i))
			take_records(buf_view(&shards[i].keys), i);
	}
	/* Destinations first: T follows from them. */
	for (unsigned i = 0; i < QUEUE_SHARDS; i++)
		check_entries(buf_view(&shards[i].keys), i, "D");
	for (unsigned i = 0; i < QUEUE_SHARDS; i++)
		check_entries(buf_view(&shards[i].keys), i, "WET");
	while (map_each(&expected, &position, &key, &value))
		if (value != seen_mark)
			complain("an entry is missing", (unsigned char)key.data[0], view_skip(key, 1));
	position = 0;
	while (map_each(&wanted, &position, &key, &value)) {
		complain("a destination is missing", 0, key);
		mem_free(value);
	}
	for (unsigned i = 0; i < QUEUE_SHARDS; i++)
		buf_done(&shards[i].keys);
	map_done(&expected);
	map_done(&wanted);
	*messages = records;
	return wrong[0] == '\0';
}
