/*
 * Inside the embedded engine: a compaction's view of the store, for embedded_compact.c. What there is, what
 * of it lives and what a batch takes: compaction_stock.c. Upkeep thread.
 */
#ifndef STORE_COMPACTION_H
#define STORE_COMPACTION_H

#include "store/embedded.h"
#include "store/store_admin.h"

struct old_file {
	enum segment_kind kind;
	uint32_t id;
	uint64_t size, raw; /* raw: of a kept file, before compression */
	uint64_t live;      /* a body that several entries name counts as often */
	size_t redirects;   /* of a kept file: the files whose blobs it has */
	bool chosen, spoilt, gone;
};

/* A blob with the shard whose entry names it: an account's mail is laid together. */
struct living {
	uint64_t shard;
	struct blob_id id;
};

struct compaction {
	struct embedded *e;
	struct store_task *task;
	struct old_file *files; /* sorted by number */
	size_t file_count, chosen;
	struct living *blobs; /* living ones in chosen files */
	size_t blob_count, blob_room;
	uint64_t shard; /* of the entry being looked at */
	bool collecting;
	uint32_t kept_id;
	uint64_t kept_size;
	uint64_t copied, unsynced;
	uint64_t work_seen; /* what others had done by the last pause */
	int64_t pause_from_us;
	struct index_position position;
};

/* Writes the snapshot, lists the files and sees how much of each lives. -EBADMSG: the index is damaged, and
 * nothing may go. */
int compaction_prepare(struct compaction *c) __attribute__((warn_unused_result));

/* Marks the files of the next batch as chosen; c->chosen is 0 when none is left that should go. */
void compaction_choose(struct compaction *c);

/* Lists what lives in the files that were chosen, by shard. */
int compaction_collect(struct compaction *c) __attribute__((warn_unused_result));

struct old_file *compaction_find_file(const struct compaction *c, uint32_t id);

/* The file in which a blob lives now; NULL: none of those that may go. */
struct old_file *compaction_file_of(const struct compaction *c, const struct blob_id *id);

#endif
