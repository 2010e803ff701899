/* The calls of store.h that lead to an engine, and what is the same on every engine. */
#include "store/store.h"

#include <string.h>

#include "base/mem.h"
#include "store/engine.h"

/* The last five bytes of a blob's name are its length, so that nobody has to ask for it. */
enum { LENGTH_AT = 11 };

uint64_t blob_length(const struct blob_id *id)
{
	uint64_t n = 0;
	for (int i = LENGTH_AT; i < BLOB_ID_SIZE; i++)
		n = n << 8 | id->bytes[i];
	return n;
}

bool blob_is_none(const struct blob_id *id)
{
	static const struct blob_id none;
	return memcmp(id, &none, sizeof none) == 0;
}

void store_commit(struct store *s, struct store_commit *c)
{
	c->touched = NULL;
	c->touched_count = 0;
	c->pending = (struct store_pending){.store = s};
	s->engine->commit(s, c);
}

void store_read(struct store *s, struct store_read *r)
{
	r->pending = (struct store_pending){.store = s};
	s->engine->read(s, r);
}

void store_blob_read(struct store *s, struct store_blob_read *r)
{
	r->pending = (struct store_pending){.store = s};
	s->engine->blob_read(s, r);
}

struct store_upload *store_upload_begin(struct store *s)
{
	return s->engine->upload_begin(s);
}

int store_upload_append(struct store_upload *u, struct view bytes)
{
	return u->engine->upload_append(u, bytes);
}

uint64_t store_upload_length(const struct store_upload *u)
{
	return u->length;
}

size_t store_upload_backlog(const struct store_upload *u)
{
	return u->engine->upload_backlog(u);
}

void store_upload_wait(struct store_upload *u, void (*drained)(void *arg), void *arg)
{
	u->engine->upload_wait(u, drained, arg);
}

bool store_upload_read(struct store_upload_read *r)
{
	return r->upload->engine->upload_read(r);
}

void store_upload_abort(struct store_upload *u)
{
	if (u)
		u->engine->upload_abort(u);
}

void store_watch(struct store *s, struct store_watch *w)
{
	w->changes = 0;
	s->engine->watch(s, w);
}

void store_unwatch(struct store *s, struct store_watch *w)
{
	s->engine->unwatch(s, w);
}

int store_event_fd(const struct store *s)
{
	return s->engine->event_fd(s);
}

void store_dispatch(struct store *s)
{
	s->engine->dispatch(s);
}

void store_stats(struct store *s, struct store_stats *out)
{
	s->engine->stats(s, out);
}

void store_suspect(struct store *s)
{
	if (s->engine->suspect)
		s->engine->suspect(s);
}

void store_close(struct store *s)
{
	if (s)
		s->engine->close(s);
}

/* Changes of one shard mostly come together, so looking at the last one keeps the list short. */
void commit_touch(struct store_commit *c, uint64_t shard)
{
	enum { STEP = 8 };
	if (c->touched_count > 0 && c->touched[c->touched_count - 1].shard == shard)
		return;
	if (c->touched_count % STEP == 0)
		c->touched = mem_resize(c->touched, (c->touched_count + STEP) * sizeof *c->touched);
	c->touched[c->touched_count++] = (struct store_touched){.shard = shard};
}

void commit_tell(
    struct store_commit *c, uint64_t shard, uint64_t number, const uint32_t *parts, size_t part_count)
{
	commit_touch(c, shard);
	struct store_touched *touched = &c->touched[c->touched_count - 1];
	touched->number = number;
	for (size_t i = 0; i < part_count; i++)
		store_parts_add(&touched->parts, parts[i]);
}

void store_parts_add(struct store_parts *parts, uint32_t number)
{
	if (store_parts_have(parts, number))
		return;
	if (parts->count == STORE_PARTS_MAX)
		parts->any = true;
	else
		parts->numbers[parts->count++] = number;
}

void store_parts_join(struct store_parts *parts, const struct store_parts *more)
{
	parts->any = parts->any || more->any;
	for (size_t i = 0; i < more->count; i++)
		store_parts_add(parts, more->numbers[i]);
}

bool store_parts_have(const struct store_parts *parts, uint32_t number)
{
	bool found = parts->any;
	for (size_t i = 0; i < parts->count && !found; i++)
		found = parts->numbers[i] == number;
	return found;
}

void commit_forget_touched(struct store_commit *c)
{
	mem_free(c->touched);
	c->touched = NULL;
	c->touched_count = 0;
}
