/*
 * Reading the log in order, over all its files, from any position: for start, roll-back, rebuild and check.
 *
 * Where a record does not verify, there are two cases. Either it is the torn end that a crash left: nobody
 * was told of it, and the log ends there. Or it was synced once and has been damaged since; a later record
 * of another group proves that, since groups are synced one after the other. Then the damage is reported
 * and the scan goes on with that later record. It never stops for damage.
 *
 * A record that cannot be read now is neither: it might be good. The scan stops there, says where in the
 * log (log_unreadable), and gives the system's error; whoever goes on behind it, or takes the place for the
 * log's end, would lose mail.
 */
#ifndef STORE_LOG_SCAN_H
#define STORE_LOG_SCAN_H

#include "store/log_file.h"
#include "store/volumes.h"

/* Where a scan begins: at the record at (segment, position), where the last one before it was `lsn`. Zeros:
 * everything. */
struct log_start {
	uint32_t segment;
	uint64_t position;
	uint64_t lsn;
	uint64_t gaps_until;   /* up to this record, files may be missing: a snapshot holds what they held */
	struct volumes *moved; /* knows which these are; NULL: nobody knows yet */
};

struct log_scan {
	int folder_fd;
	bool with_bodies;
	uint32_t *files; /* numbers of the log files to read, ascending; owned */
	size_t count, at;
	struct segment segment; /* the file being read; at the end of the scan the last one, still open */
	uint64_t position;      /* behind the record given last */
	uint64_t lsn;           /* of the record given last */
	uint64_t next_first;    /* the first record of the next file: this one counts only up to there */
	uint32_t next_id;       /* of the next file */
	uint64_t gaps_until;    /* as in log_start */
	struct volumes *moved;
	uint64_t damaged; /* places where something was lost */
	struct buf redo;
};

/* 0, or unreadable now; then there is nothing to be done with the scan. */
int log_scan_begin(struct log_scan *scan, int folder_fd, const struct log_start *from, bool with_bodies)
    __attribute__((warn_unused_result));

/*
 * The next record, its redo part in scan->redo. 0; 1 when the record stands but one of its bodies is damaged;
 * -ENOENT at the end of the log; any other error: unreadable now, or no memory.
 */
int log_scan_next(struct log_scan *scan, struct record *record) __attribute__((warn_unused_result));

/* After an error: the next file, as a check does that looks for all there is to find. 0 or as log_scan_next.
 */
int log_scan_skip_file(struct log_scan *scan) __attribute__((warn_unused_result));

void log_scan_done(struct log_scan *scan);

/* The numbers of all files of this kind, ascending; *files is the caller's to free. */
int segment_list(int folder_fd, enum segment_kind kind, uint32_t from, uint32_t **files, size_t *count)
    __attribute__((warn_unused_result));

#endif
