/*
 * What a commit changed, as the log keeps it: the lengths of its bodies, then each entry put or deleted, in
 * order. Applying it to the state before the commit gives the state after it; nothing else is needed.
 */
#ifndef STORE_REDO_H
#define STORE_REDO_H

#include "base/buf.h"
#include "base/cursor.h"
#include "store/store.h"

struct redo_change {
	enum { REDO_PUT = 1, REDO_DELETE = 2 } op;
	uint64_t shard;
	struct view key, value;
};

/* Begins a record's redo part at the end of b. */
void redo_begin(struct buf *b, const uint64_t *lengths, size_t count);

void redo_put(struct buf *b, uint64_t shard, struct view key, struct view value);
void redo_delete(struct buf *b, uint64_t shard, struct view key);

/* Reading: first the lengths (at most STORE_UPLOADS_MAX), then changes until none is left. False: malformed.
 */
bool redo_read_lengths(struct cursor *c, uint64_t lengths[STORE_UPLOADS_MAX], size_t *count);
bool redo_read_change(struct cursor *c, struct redo_change *change);

#endif
