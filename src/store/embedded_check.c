/*
 * Check: everything is read once and verified, on the upkeep thread. What mail does meanwhile is left out: the log
 * counts up to where it was when the check began, and the index as it was committed then.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/embedded.h"
#include "store/file.h"
#include "store/kept.h"
#include "store/log_scan.h"
#include "store/redo.h"
#include "store/snapshot.h"
#include "store/store_admin.h"
#include "store/tasks.h"

static void finding(uint64_t *count, const char *what, uint32_t file, int error)
{
	(*count)++;
	log_record(LOG_ERROR, NULL, "check_found", log_string("what", what), log_u64("file", file), log_errno(error));
}

/* Which of the three a failed read is. No memory is none of them: the check itself could not go on. */
static int note(struct store_task *t, const char *what, uint32_t file, int error)
{
	if (error == -ENOMEM || error == 0)
		return error;
	if (error == -ENOENT)
		finding(&t->missing, what, file, error);
	else
		finding(file_is_unreadable(error) ? &t->unreadable : &t->damaged, what, file, error);
	return 0;
}

static void count_record(struct store_task *t, const struct record *r, struct view redo)
{
	struct cursor c = cursor_on(redo);
	uint64_t lengths[STORE_UPLOADS_MAX];
	size_t count;
	t->records++;
	if (redo_read_lengths(&c, lengths, &count))
		t->blobs += count;
	atomic_fetch_add(&t->progress, record_space(r));
}

/* All records of all log files, with their bodies, up to the index's position. What can't be read costs its file's rest. */
static int check_log(struct embedded *e, struct store_task *t, uint64_t last_lsn)
{
	struct log_start start = {0};
	struct log_scan scan;
	struct record r;
	bool broken = false;
	int error = snapshot_lsn(e->folder_fd, &start.gaps_until);
	if (error) /* check_snapshot tells of it; no gap is a finding then */
		start.gaps_until = UINT64_MAX - 1;
	error = log_scan_begin(&scan, e->volumes_fd, &start, true);
	if (error)
		return note(t, "log", 0, error);
	while (error >= 0 && scan.lsn < last_lsn) {
		error = log_scan_next(&scan, &r);
		if (error >= 0) {
			count_record(t, &r, buf_view(&scan.redo));
		} else if (error != -ENOENT && error != -ENOMEM) {
			broken = true;
			finding(&t->unreadable, "log file", scan.files[scan.at], error);
			scan.gaps_until = UINT64_MAX - 1;
			error = log_scan_skip_file(&scan);
		}
	}
	t->damaged += scan.damaged;
	if (error == -ENOENT && scan.lsn < last_lsn && !broken)
		finding(&t->damaged, "log ends before the index", scan.segment.fd >= 0 ? scan.segment.id : 0, 0);
	log_scan_done(&scan);
	return error == -ENOMEM ? error : 0;
}

static int check_kept_blob(void *arg, const struct blob_id *id, uint64_t stored, int result)
{
	struct store_task *t = arg;
	struct blob_place place;
	t->blobs++;
	atomic_fetch_add(&t->progress, stored);
	return note(t, "kept blob", blob_id_parse(id, &place) ? place.segment : 0, result);
}

static int check_kept(struct embedded *e, struct store_task *t)
{
	uint32_t *files;
	size_t count;
	int error = segment_list(e->volumes_fd, SEGMENT_KEPT, 0, &files, &count);
	if (error)
		return note(t, "volumes", 0, error);
	for (size_t i = 0; error == 0 && i < count; i++) {
		struct volume *volume;
		error = volumes_get(&e->volumes, SEGMENT_KEPT, files[i], &volume);
		if (error == 0) {
			error = kept_walk(&volume->segment, check_kept_blob, t);
			volumes_put(&e->volumes, volume);
		}
		error = note(t, "kept file", files[i], error);
	}
	mem_free(files);
	return error;
}

struct index_check {
	struct embedded *e;
	struct store_task *task;
	struct volume *hint;
	char *buffer;
};

/* A large body: its file is named here and nowhere in the log's own bodies, so its content is read now. */
static void check_large(struct index_check *c, const struct blob_id *id)
{
	struct blob_place place;
	if (!blob_id_parse(id, &place)) {
		finding(&c->task->damaged, "body name", 0, 0);
		return;
	}
	c->task->blobs++;
	for (uint64_t at = 0; at < place.length; at += SEGMENT_BLOCK) {
		size_t n = place.length - at < SEGMENT_BLOCK ? (size_t)(place.length - at) : SEGMENT_BLOCK;
		int error = volumes_read(&c->e->volumes, id, at, n, c->buffer, &c->hint);
		atomic_fetch_add(&c->task->progress, n);
		if (error) {
			note(c->task, "large body", place.segment, error);
			return;
		}
	}
}

/* Does a blob that an entry names exist? Its content was verified where it lies; one byte shows that it is there. */
static void check_named(void *arg, const struct blob_id *id)
{
	struct index_check *c = arg;
	struct blob_place place = {0};
	uint64_t length = blob_length(id);
	int error = volumes_read(&c->e->volumes, id, length ? length - 1 : 0, length ? 1 : 0, c->buffer, &c->hint);
	blob_id_parse(id, &place);
	if (error)
		note(c->task, "named body", place.segment, error);
}

static int check_entry(void *arg, uint64_t shard, struct view key, struct view value, bool valid)
{
	struct index_check *c = arg;
	c->task->entries++;
	atomic_fetch_add(&c->task->progress, key.len + value.len);
	if (!valid) {
		finding(&c->task->damaged, "index entry", 0, 0);
		return 0;
	}
	if (shard == 0 && key.len == INDEX_VOLUME_KEY_SIZE && key.data[0] == INDEX_BODY_KEY &&
	    value.len == BLOB_ID_SIZE) {
		struct blob_id id;
		memcpy(id.bytes, value.data, BLOB_ID_SIZE);
		check_large(c, &id);
	} else if (!shard_is_internal(shard) && c->e->names_blobs) {
		c->e->names_blobs(shard, key, value, check_named, c);
	}
	return 0;
}

static int check_index(struct embedded *e, struct store_task *t, MDB_txn *txn)
{
	struct index_check c = {.e = e, .task = t, .buffer = mem_alloc(SEGMENT_BLOCK)};
	int error = index_walk(txn, e->index.dbi, check_entry, &c);
	volumes_put(&e->volumes, c.hint);
	mem_free(c.buffer);
	if (error == -EBADMSG) {
		finding(&t->damaged, "index", 0, error);
		error = 0;
	}
	return error;
}

static int check_all(struct embedded *e, struct store_task *t)
{
	struct index_reader reader = {.index = &e->index};
	struct index_position position = {0};
	committer_checkpoint(e);
	pthread_rwlock_rdlock(&e->index_lock);
	int error = index_reader_begin(&reader);
	if (error == 0)
		error = index_read_position(reader.txn, e->index.dbi, &position);
	if (error == 0)
		error = task_measure(e, t);
	if (error == 0)
		error = check_index(e, t, reader.txn);
	index_reader_close(&reader);
	pthread_rwlock_unlock(&e->index_lock);
	if (error == 0)
		error = check_log(e, t, position.lsn);
	return error ? error : check_kept(e, t);
}

static void run_check(struct store_pending *p, unsigned thread)
{
	struct store_task *t = task_of(p);
	(void)thread;
	task_finish(t, check_all(embedded_of(p->store), t));
}

void store_check(struct store *s, struct store_task *t)
{
	task_start(s, t, run_check);
}
