/*
 * LMDB believes what stands in its pages. One that is damaged, or that the disk cannot read, shows itself by
 * a signal or a failed assertion of LMDB's, at whichever access. Then the index is marked as bad before the
 * process dies, so that the next one makes it anew; a check, which looks for such pages, survives it.
 */
#ifndef STORE_INDEX_GUARD_H
#define STORE_INDEX_GUARD_H

#include <stdbool.h>

/*
 * From now on a failure inside LMDB, and a page of any map that cannot be read, leave a file with this name
 * (kept, not copied) in the folder. Several stores may be open in one process.
 */
void index_guard_open(int folder_fd, const char *name);
void index_guard_close(int folder_fd);

/* This thread calls LMDB: counts up and down. */
void index_guard_enter(void);
void index_guard_leave(void);

/*
 * Runs work(arg), which only reads; *result is what it returned. False when it ended in a failure between
 * index_guard_enter and index_guard_leave; the index should then not be used any more than it takes to end.
 */
bool index_guard_survive(int (*work)(void *arg), void *arg, int *result);

/* LMDB has failed an assertion. Returns only when the process is to die of it. */
void index_guard_failed(void);

#endif
