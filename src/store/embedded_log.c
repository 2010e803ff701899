/*
 * The log and the index move together: checkpoint, roll-back, recovery. The index is always the state after
 * some record of the log; which one, it says itself, in the same LMDB transaction.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/embedded.h"
#include "store/file.h"
#include "store/log_scan.h"
#include "store/redo.h"
#include "store/snapshot.h"

enum { SPACE_CHECK_MS = 250 };

static const char reserve_name[] = "reserve";

bool embedded_nearly_full(struct embedded *e)
{
	int64_t now = clock_monotonic_ms();
	struct statvfs fs;
	if (e->space_checked_ms != 0 && now - e->space_checked_ms < SPACE_CHECK_MS)
		return atomic_load(&e->nearly_full);
	e->space_checked_ms = now;
	if (fstatvfs(e->folder_fd, &fs) != 0)
		return atomic_load(&e->nearly_full);
	uint64_t unused = (uint64_t)fs.f_bavail * fs.f_frsize;
	bool full = unused < e->min_free;
	if (full != atomic_load(&e->nearly_full))
		log_event(full ? LOG_ERROR : LOG_INFO, NULL, full ? "disk-nearly-full" : "disk-space-back",
		    log_u64("free", unused), log_u64("least", e->min_free));
	atomic_store(&e->free_bytes, unused);
	atomic_store(&e->nearly_full, full);
	if (unused > e->min_free && unused - e->min_free > 2 * (uint64_t)RESERVE_SIZE &&
	    faccessat(e->folder_fd, reserve_name, F_OK, 0) != 0) {
		int fd = file_open_in(e->folder_fd, reserve_name, O_RDWR | O_CREAT);
		if (fd >= 0 && file_reserve(fd, RESERVE_SIZE) != 0)
			log_event(LOG_WARNING, NULL, "no-reserve", log_u64("size", RESERVE_SIZE));
		if (fd >= 0)
			close(fd);
	}
	return full;
}

void embedded_give_up_reserve(struct embedded *e)
{
	if (unlinkat(e->folder_fd, reserve_name, 0) == 0)
		log_event(LOG_WARNING, NULL, "reserve-given-up", log_u64("size", RESERVE_SIZE));
}

int embedded_reopen_index(struct embedded *e)
{
	char path[4096];
	if (pthread_rwlock_trywrlock(&e->index_lock) != 0)
		return -EBUSY;
	snprintf(path, sizeof path, "%s/index", e->folder);
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		index_reader_close(&e->reader_states[i]);
	index_close(&e->index);
	int error = index_open(&e->index, path, e->index_size);
	if (error) {
		log_event(LOG_ERROR, NULL, "index-reopen-failed", log_errno(error));
		e->index_whole = false;
	}
	e->index_grown = false;
	pthread_rwlock_unlock(&e->index_lock);
	malloc_trim(0);
	return error;
}

int embedded_apply(struct embedded *e, struct view redo)
{
	struct cursor c = cursor_on(redo);
	uint64_t lengths[STORE_UPLOADS_MAX];
	size_t count;
	if (!redo_read_lengths(&c, lengths, &count))
		return -EBADMSG;
	while (!cursor_at_end(&c)) {
		struct redo_change change;
		if (!redo_read_change(&c, &change))
			return -EBADMSG;
		int error =
		    change.op == REDO_PUT
		        ? index_put(e->index.writing, e->index.dbi, change.shard, change.key, change.value)
		        : index_erase(e->index.writing, e->index.dbi, change.shard, change.key);
		if (error)
			return error;
	}
	return 0;
}

static void forget_dirty(struct embedded *e)
{
	pthread_mutex_lock(&e->lock);
	map_done(&e->dirty);
	pthread_mutex_unlock(&e->lock);
	e->index_grown = e->index_grown || e->unchecked_commits >= REOPEN_COMMITS;
	e->unchecked_commits = e->unchecked_changes = e->unchecked_bytes = e->unchecked_redo = 0;
}

static struct index_position position_now(struct embedded *e)
{
	return (struct index_position){
	    .lsn = e->log.last_lsn,
	    .segment = e->log.active.id,
	    .offset = (uint32_t)e->log.position,
	    .next_segment = atomic_load(&e->next_segment),
	    .oldest_body = embedded_oldest_body(e),
	};
}

int embedded_checkpoint(struct embedded *e)
{
	struct index_position position = position_now(e);
	at_step(e, "checkpoint");
	int error = index_checkpoint(&e->index, &position);
	if (error == -ENOSPC) {
		/* The transaction is gone, the log still holds it all; with the reserve's space it goes
		 * through. */
		embedded_give_up_reserve(e);
		if (embedded_roll_back(e) == 0)
			error = index_checkpoint(&e->index, &position);
	}
	if (error) {
		log_event(LOG_ERROR, NULL, "checkpoint-failed", log_errno(error));
		e->checkpoint_failed = true;
		committer_trouble(e, error);
		int again = embedded_roll_back(e);
		/* An index that is being made anew has nothing to go back to. */
		return again && again != -ENOENT ? again : error;
	}
	at_step(e, "checkpoint-done");
	e->checkpoint_failed = false;
	atomic_store(&e->index_bytes, index_size(&e->index));
	forget_dirty(e);
	atomic_fetch_add(&e->checkpoint_count, 1);
	return 0;
}

static int roll_back(struct embedded *e)
{
	struct index_position from;
	struct log_scan scan;
	struct record r;
	index_abort(&e->index);
	e->index_whole = false;
	atomic_fetch_add(&e->rollback_count, 1);
	int error = index_get_position(&e->index, &from);
	if (error == 0)
		error = log_scan_begin(
		    &scan, e->volumes_fd, &(struct log_start){from.segment, from.offset, from.lsn, 0}, false);
	if (error == 0) {
		while (error == 0 && scan.lsn < e->log.last_lsn) {
			error = log_scan_next(&scan, &r);
			if (error >= 0)
				error = embedded_apply(e, buf_view(&scan.redo));
		}
		atomic_fetch_add(&e->damaged_count, scan.damaged);
		log_scan_done(&scan);
	}
	if (error)
		log_event(LOG_ERROR, NULL, "roll-back-failed", log_errno(error));
	e->index_whole = error == 0;
	return error;
}

int embedded_roll_back(struct embedded *e)
{
	int error = roll_back(e);
	if (error == 0)
		return 0;
	/* After a failed write LMDB may refuse everything until its map is opened anew. */
	int opened = embedded_reopen_index(e);
	return opened ? error : roll_back(e);
}

/* Applies everything above the checkpoint. Rebuilds come this way too, so it makes checkpoints of its own. */
static int replay(struct embedded *e, struct log_scan *scan, const struct index_position *from)
{
	struct record r;
	size_t applied = 0, bytes = 0;
	for (;;) {
		int result = log_scan_next(scan, &r);
		if (result < 0)
			return result == -ENOENT ? 0 : result;
		if (r.lsn <= from->lsn)
			continue;
		int error = embedded_apply(e, buf_view(&scan->redo));
		if (error == -EBADMSG) {
			log_event(LOG_ERROR, NULL, "record-malformed", log_u64("lsn", r.lsn));
			error = 0;
		}
		if (error)
			return error;
		bytes += r.redo_len;
		if (++applied % CHECKPOINT_COMMITS == 0 || bytes > CHECKPOINT_BYTES) {
			struct index_position here = *from;
			here.lsn = r.lsn;
			here.segment = scan->segment.id;
			here.offset = (uint32_t)scan->position;
			bytes = 0;
			error = index_checkpoint(&e->index, &here);
			if (error == 0)
				error = index_begin(&e->index);
			if (error)
				return error;
		}
	}
}

static int choose_next_number(struct embedded *e, uint32_t least)
{
	uint32_t next = least ? least : 1;
	for (enum segment_kind kind = SEGMENT_LOG; kind <= SEGMENT_KEPT; kind++) {
		uint32_t *files;
		size_t count;
		int error = segment_list(e->volumes_fd, kind, 0, &files, &count);
		if (error)
			return error;
		if (count && files[count - 1] >= next)
			next = files[count - 1] + 1;
		mem_free(files);
	}
	atomic_store(&e->next_segment, next);
	return 0;
}

/*
 * The log goes on in its last file, if nothing stands behind its last record there. What a torn group left is
 * not cleared but left where it is: what looks torn may be mail that a person can still bring back. A file
 * that is followed by another one, even a damaged one, is not written either.
 */
static int go_on_behind(struct embedded *e, struct log_scan *scan, uint64_t last_lsn)
{
	int error = -ENOTEMPTY;
	if (scan->segment.fd >= 0 && scan->segment.id == scan->files[scan->count - 1]) {
		error = log_file_continue(&e->log, &scan->segment, scan->position, last_lsn);
		if (error == 0)
			scan->segment.fd = -1;
	}
	if (error != -ENOTEMPTY)
		return error;
	if (scan->segment.fd >= 0)
		log_event(LOG_WARNING, NULL, "log-end-left", log_u64("file", scan->segment.id),
		    log_u64("position", scan->position));
	e->log.last_lsn = last_lsn;
	error = log_file_rotate(&e->log, atomic_fetch_add(&e->next_segment, 1), true);
	if (error != -ENOSPC)
		return error;
	/* A store that doesn't open lets nobody delete anything: on a full disk it begins with what there is.
	 */
	embedded_give_up_reserve(e);
	return log_file_rotate(&e->log, atomic_fetch_add(&e->next_segment, 1), false);
}

int embedded_recover(struct embedded *e, enum salvage salvage)
{
	struct index_position from = {0};
	struct log_start start = {0};
	struct log_scan scan;
	int error = index_get_position(&e->index, &from);
	if (error && error != -ENOENT)
		return error;
	start = (struct log_start){from.segment, from.offset, from.lsn, 0};
	/* A damaged snapshot covers no gap. */
	if (from.lsn == 0 || salvage != SALVAGE_NEVER)
		error = snapshot_lsn(e->folder_fd, &start.gaps_until);
	if (error && error != -ENOENT && error != -EBADMSG)
		return error;
	error = log_scan_begin(&scan, e->volumes_fd, &start, true);
	if (error)
		return error;
	error = replay(e, &scan, &from);
	uint64_t last = scan.lsn > from.lsn ? scan.lsn : from.lsn;
	bool lossy = scan.damaged > 0;
	atomic_fetch_add(&e->damaged_count, scan.damaged);
	if (error == 0)
		error = choose_next_number(e, from.next_segment);
	if (error == 0 && (salvage == SALVAGE_ALWAYS || (salvage == SALVAGE_IF_DAMAGED && lossy)))
		error = embedded_salvage(e, &last);
	if (error == 0)
		error = go_on_behind(e, &scan, last);
	log_scan_done(&scan);
	if (error == 0)
		error = embedded_tidy_volumes(e, from.oldest_body, lossy || salvage == SALVAGE_ALWAYS);
	return error ? error : embedded_checkpoint(e);
}
