/*
 * Check: everything is read once and verified, on the upkeep thread. What mail does meanwhile is left out: the log
 * counts up to where it was when the check began, and the index as it was committed then.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/embedded.h"
#include "store/kept.h"
#include "store/log_scan.h"
#include "store/redo.h"
#include "store/snapshot.h"
#include "store/store_admin.h"
#include "store/tasks.h"

static void finding(struct store_task *t, uint64_t *count, const char *what, uint32_t file)
{
	(void)t;
	(*count)++;
	log_record(LOG_ERROR, NULL, "check_found", log_string("what", what), log_u64("file", file));
}

/* All records of all log files, with their bodies, up to the index's position. */
static int check_log(struct embedded *e, struct store_task *t, uint64_t last_lsn)
{
	struct log_scan scan;
	struct record r;
	int error = log_scan_begin(&scan, e->volumes_fd, 0, 0, 0, true);
	if (error)
		return error;
	scan.gaps_until = snapshot_lsn(e->folder_fd);
	while (error >= 0 && scan.lsn < last_lsn) {
		error = log_scan_next(&scan, &r);
		if (error < 0)
			break;
		struct cursor c = cursor_on(buf_view(&scan.redo));
		uint64_t lengths[STORE_UPLOADS_MAX];
		size_t count;
		t->records++;
		if (redo_read_lengths(&c, lengths, &count))
			t->blobs += count;
		atomic_fetch_add(&t->progress, record_space(&r));
	}
	t->damaged += scan.damaged;
	if (error == -ENOENT && scan.lsn < last_lsn)
		finding(t, &t->damaged, "log ends before the index", scan.segment.id);
	log_scan_done(&scan);
	return error < 0 && error != -ENOENT ? error : 0;
}

static int check_kept_blob(void *arg, const struct blob_id *id, uint64_t stored, int result)
{
	struct store_task *t = arg;
	struct blob_place place;
	t->blobs++;
	atomic_fetch_add(&t->progress, stored);
	if (result == -EBADMSG)
		finding(t, &t->damaged, "kept blob", blob_id_parse(id, &place) ? place.segment : 0);
	return result == -EBADMSG ? 0 : result;
}

static int check_kept(struct embedded *e, struct store_task *t)
{
	uint32_t *files;
	size_t count;
	int error = segment_list(e->volumes_fd, SEGMENT_KEPT, 0, &files, &count);
	for (size_t i = 0; error == 0 && i < count; i++) {
		struct volume *volume;
		error = volumes_get(&e->volumes, SEGMENT_KEPT, files[i], &volume);
		if (error == 0) {
			error = kept_walk(&volume->segment, check_kept_blob, t);
			volumes_put(&e->volumes, volume);
		}
		if (error == -EBADMSG) {
			finding(t, &t->damaged, "kept file", files[i]);
			error = 0;
		}
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
		finding(c->task, &c->task->damaged, "body name", 0);
		return;
	}
	c->task->blobs++;
	for (uint64_t at = 0; at < place.length; at += SEGMENT_BLOCK) {
		size_t n = place.length - at < SEGMENT_BLOCK ? (size_t)(place.length - at) : SEGMENT_BLOCK;
		int error = volumes_read(&c->e->volumes, id, at, n, c->buffer, &c->hint);
		atomic_fetch_add(&c->task->progress, n);
		if (error) {
			finding(c->task, error == -ENOENT ? &c->task->missing : &c->task->damaged, "large body",
				place.segment);
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
	if (error == -EBADMSG)
		finding(c->task, &c->task->damaged, "named body", place.segment);
	else if (error)
		finding(c->task, &c->task->missing, "named body", place.segment);
}

static int check_entry(void *arg, uint64_t shard, struct view key, struct view value, bool valid)
{
	struct index_check *c = arg;
	c->task->entries++;
	atomic_fetch_add(&c->task->progress, key.len + value.len);
	if (!valid) {
		finding(c->task, &c->task->damaged, "index entry", 0);
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
		finding(t, &t->damaged, "index", 0);
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
