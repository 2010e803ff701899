/*
 * Looking after an embedded store: check, compaction, rebuild. Tasks run on the store's upkeep thread while
 * mail flows; `done` comes in store_dispatch. Of compactions and packings one is under way at a time: a
 * second one waits for the first one's batch. The end of the store ends them: -ECANCELED, with what was done
 * kept.
 */
#ifndef STORE_STORE_ADMIN_H
#define STORE_STORE_ADMIN_H

#include <stdatomic.h>

#include "store/store_embedded.h"

struct store_task {
	void (*done)(struct store_task *t, int result);
	void *arg;
	unsigned dead_percent; /* compact: a volume with at least so much dead content is taken; 0: 50 */

	/* How far it is, in bytes or entries; to be looked at from any thread. */
	atomic_uint_fast64_t progress, total;

	/* Results. */
	uint64_t records, blobs, entries;   /* check: that were read; compact: blobs kept */
	uint64_t damaged;                   /* records, blobs, entries whose checksum doesn't fit */
	uint64_t missing;                   /* blobs that an entry names and that are not there */
	uint64_t unreadable;                /* places that the system could not read now: they may be good */
	uint64_t volumes, volume_bytes;     /* that there are; compact: that are gone */
	uint64_t packed, packed_bytes;      /* of these, that compaction or packing wrote */
	uint64_t aside, aside_bytes;        /* files that were set aside for a person to look at */
	uint64_t written;                   /* compact: bytes of the files that took over what lives */
	uint64_t freed;                     /* compact: bytes, less those */
	uint64_t mailboxes, contradictions; /* check: filled in by whoever knows what entries mean */

	/* The engine's. */
	bool pack;
	void (*ended)(struct store *s); /* on the loop's thread, before `done`; may be NULL */
	struct store_pending pending;
	struct store_commit commit;
	struct compaction *compaction;
};

/*
 * Reads everything there is and verifies it: records, bodies, index entries, and that each blob that an entry
 * names exists. 0 when it could be done, whatever it found: the counts tell, and each finding is logged.
 */
void store_check(struct store *s, struct store_task *t);

/*
 * Frees the space of what no entry names any more: copies what lives in mostly dead volumes to a new one,
 * compressed, and removes them; removes large bodies that nothing names. Writes a snapshot of the index
 * first, since the index changes in those volumes' records go with them. Needs options.names_blobs; -EINVAL
 * without.
 */
void store_compact(struct store *s, struct store_task *t);

/*
 * The same, and packs: each log file that is no longer written is taken, however much of it lives. Bodies
 * take less than half of their space then, and the index changes go that the snapshot covers. Done while
 * mail flows, at a third of the time at most. What is packed once is only touched again when most of it is
 * dead.
 */
void store_pack(struct store *s, struct store_task *t);

/*
 * Makes the index anew from snapshot and log. The store must not be open elsewhere (-EBUSY). What is damaged
 * is passed over, counted in *damaged and logged. -ENOSPC: there is no room for another index, the old one is
 * kept. Blocks; for the command line.
 */
int store_rebuild(const struct store_options *options, uint64_t *damaged) __attribute__((warn_unused_result));

#endif
