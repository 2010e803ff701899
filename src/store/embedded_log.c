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
		log_event(full ? LOG_ERROR : LOG_INFO, NULL, full ? "disk_nearly_full" : "disk_space_back",
			  log_u64("free", unused), log_u64("least", e->min_free));
	atomic_store(&e->free_bytes, unused);
	atomic_store(&e->nearly_full, full);
	if (unused > e->min_free && unused - e->min_free > 2 * (uint64_t)RESERVE_SIZE &&
	    faccessat(e->folder_fd, reserve_name, F_OK, 0) != 0) {
		int fd = file_open_in(e->folder_fd, reserve_name, O_RDWR | O_CREAT);
		if (fd >= 0 && file_reserve(fd, RESERVE_SIZE) != 0)
			log_event(LOG_WARNING, NULL, "no_reserve", log_u64("size", RESERVE_SIZE));
		if (fd >= 0)
			close(fd);
	}
	return full;
}

void embedded_give_up_reserve(struct embedded *e)
{
	if (unlinkat(e->folder_fd, reserve_name, 0) == 0)
		log_event(LOG_WARNING, NULL, "reserve_given_up", log_u64("size", RESERVE_SIZE));
}

void embedded_reopen_index(struct embedded *e)
{
	char path[4096];
	if (pthread_rwlock_trywrlock(&e->index_lock) != 0)
		return;
	snprintf(path, sizeof path, "%s/index", e->folder);
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		index_reader_close(&e->reader_states[i]);
	index_close(&e->index);
	int error = index_open(&e->index, path, e->index_size);
	if (error) {
		/* It was open a moment ago, and without it there is nothing to serve: the next start finds out why. */
		log_event(LOG_ERROR, NULL, "index_reopen_failed", log_errno(error));
		abort();
	}
	e->index_grown = false;
	pthread_rwlock_unlock(&e->index_lock);
	malloc_trim(0);
}

static int apply_record(struct embedded *e, struct view redo)
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
		int error = change.op == REDO_PUT
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
	e->unchecked_commits = e->unchecked_changes = e->unchecked_bytes = 0;
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
		/* The transaction is gone, the log still holds it all; with the reserve's space it goes through. */
		embedded_give_up_reserve(e);
		error = embedded_roll_back(e);
		if (error == 0)
			error = index_checkpoint(&e->index, &position);
	}
	if (error) {
		log_event(LOG_ERROR, NULL, "checkpoint_failed", log_errno(error));
		atomic_store(&e->read_only, true);
		int again = embedded_roll_back(e);
		return again ? again : error;
	}
	at_step(e, "checkpoint-done");
	atomic_store(&e->index_bytes, index_size(&e->index));
	forget_dirty(e);
	atomic_fetch_add(&e->checkpoint_count, 1);
	return 0;
}

int embedded_roll_back(struct embedded *e)
{
	struct index_position from;
	struct log_scan scan;
	struct record r;
	index_abort(&e->index);
	atomic_fetch_add(&e->rollback_count, 1);
	int error = index_get_position(&e->index, &from);
	if (error == 0)
		error = log_scan_begin(&scan, e->volumes_fd, from.segment, from.offset, from.lsn, false);
	if (error)
		return error;
	while (error == 0 && scan.lsn < e->log.last_lsn) {
		error = log_scan_next(&scan, &r);
		if (error >= 0)
			error = apply_record(e, buf_view(&scan.redo));
	}
	log_scan_done(&scan);
	if (error)
		log_event(LOG_ERROR, NULL, "roll_back_failed", log_errno(error));
	return error;
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
		int error = apply_record(e, buf_view(&scan->redo));
		if (error == -EBADMSG) {
			log_event(LOG_ERROR, NULL, "record_malformed", log_u64("lsn", r.lsn));
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

static uint32_t highest_number(struct embedded *e)
{
	uint32_t highest = 0;
	for (enum segment_kind kind = SEGMENT_LOG; kind <= SEGMENT_KEPT; kind++) {
		uint32_t *files;
		size_t count;
		if (segment_list(e->volumes_fd, kind, 0, &files, &count) != 0)
			continue;
		if (count && files[count - 1] > highest)
			highest = files[count - 1];
		mem_free(files);
	}
	return highest;
}

static int go_on_behind(struct embedded *e, struct log_scan *scan, uint64_t last_lsn)
{
	if (scan->segment.fd < 0)
		return log_file_rotate(&e->log, atomic_fetch_add(&e->next_segment, 1));
	int error = log_file_continue(&e->log, &scan->segment, scan->position, last_lsn);
	if (error == 0)
		scan->segment.fd = -1;
	return error;
}

/* Body files from the oldest open one on that no commit names: their uploads died with the process. */
static int remove_unnamed_bodies(struct embedded *e, uint32_t from)
{
	uint32_t *files;
	size_t count;
	int error = segment_list(e->volumes_fd, SEGMENT_BODY, from, &files, &count);
	if (error)
		return error;
	for (size_t i = 0; i < count && error == 0; i++) {
		char key[INDEX_VOLUME_KEY_SIZE], name[SEGMENT_NAME_SIZE];
		struct view value;
		error = index_get(e->index.writing, e->index.dbi, 0, index_volume_key(key, INDEX_BODY_KEY, files[i]),
				  &value);
		if (error != -ENOENT)
			continue;
		segment_name(name, SEGMENT_BODY, files[i]);
		error = unlinkat(e->volumes_fd, name, 0) == 0 ? 0 : -errno;
	}
	mem_free(files);
	return error;
}


static int remember_moved(void *arg, struct view key, struct view value)
{
	struct embedded *e = arg;
	struct cursor from = cursor_on(view_skip(key, 1)), to = cursor_on(value);
	uint32_t old = cursor_u32(&from);
	char name[SEGMENT_NAME_SIZE];
	volumes_move(&e->volumes, old, cursor_u32(&to));
	/* A crash may have come between the commit that moved the blobs and the removal of the file. */
	segment_name(name, SEGMENT_LOG, old);
	unlinkat(e->volumes_fd, name, 0);
	segment_name(name, SEGMENT_KEPT, old);
	unlinkat(e->volumes_fd, name, 0);
	return 0;
}

/* Kept files of a compaction that did not come to its commit: nothing leads to them. */
static int remove_unnamed_kept(struct embedded *e)
{
	uint32_t *files;
	size_t count;
	int error = segment_list(e->volumes_fd, SEGMENT_KEPT, 0, &files, &count);
	if (error)
		return error;
	for (size_t i = 0; i < count && error == 0; i++) {
		char name[SEGMENT_NAME_SIZE];
		if (volumes_moves_to(&e->volumes, files[i]))
			continue;
		segment_name(name, SEGMENT_KEPT, files[i]);
		error = unlinkat(e->volumes_fd, name, 0) == 0 ? 0 : -errno;
	}
	mem_free(files);
	return error;
}

static int load_moved(struct embedded *e)
{
	char from[INDEX_VOLUME_KEY_SIZE], to[INDEX_VOLUME_KEY_SIZE];
	struct txn_range range = {
	    .from = index_volume_key(from, INDEX_MOVED_KEY, 0),
	    .to = index_volume_key(to, INDEX_MOVED_KEY, UINT32_MAX),
	};
	int error = index_range(e->index.writing, e->index.dbi, &range, remember_moved, e);
	return error ? error : remove_unnamed_kept(e);
}

int embedded_recover(struct embedded *e)
{
	struct index_position from = {0};
	struct log_scan scan;
	int error = index_get_position(&e->index, &from);
	if (error && error != -ENOENT)
		return error;
	error = log_scan_begin(&scan, e->volumes_fd, from.segment, from.offset, from.lsn, true);
	if (error)
		return error;
	scan.gaps_until = snapshot_lsn(e->folder_fd);
	error = replay(e, &scan, &from);
	atomic_fetch_add(&e->damaged_count, scan.damaged);
	uint32_t next = highest_number(e) + 1;
	atomic_store(&e->next_segment, next > from.next_segment ? next : from.next_segment);
	if (error == 0)
		error = go_on_behind(e, &scan, scan.lsn > from.lsn ? scan.lsn : from.lsn);
	log_scan_done(&scan);
	if (error == 0)
		error = load_moved(e);
	if (error == 0)
		error = remove_unnamed_bodies(e, from.oldest_body);
	return error ? error : embedded_checkpoint(e);
}
