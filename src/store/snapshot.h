/*
 * A copy of the index in one file: sorted entries in compressed blocks, each with a checksum, and the place
 * in the log where it was taken. With the log from there on it gives the index back.
 */
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include "store/index.h"

/*
 * Writes the state that the reader sees, durably, in place of an older one. -EBADMSG when an entry is
 * damaged: then the older one stays, since it may be what gives that entry back.
 */
int snapshot_write(int folder_fd, struct index *index, MDB_txn *txn, struct index_position *position)
    __attribute__((warn_unused_result));

/* At start: removes what a crash has left of one that was being written. It would keep as many bytes as the
 * index has. */
void snapshot_tidy(int folder_fd);

/*
 * Puts all entries into the empty index and checkpoints there. -ENOENT without a snapshot; -EBADMSG damaged;
 * else unreadable now.
 */
int snapshot_load(int folder_fd, struct index *index) __attribute__((warn_unused_result));

/* Reads all of it and verifies it; *entries as far as they are good. Results as snapshot_load's. */
int snapshot_verify(int folder_fd, uint64_t *entries) __attribute__((warn_unused_result));

/* The lsn of the snapshot; 0 when there is none. 0; -EBADMSG when its header is damaged; else unreadable now.
 */
int snapshot_lsn(int folder_fd, uint64_t *lsn) __attribute__((warn_unused_result));

#endif
