/*
 * The engine in memory: a sorted array of entries and a table of blobs. It does in the plainest way what
 * store.h says, so that it can be the judge of the others. Work waits for store_dispatch, in the caller's
 * thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/container.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/completions.h"
#include "store/store_twins.h"
#include "store/watches.h"

struct entry {
	uint64_t shard;
	size_t key_len, value_len;
	char bytes[]; /* key, value */
};

struct undo {
	struct entry *before; /* NULL: there was none */
	struct entry *name;   /* an entry with the key, for putting it back */
};

struct memory {
	struct store base;
	struct completions completions;
	struct watches watches;
	struct entry **entries;
	size_t count, room;
	struct undo *undo; /* of the commit being run, in order */
	size_t undo_count, undo_room;
	struct map blobs; /* blob id -> struct memory_upload */
	uint64_t next_blob;
	size_t under_way;
	struct store_stats stats;
};

struct memory_upload {
	struct store_upload base;
	struct memory *engine;
	struct buf bytes;
	void (*drained)(void *arg);
	void *drained_arg;
	bool queued; /* the call of drained */
	struct store_pending job;
};

struct memory_txn {
	struct txn base;
	struct memory *engine;
	struct store_commit *commit;
};

enum { BODY_MAX = 1 << 30 };

static struct entry *make_entry(uint64_t shard, struct view key, struct view value)
{
	struct entry *e = mem_alloc(sizeof *e + key.len + value.len);
	*e = (struct entry){.shard = shard, .key_len = key.len, .value_len = value.len};
	if (key.len)
		memcpy(e->bytes, key.data, key.len);
	if (value.len)
		memcpy(e->bytes + key.len, value.data, value.len);
	return e;
}

static struct view key_of(const struct entry *e)
{
	return view_of(e->bytes, e->key_len);
}

static struct view value_of(const struct entry *e)
{
	return view_of(e->bytes + e->key_len, e->value_len);
}

/* The first entry at or behind the key. */
static size_t lower_bound(const struct memory *m, uint64_t shard, struct view key)
{
	size_t low = 0, high = m->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct entry *e = m->entries[middle];
		bool before = e->shard != shard ? e->shard < shard : view_compare(key_of(e), key) < 0;
		if (before)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool stands_at(const struct memory *m, size_t i, uint64_t shard, struct view key)
{
	return i < m->count && m->entries[i]->shard == shard && view_equal(key_of(m->entries[i]), key);
}

/* Puts `fresh` (or nothing) where the key belongs and returns what stood there. */
static struct entry *exchange(struct memory *m, uint64_t shard, struct view key, struct entry *fresh)
{
	size_t i = lower_bound(m, shard, key);
	struct entry *before = stands_at(m, i, shard, key) ? m->entries[i] : NULL;
	if (before && fresh) {
		m->entries[i] = fresh;
	} else if (before) {
		memmove(m->entries + i, m->entries + i + 1, (m->count - i - 1) * sizeof *m->entries);
		m->count--;
	} else if (fresh) {
		if (m->count == m->room) {
			m->room = m->room ? m->room * 2 : 64;
			m->entries = mem_resize(m->entries, m->room * sizeof *m->entries);
		}
		memmove(m->entries + i + 1, m->entries + i, (m->count - i) * sizeof *m->entries);
		m->entries[i] = fresh;
		m->count++;
	}
	return before;
}

static void change(struct memory_txn *t, uint64_t shard, struct view key, struct entry *fresh)
{
	struct memory *m = t->engine;
	if (m->undo_count == m->undo_room) {
		m->undo_room = m->undo_room ? m->undo_room * 2 : 64;
		m->undo = mem_resize(m->undo, m->undo_room * sizeof *m->undo);
	}
	struct entry *name = make_entry(shard, key, (struct view){0});
	m->undo[m->undo_count++] = (struct undo){exchange(m, shard, key, fresh), name};
	commit_touch(t->commit, shard);
}

/* Ends a commit: everything stays, or everything goes back, last change first. */
static void settle(struct memory *m, bool keep)
{
	while (m->undo_count > 0) {
		struct undo u = m->undo[--m->undo_count];
		if (keep)
			mem_free(u.before);
		else
			mem_free(exchange(m, u.name->shard, key_of(u.name), u.before));
		mem_free(u.name);
	}
}

static int get(struct txn *base, uint64_t shard, struct view key, struct view *value)
{
	struct memory *m = ((struct memory_txn *)base)->engine;
	size_t i = lower_bound(m, shard, key);
	if (!stands_at(m, i, shard, key))
		return -ENOENT;
	*value = value_of(m->entries[i]);
	return 0;
}

static int put(struct txn *base, uint64_t shard, struct view key, struct view value)
{
	change((struct memory_txn *)base, shard, key, make_entry(shard, key, value));
	return 0;
}

static int erase(struct txn *base, uint64_t shard, struct view key)
{
	change((struct memory_txn *)base, shard, key, NULL);
	return 0;
}

static int range_of(struct txn *base, const struct txn_range *range,
    int (*visit)(void *arg, struct view key, struct view value), void *arg)
{
	struct memory *m = ((struct memory_txn *)base)->engine;
	size_t from = lower_bound(m, range->shard, range->from);
	size_t to = view_empty(range->to) ? lower_bound(m, range->shard + 1, range->to)
	                                  : lower_bound(m, range->shard, range->to);
	size_t limit = range->limit ? range->limit : SIZE_MAX;
	for (size_t n = 0; from + n < to && n < limit; n++) {
		const struct entry *e = m->entries[range->backwards ? to - 1 - n : from + n];
		int result = visit(arg, key_of(e), value_of(e));
		if (result)
			return result;
	}
	return 0;
}

static const struct txn_ops txn_ops = {get, put, erase, range_of};

static struct memory *memory_of(struct store *s)
{
	return (struct memory *)s;
}

static struct memory_upload *upload_of(struct store_upload *u)
{
	return (struct memory_upload *)u;
}

static void free_upload(struct memory_upload *u)
{
	buf_done(&u->bytes);
	mem_free(u);
}

static struct blob_id name_blob(struct memory *m, uint64_t length)
{
	struct blob_id id = {{0}};
	uint64_t number = ++m->next_blob;
	for (int i = 0; i < 8; i++)
		id.bytes[i] = (unsigned char)(number >> (56 - 8 * i));
	for (int i = 0; i < 5; i++)
		id.bytes[11 + i] = (unsigned char)(length >> (32 - 8 * i));
	return id;
}

static int run(struct memory *m, struct store_commit *c)
{
	struct memory_txn t = {.base.ops = &txn_ops, .base.commit = c, .engine = m, .commit = c};
	for (size_t i = 0; i < c->upload_count; i++)
		t.base.bodies[i] = name_blob(m, c->uploads[i]->length);
	int error = c->run(&t.base, c->arg);
	if (error && t.base.wrote)
		m->stats.rollbacks++;
	settle(m, error == 0);
	for (size_t i = 0; i < c->upload_count; i++) {
		struct memory_upload *u = upload_of(c->uploads[i]);
		if (error == 0 && t.base.wrote)
			map_set(&m->blobs, view_of(t.base.bodies[i].bytes, BLOB_ID_SIZE), u);
		else
			free_upload(u);
	}
	return error;
}

static void act_commit(struct store_pending *p, unsigned thread)
{
	struct store_commit *c = commit_of(p), seen;
	struct memory *m = memory_of(p->store);
	(void)thread;
	int result = run(m, c);
	m->stats.commits++;
	m->under_way--;
	seen = *c;
	c->done(c, result);
	if (result == 0)
		watches_notify(&m->watches, &seen);
	commit_forget_touched(&seen);
}

static void act_read(struct store_pending *p, unsigned thread)
{
	struct store_read *r = read_of(p);
	struct memory *m = memory_of(p->store);
	struct memory_txn t = {.base.ops = &txn_ops, .base.read_only = true, .engine = m};
	(void)thread;
	int result = r->run(&t.base, r->arg);
	m->stats.reads++;
	m->under_way--;
	r->done(r, result);
}

static int read_part(struct memory *m, const struct store_blob_part *part)
{
	const struct memory_upload *u = map_get(&m->blobs, view_of(part->id.bytes, BLOB_ID_SIZE));
	if (u == NULL)
		return -ENOENT;
	struct view bytes = buf_view(&u->bytes);
	if (part->offset > bytes.len || part->length > bytes.len - part->offset)
		return -ERANGE;
	if (part->length)
		memcpy(part->out, bytes.data + part->offset, part->length);
	return 0;
}

static void act_blob_read(struct store_pending *p, unsigned thread)
{
	struct store_blob_read *r = blob_read_of(p);
	struct memory *m = memory_of(p->store);
	(void)thread;
	for (size_t i = 0; i < r->count; i++)
		r->parts[i].result = read_part(m, &r->parts[i]);
	m->stats.blob_reads += r->count;
	m->under_way--;
	r->done(r);
}

static void begin(
    struct store *s, struct store_pending *p, void (*act)(struct store_pending *p, unsigned thread))
{
	p->act = act;
	memory_of(s)->under_way++;
	completions_add(&memory_of(s)->completions, p);
}

static void commit(struct store *s, struct store_commit *c)
{
	begin(s, &c->pending, act_commit);
}

static void read_shard(struct store *s, struct store_read *r)
{
	begin(s, &r->pending, act_read);
}

static void blob_read(struct store *s, struct store_blob_read *r)
{
	begin(s, &r->pending, act_blob_read);
}

static struct store_upload *upload_begin(struct store *s)
{
	struct memory_upload *u = mem_alloc(sizeof *u);
	u->base.engine = s->engine;
	u->engine = memory_of(s);
	buf_init(&u->bytes, BODY_MAX);
	return &u->base;
}

static int upload_append(struct store_upload *base, struct view bytes)
{
	int error = buf_append(&upload_of(base)->bytes, bytes);
	if (error == 0)
		base->length += bytes.len;
	return error;
}

static void act_drained(struct store_pending *p, unsigned thread)
{
	struct memory_upload *u = container_of(p, struct memory_upload, job);
	(void)thread;
	void (*drained)(void *) = u->drained;
	u->drained = NULL;
	u->queued = false;
	if (drained)
		drained(u->drained_arg);
}

static void upload_wait(struct store_upload *base, void (*drained)(void *arg), void *arg)
{
	struct memory_upload *u = upload_of(base);
	u->drained = drained;
	u->drained_arg = arg;
	if (drained == NULL || u->queued)
		return;
	u->queued = true;
	u->job.act = act_drained;
	completions_add(&u->engine->completions, &u->job);
}

static size_t upload_backlog(const struct store_upload *u)
{
	(void)u;
	return 0;
}

static bool upload_read(struct store_upload_read *r)
{
	if (r->length > 0)
		memcpy(r->out, buf_view(&upload_of(r->upload)->bytes).data, r->length);
	return true;
}

static void act_free(struct store_pending *p, unsigned thread)
{
	(void)thread;
	free_upload(container_of(p, struct memory_upload, job));
}

static void upload_abort(struct store_upload *base)
{
	struct memory_upload *u = upload_of(base);
	/* A call of `drained` that waits in the queue becomes the freeing. */
	u->job.act = act_free;
	if (!u->queued)
		completions_add(&u->engine->completions, &u->job);
}

static void watch(struct store *s, struct store_watch *w)
{
	watches_add(&memory_of(s)->watches, w);
}

static void unwatch(struct store *s, struct store_watch *w)
{
	watches_remove(&memory_of(s)->watches, w);
}

static int event_fd(const struct store *s)
{
	return ((const struct memory *)s)->completions.event_fd;
}

static void dispatch(struct store *s)
{
	completions_dispatch(&memory_of(s)->completions);
}

static void stats(struct store *s, struct store_stats *out)
{
	*out = memory_of(s)->stats;
}

static void close_store(struct store *s)
{
	struct memory *m = memory_of(s);
	size_t position = 0;
	void *upload;
	do
		completions_dispatch(&m->completions);
	while (m->under_way > 0);
	while (map_each(&m->blobs, &position, NULL, &upload))
		free_upload(upload);
	map_done(&m->blobs);
	for (size_t i = 0; i < m->count; i++)
		mem_free(m->entries[i]);
	mem_free(m->entries);
	mem_free(m->undo);
	watches_done(&m->watches);
	completions_done(&m->completions);
	mem_free(m);
}

struct store *store_memory(void)
{
	static const struct store_engine engine = {
	    commit,
	    read_shard,
	    blob_read,
	    upload_begin,
	    upload_append,
	    upload_wait,
	    upload_backlog,
	    upload_read,
	    upload_abort,
	    watch,
	    unwatch,
	    event_fd,
	    dispatch,
	    stats,
	    close_store,
	};
	struct memory *m = mem_alloc(sizeof *m);
	m->base.engine = &engine;
	if (completions_init(&m->completions) != 0) {
		mem_free(m);
		return NULL;
	}
	watches_init(&m->watches);
	map_init(&m->blobs);
	return &m->base;
}
