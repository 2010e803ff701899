/*
 * A copy of the index in one file: sorted entries in compressed blocks, each with a checksum, and the place in the
 * log where it was taken. With the log from there on it gives the index back.
 */
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include "store/index.h"

/* Writes the state that the reader sees, durably, in place of an older one. */
int snapshot_write(int folder_fd, struct index *index, MDB_txn *txn, struct index_position *position)
    __attribute__((warn_unused_result));

/* Puts all entries into the empty index and checkpoints there. -ENOENT without a snapshot; -EBADMSG damaged. */
int snapshot_load(int folder_fd, struct index *index) __attribute__((warn_unused_result));

/* The lsn of the snapshot, or 0 when there is none. */
uint64_t snapshot_lsn(int folder_fd);

#endif
