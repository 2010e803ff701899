/* For engines only: the functions that store.h's calls go to, and what engines share. */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include "base/container.h"
#include "store/store.h"

struct store_engine {
	void (*commit)(struct store *s, struct store_commit *c);
	void (*read)(struct store *s, struct store_read *r);
	void (*blob_read)(struct store *s, struct store_blob_read *r);

	struct store_upload *(*upload_begin)(struct store *s);
	int (*upload_append)(struct store_upload *u, struct view bytes);
	void (*upload_wait)(struct store_upload *u, void (*drained)(void *arg), void *arg);
	size_t (*upload_backlog)(const struct store_upload *u);
	bool (*upload_read)(struct store_upload_read *r);
	void (*upload_abort)(struct store_upload *u);

	void (*watch)(struct store *s, struct store_watch *w);
	void (*unwatch)(struct store *s, struct store_watch *w);

	int (*event_fd)(const struct store *s);
	void (*dispatch)(struct store *s);
	void (*stats)(struct store *s, struct store_stats *out);
	void (*close)(struct store *s);
	void (*suspect)(struct store *s); /* may be NULL */
};

/* Every engine's own structures begin with these. */
struct store {
	const struct store_engine *engine;
};

struct store_upload {
	const struct store_engine *engine;
	uint64_t length;
};

/* A transaction: how entries are reached, and what all engines check alike (txn.c). */
struct txn_ops {
	int (*get)(struct txn *t, uint64_t shard, struct view key, struct view *value);
	int (*put)(struct txn *t, uint64_t shard, struct view key, struct view value);
	int (*erase)(struct txn *t, uint64_t shard, struct view key);
	int (*range)(struct txn *t, const struct txn_range *range,
	    int (*visit)(void *arg, struct view key, struct view value), void *arg);
};

struct txn {
	const struct txn_ops *ops;
	struct store_commit *commit; /* NULL in a read */
	bool read_only;
	bool wrote;
	size_t writes;
	struct blob_id bodies[STORE_UPLOADS_MAX];
};

/* The shards below class 1 are the engine's own; transactions from above can't reach them. */
static inline bool shard_is_internal(uint64_t shard)
{
	return shard >> 56 == 0;
}

/* Remembers that the commit changed this shard, once for runs of changes; NULL-safe to free with mem_free. */
void commit_touch(struct store_commit *c, uint64_t shard);

/* The same, with what its watchers are told; for txn_tell. */
void commit_tell(
    struct store_commit *c, uint64_t shard, uint64_t number, const uint32_t *parts, size_t part_count);
void commit_forget_touched(struct store_commit *c);

static inline struct store_commit *commit_of(struct store_pending *p)
{
	return container_of(p, struct store_commit, pending);
}

static inline struct store_read *read_of(struct store_pending *p)
{
	return container_of(p, struct store_read, pending);
}

static inline struct store_blob_read *blob_read_of(struct store_pending *p)
{
	return container_of(p, struct store_blob_read, pending);
}

/* A first-in first-out list of operations. */
struct pending_queue {
	struct store_pending *first, **last;
};

static inline void pending_queue_init(struct pending_queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static inline void pending_queue_add(struct pending_queue *q, struct store_pending *p)
{
	p->next = NULL;
	*q->last = p;
	q->last = &p->next;
}

/* NULL when empty. */
static inline struct store_pending *pending_queue_take(struct pending_queue *q)
{
	struct store_pending *p = q->first;
	if (p == NULL)
		return NULL;
	q->first = p->next;
	if (q->first == NULL)
		q->last = &q->first;
	return p;
}

/* Puts one back that was taken. */
static inline void pending_queue_put_back(struct pending_queue *q, struct store_pending *p)
{
	p->next = q->first;
	if (q->first == NULL)
		q->last = &p->next;
	q->first = p;
}

/* Moves everything out of `from`; `to` must be empty. */
static inline void pending_queue_move(struct pending_queue *to, struct pending_queue *from)
{
	*to = *from;
	if (from->first == NULL)
		pending_queue_init(to);
	pending_queue_init(from);
}

#endif
