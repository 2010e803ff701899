/* Opening the embedded engine: one data folder, one process. */
#ifndef STORE_STORE_EMBEDDED_H
#define STORE_STORE_EMBEDDED_H

#include "store/store.h"

/* Zero in a number means its default. */
struct store_options {
	const char *folder;    /* made when missing, mode 0700 */
	unsigned readers;      /* reader threads; default 2 */
	uint64_t min_free;     /* below this many free bytes, commits get -ENOSPC; default 256 MB */
	uint64_t segment_size; /* of a log file; default 64 MB; tests use small ones */
	uint64_t
	    index_size;    /* the most the index may grow to; default 1 TB of address space, not of memory */
	unsigned retry_ms; /* while the disk does not write: how often that is tried; default 1000; tests use
	                      less */
	store_names_blobs *names_blobs;

	/* Called at named steps (a test's hook, to die there); NULL in production. */
	void (*at_step)(const char *step);
};

/*
 * Opens the folder, makes what is missing, replays the log. Blocks; called before the loop runs.
 * 0 and *out; or
 *   -EBUSY      another process has the folder open
 *   -EPROTO     the folder's format is newer than this program
 *   other       the system's: something cannot be read or written now. Nothing of it is given up; try again
 * later. Damage is no failure: it is logged, counted (store_stats.damaged) and passed over. Each failure has
 * been logged once with its reason.
 */
int store_open(const struct store_options *options, struct store **out) __attribute__((warn_unused_result));

/*
 * An index is made anew beside the old one. Free bytes that this takes beyond the index's own
 * (store_stats.index_bytes): a new log file, and what entries take that come meanwhile.
 */
#define STORE_REBUILD_MARGIN ((uint64_t)128 << 20)

/* Marks the index as bad (store_stats.index_damaged): the next opening makes it anew from snapshot and log. 0
 * or the system's error. */
int store_distrust_index(struct store *s) __attribute__((warn_unused_result));

#endif
