/*
 * The index of the embedded engine: entries in an LMDB map, which the log can rebuild at any time. Keys begin
 * with the shard's number; values end in a CRC-32C of key and value, since LMDB's pages have no checksum.
 * Shard 0 is the engine's own and says up to where the log has been applied.
 *
 * One thread writes (the committer); any thread reads committed states through a struct index_reader of its
 * own.
 */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include <lmdb.h>

#include "store/engine.h"

struct index {
	MDB_env *env;
	MDB_dbi dbi;
	MDB_txn *writing; /* the open write transaction: what was committed since the last checkpoint */
};

/* Up to where the log is in the index. Committed together with what it describes. */
struct index_position {
	uint64_t lsn;     /* of the last record applied */
	uint32_t segment; /* where the next record stands */
	uint32_t offset;
	uint32_t next_segment; /* file numbers below it have been given out */
	uint32_t oldest_body;  /* body files below this number are all named by a commit */
};

/* Entries of shard 0. */
static const struct view INDEX_POSITION_KEY = {"P", 1};
enum { INDEX_BODY_KEY = 'V', INDEX_MOVED_KEY = 'R', INDEX_VOLUME_KEY_SIZE = 5 };

/* 'V' or 'R' and the file's number: the body files in use; which kept file holds a compacted file's blobs. */
struct view index_volume_key(char out[INDEX_VOLUME_KEY_SIZE], char letter, uint32_t segment);

/* An LMDB result as a negative errno; damage is -EBADMSG. */
int index_error(int mdb_result);

/* Opens the map in an existing folder; it can grow to map_size. Damage is -EBADMSG: the caller rebuilds. */
int index_open(struct index *index, const char *path, size_t map_size) __attribute__((warn_unused_result));
/* Everything that needs the map gives -EIO from then on. */
void index_close(struct index *index);

/* Bytes of the map that are in use. */
uint64_t index_size(const struct index *index);

/* Starts the write transaction if there is none. */
int index_begin(struct index *index) __attribute__((warn_unused_result));

/* Makes the write transaction durable together with the position; on failure it is gone, as after an abort.
 */
int index_checkpoint(struct index *index, const struct index_position *position)
    __attribute__((warn_unused_result));
void index_abort(struct index *index);

/* -ENOENT in an index that has never been written. Reads the write transaction if there is one. */
int index_get_position(struct index *index, struct index_position *position)
    __attribute__((warn_unused_result));

/* From the form that the index and a snapshot keep it in. -EBADMSG when it is cut short. */
int index_decode_position(struct view bytes, struct index_position *position)
    __attribute__((warn_unused_result));

/* As index_get_position, through any transaction. */
int index_read_position(MDB_txn *txn, MDB_dbi dbi, struct index_position *position)
    __attribute__((warn_unused_result));

/* Entries through any LMDB transaction. Values are verified and given without their checksum. */
int index_get(MDB_txn *txn, MDB_dbi dbi, uint64_t shard, struct view key, struct view *value)
    __attribute__((warn_unused_result));
int index_put(MDB_txn *txn, MDB_dbi dbi, uint64_t shard, struct view key, struct view value)
    __attribute__((warn_unused_result));
int index_erase(MDB_txn *txn, MDB_dbi dbi, uint64_t shard, struct view key)
    __attribute__((warn_unused_result));
int index_range(MDB_txn *txn, MDB_dbi dbi, const struct txn_range *range,
    int (*visit)(void *arg, struct view key, struct view value), void *arg)
    __attribute__((warn_unused_result));

/* Every entry of every shard, in order; with damaged ones (valid = false, value as it stands). */
typedef int index_visitor(void *arg, uint64_t shard, struct view key, struct view value, bool valid);
int index_walk(MDB_txn *txn, MDB_dbi dbi, index_visitor *visit, void *arg)
    __attribute__((warn_unused_result));

/*
 * The same for a check, on whose way a damaged page may lie: also each entry's place and their number are
 * looked at, and a failure of LMDB's is survived. -EBADMSG when entries are missing or a page is damaged;
 * then the transaction may only be ended. `visit` may hold nothing that its end would have to give back.
 */
int index_inspect(MDB_txn *txn, MDB_dbi dbi, index_visitor *visit, void *arg)
    __attribute__((warn_unused_result));

/* Reading committed states: begin takes the newest, end lets it go (a state held would keep old pages alive).
 */
struct index_reader {
	struct index *index;
	MDB_txn *txn;
};

int index_reader_begin(struct index_reader *r) __attribute__((warn_unused_result));
void index_reader_end(struct index_reader *r);
void index_reader_close(struct index_reader *r);

#endif
