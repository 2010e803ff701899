/*
 * Reading ahead in the index. LMDB follows one page to the next, and each that is not in memory is waited for
 * alone: a list of 10,000 messages lies in hundreds of pages, anywhere in the file. So before a long range is
 * read, the branch pages above it are looked at, and the system is asked for all of its leaves at once.
 *
 * This knows the form of LMDB's pages (data version 1). It is a hint and nothing more: whatever stands in the
 * file, the worst that comes of it is that the wrong pages are read.
 */
#ifndef STORE_INDEX_AHEAD_H
#define STORE_INDEX_AHEAD_H

#include <lmdb.h>
#include <stdint.h>

enum {
	INDEX_AHEAD_PAGES_MAX = 1024, /* asked for at once: 4 MB, some 50,000 places of messages */
	INDEX_AHEAD_LEAST = 256       /* entries that a range may have for it to pay: some pages' worth */
};

/*
 * The numbers of the leaves that hold keys with from <= key < to, in their order, at most `room` of them from
 * the first on. How many; 0 where the file can't be read or is not of this form. *page_size in bytes.
 */
size_t index_ahead_leaves(
    int fd, MDB_val from, MDB_val to, uint64_t *pages, size_t room, uint32_t *page_size);

/* Asks for these leaves of the committed state, unless the first and the last are in memory already. */
void index_ahead(MDB_txn *txn, MDB_val from, MDB_val to);

#endif
