/*
 * Check: everything is read once and verified, on the upkeep thread. Changes by mail that arrives meanwhile
 * are left out: the log counts up to where it was when the check began, and the index as it was committed
 * then.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
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
	log_record(LOG_ERROR, NULL, "check-found", log_string("what", what), log_u64("file", file),
	    log_errno(error));
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

/* What no sum covers: the rest of the header's page, and the space up to the next record. Records are never
 * given twice. */
static int check_gaps(struct store_task *t, const struct log_scan *scan, const struct record *r)
{
	const struct segment *s = &scan->segment;
	uint64_t end = r->position + RECORD_HEADER_SIZE + r->blob_bytes + r->redo_len;
	bool clear = true;
	int error = r->position == SEGMENT_HEADER_SIZE ? segment_check_header(s) : 0;
	if (error == 0)
		error = file_is_clear(s->fd, end, r->position + record_space(r), &clear);
	return note(t, "log file", s->id, error == 0 && !clear ? -EBADMSG : error);
}

/* All records of all log files, with their bodies, up to the index's position. What can't be read costs its
 * file's rest. */
static int check_log(struct embedded *e, struct store_task *t, uint64_t last_lsn)
{
	struct log_start start = {.moved = &e->volumes};
	struct log_scan scan;
	struct record r;
	bool broken = false;
	int error = snapshot_lsn(e->folder_fd, &start.gaps_until);
	if (error) { /* no gap is a finding then */
		start.gaps_until = UINT64_MAX - 1;
		if (file_is_unreadable(error))
			note(t, "snapshot", 0, error);
	}
	error = log_scan_begin(&scan, e->volumes_fd, &start, true);
	if (error)
		return note(t, "log", 0, error);
	while (error >= 0 && scan.lsn < last_lsn) {
		error = log_scan_next(&scan, &r);
		if (error >= 0) {
			count_record(t, &r, buf_view(&scan.redo));
			error = check_gaps(t, &scan, &r);
		} else if (error != -ENOENT && error != -ENOMEM) {
			broken = true;
			finding(&t->unreadable, "log file", scan.files[scan.at], error);
			scan.gaps_until = UINT64_MAX - 1;
			error = log_scan_skip_file(&scan);
		}
	}
	t->damaged += scan.damaged;
	if (error == -ENOENT && scan.lsn < last_lsn && !broken)
		finding(
		    &t->damaged, "log ends before the index", scan.segment.fd >= 0 ? scan.segment.id : 0, 0);
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
	struct volumes_hint hint;
	char *buffer;
	uint64_t bad; /* entries and pages of the index */
};

static void check_large_file(struct index_check *c, const struct blob_place *place)
{
	struct volume *volume;
	uint64_t size = 0;
	int error = volumes_get(&c->e->volumes, SEGMENT_BODY, place->segment, &volume);
	if (error == -ENOENT || error == -EBADMSG)
		return; /* reading its content says the same */
	bool is_open = error == 0;
	if (error == 0)
		error = segment_check_header(&volume->segment);
	if (error == 0)
		error = file_size(volume->segment.fd, &size);
	if (error == 0 && size != SEGMENT_HEADER_SIZE + segment_blob_space(place->length))
		error = -EBADMSG;
	if (is_open)
		volumes_put(&c->e->volumes, volume);
	note(c->task, "large body's file", place->segment, error);
}

/* A large body: its file is named here and nowhere in the log's own bodies, so its content is read now. */
static void check_large(struct index_check *c, const struct blob_id *id)
{
	struct blob_place place;
	if (!blob_id_parse(id, &place)) {
		finding(&c->task->damaged, "body name", 0, 0);
		return;
	}
	c->task->blobs++;
	check_large_file(c, &place);
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

/* Does a blob that an entry names exist? Its content was verified where it lies; one byte shows that it is
 * there. */
static void check_named(void *arg, const struct blob_id *id)
{
	struct index_check *c = arg;
	struct blob_place place = {0};
	uint64_t length = blob_length(id);
	int error =
	    volumes_read(&c->e->volumes, id, length ? length - 1 : 0, length ? 1 : 0, c->buffer, &c->hint);
	blob_id_parse(id, &place);
	if (error == 0) /* it was read at the second attempt, but the disk has failed once */
		error = c->hint.near.ahead;
	c->hint.near.ahead = 0;
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
		c->bad++;
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

/* 0 when the index is whole. What is found counts like what a reader finds: the index is made anew for it. */
static int check_index(struct embedded *e, struct store_task *t, MDB_txn *txn)
{
	struct index_check c = {.e = e, .task = t, .buffer = mem_alloc(SEGMENT_BLOCK)};
	int error = index_inspect(txn, e->index.dbi, check_entry, &c);
	volumes_hint_done(&e->volumes, &c.hint);
	mem_free(c.buffer);
	if (error == -EBADMSG)
		c.bad++;
	error = error == -EBADMSG ? note(t, "index", 0, error) : error;
	atomic_fetch_add(&e->index_damaged_count, c.bad);
	return error ? error : c.bad ? -EBADMSG : 0;
}

static int renew_snapshot(struct embedded *e)
{
	struct index_reader reader = {.index = &e->index};
	struct index_position position = {0};
	pthread_rwlock_rdlock(&e->index_lock);
	int error = index_reader_begin(&reader);
	if (error == 0)
		error = snapshot_write(e->folder_fd, &e->index, reader.txn, &position);
	index_reader_close(&reader);
	pthread_rwlock_unlock(&e->index_lock);
	log_event(error ? LOG_ERROR : LOG_WARNING, NULL, "snapshot-renewed", log_errno(error),
	    log_u64("lsn", position.lsn));
	return 0;
}

/*
 * The snapshot, and what it is for: with it, nobody needs the older log to make the index anew. So where one
 * of them is damaged, a whole index gives a new one. One that can't be read may be good, and stays.
 */
static int check_snapshot(struct embedded *e, struct store_task *t, bool index_is_whole, bool log_damaged)
{
	uint64_t entries;
	int error = snapshot_verify(e->folder_fd, &entries);
	bool bad = error == -EBADMSG;
	if (error == -ENOENT)
		error = 0;
	error = note(t, "snapshot", 0, error);
	if (error || !index_is_whole || !(bad || log_damaged))
		return error;
	return renew_snapshot(e);
}

/* The index as it was committed last; *position: up to where the log is in it. */
static int check_committed(
    struct embedded *e, struct store_task *t, struct index_position *position, bool *whole)
{
	struct index_reader reader = {.index = &e->index};
	committer_checkpoint(e);
	pthread_rwlock_rdlock(&e->index_lock);
	int error = index_reader_begin(&reader);
	if (error == 0)
		error = index_read_position(reader.txn, e->index.dbi, position);
	if (error == -EBADMSG || error == -ENOENT) {
		atomic_fetch_add(&e->index_damaged_count, 1);
		error = note(t, "index", 0, -EBADMSG);
	}
	if (error == 0) {
		error = check_index(e, t, reader.txn);
		*whole = error == 0;
		error = error == -EBADMSG ? 0 : error;
	}
	index_reader_close(&reader);
	pthread_rwlock_unlock(&e->index_lock);
	return error;
}

static int check_all(struct embedded *e, struct store_task *t)
{
	struct index_position position = {0};
	bool whole = false;
	int error = task_measure(e, t);
	if (error)
		error = note(t, "volumes", 0, error);
	if (error == 0)
		error = check_committed(e, t, &position, &whole);
	uint64_t before = t->damaged;
	if (error == 0)
		error = check_log(e, t, position.lsn);
	if (error == 0)
		error = check_snapshot(e, t, whole, t->damaged > before);
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

/* ---- a suspicion: the index alone ---- */

static int note_damage(void *arg, uint64_t shard, struct view key, struct view value, bool valid)
{
	uint64_t *bad = arg;
	(void)shard, (void)key, (void)value;
	*bad += !valid;
	return 0;
}

static void inspect(struct store_pending *p, unsigned thread)
{
	struct embedded *e = embedded_of(p->store);
	struct index_reader reader = {.index = &e->index};
	uint64_t bad = 0;
	(void)thread;
	pthread_rwlock_rdlock(&e->index_lock);
	int error = index_reader_begin(&reader);
	if (error == 0)
		error = index_inspect(reader.txn, e->index.dbi, note_damage, &bad);
	index_reader_close(&reader);
	pthread_rwlock_unlock(&e->index_lock);
	bad += error == -EBADMSG;
	log_event(bad ? LOG_ERROR : LOG_WARNING, NULL, "index-inspected", log_u64("damaged", bad),
	    log_errno(error));
	atomic_fetch_add(&e->damaged_count, bad);
	atomic_fetch_add(&e->index_damaged_count, bad);
	atomic_store(&e->inspecting, false);
}

void embedded_suspect(struct store *s)
{
	struct embedded *e = embedded_of(s);
	int64_t now = clock_monotonic_ms();
	if (now < e->inspect_again_ms || atomic_exchange(&e->inspecting, true))
		return;
	e->inspect_again_ms = now + INSPECT_AGAIN_MS;
	e->inspect_job = (struct store_pending){.store = s, .act = inspect};
	workers_add(&e->upkeep, &e->inspect_job);
}
