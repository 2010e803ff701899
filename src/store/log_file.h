/*
 * The log: appending groups of records to the active segment, and reading them back. Used by the committer
 * thread (and by start, rebuild and check, which run alone or on sealed files).
 *
 * Nothing of a group is written before the whole group is known, and a group that was not synced never
 * counts: its place is abandoned with its file. That is why a record number can be given again after a
 * roll-back without ever meeting its twin on disk.
 */
#ifndef STORE_LOG_FILE_H
#define STORE_LOG_FILE_H

#include <pthread.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "store/segment.h"

enum {
	LOG_GROUP_MAX = 4 << 20, /* a group takes no further commit past this */
	LOG_GROUP_ROOM = LOG_GROUP_MAX + STORE_UPLOADS_MAX * (STORE_UPLOAD_MEMORY + SEGMENT_BLOCK) +
	                 RECORD_REDO_MAX + 4096,
	LOG_SEGMENT_SIZE = 64 << 20
};

struct log_file {
	int folder_fd;
	uint64_t segment_size;
	struct segment active;
	uint64_t position; /* where the next group goes; all before it is durable */
	uint64_t last_lsn; /* of the last durable record */
	bool filled;       /* the active file's blocks are written: a sync moves no metadata */
	struct buf group;  /* the records of the group being made */
	uint64_t group_records;

	/* The next file, made ready by a helper thread. */
	pthread_mutex_t spare_lock;
	enum { SPARE_NONE, SPARE_BEING_MADE, SPARE_READY } spare_state;
	struct segment spare;
	int64_t spare_again_ms; /* after a failure: not before this time */
};

void log_file_init(struct log_file *log, int folder_fd, uint64_t segment_size);
void log_file_close(struct log_file *log);

/*
 * Goes on in this segment behind `position`; log->active is s from now on. -ENOTEMPTY when something stands
 * there, torn or damaged: it is left as it is, and the caller goes on in a new file.
 */
int log_file_continue(struct log_file *log, const struct segment *s, uint64_t position, uint64_t last_lsn)
    __attribute__((warn_unused_result));

/*
 * Makes a new segment the active one: the spare if it is ready. The old one is sealed. On failure the old one
 * stays active, and may be written, except after -EROFS. `reserve`: its whole space is taken at once;
 * without, it takes what each group needs, and a full disk is met there.
 */
int log_file_rotate(struct log_file *log, uint32_t id, bool reserve) __attribute__((warn_unused_result));

/* It is time for a new file: the active one is full, or was never filled and a filled one waits. */
bool log_file_should_rotate(struct log_file *log);

/* A spare is wanted: true once, then the caller has log_file_make_spare run on a helper thread. */
bool log_file_wants_spare(struct log_file *log);
void log_file_make_spare(struct log_file *log);

/* The group. log_file_next is where its next record's header will stand. */
void log_file_begin(struct log_file *log);
uint32_t log_file_next(const struct log_file *log);

/*
 * Adds a record. The blocks are those of all bodies in order, each SEGMENT_BLOCK long but for the last of its
 * body; body_blocks says how many each body has. The redo part is added as it is. 0 or -ENOMEM.
 */
int log_file_add(struct log_file *log, const struct view *blocks, const size_t *body_blocks, size_t bodies,
    struct view redo) __attribute__((warn_unused_result));

/* Writes and syncs the group. On failure nothing of it counts, and the file may not be written again before
 * log_file_cut. */
int log_file_write(struct log_file *log) __attribute__((warn_unused_result));

/*
 * After a failed write or sync: takes what may stand behind the last good place out of the file, for every
 * process that reads it from now on. Else a start would find a group that was refused, and carry it out.
 */
int log_file_cut(struct log_file *log) __attribute__((warn_unused_result));

/*
 * Reads the record at this position into *record and its redo part into `redo`. 0; -ENOENT when no record's
 * header stands here; -EBADMSG when its content is damaged (with bodies: also theirs); else it is unreadable
 * now.
 */
int log_record_read(const struct segment *s, uint32_t position, bool with_bodies, struct record *record,
    struct buf *redo) __attribute__((warn_unused_result));

#endif
