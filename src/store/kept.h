/*
 * Kept files: what compaction took over. Each blob is one record, compressed whole; behind the last stands a
 * table, sorted by blob name, and a footer that says where it begins. Written once, then synced and named.
 */
#ifndef STORE_KEPT_H
#define STORE_KEPT_H

#include "base/buf.h"
#include "store/segment.h"

struct kept_writer {
	struct segment segment;
	uint64_t position;
	struct buf table;
	struct buf scratch;
};

int kept_begin(struct kept_writer *w, int folder_fd, const char *name, uint32_t id, uint64_t snapshot_lsn)
    __attribute__((warn_unused_result));
int kept_add(struct kept_writer *w, const struct blob_id *id, struct view content)
    __attribute__((warn_unused_result));

/* Writes the table and syncs the file. */
int kept_finish(struct kept_writer *w) __attribute__((warn_unused_result));
void kept_writer_done(struct kept_writer *w);

/* Reads a part of a blob. -ENOENT when the file holds no such blob. */
int kept_read(const struct segment *s, const struct blob_id *id, uint64_t offset, size_t len, char *out)
    __attribute__((warn_unused_result));

/*
 * Every blob of the file, with its result: 0, -EBADMSG, or unreadable now; and everything else that the file
 * is made of: -EBADMSG when that is damaged.
 */
int kept_walk(const struct segment *s,
    int (*visit)(void *arg, const struct blob_id *id, uint64_t stored, int result), void *arg)
    __attribute__((warn_unused_result));

#endif
