/*
 * Compaction and packing, on the upkeep thread, in the order that a crash at any point forgives:
 *   1. a snapshot of the index: the redo of the files that will go is no longer needed
 *   2. marking: which blobs entries name, and so how much of each file lives
 *   3. what lives in the files of one batch is copied into a new kept file, compressed, which is synced and
 *      then named
 *   4. one commit says for each old file which kept file has its blobs (and forgets dead large bodies)
 *   5. the old files are removed; a start does it if this did not happen
 *   6. from 3 on again, until no file is left that should go
 * Compaction takes files that are mostly dead, packing also each sealed log file. What a commit adds
 * meanwhile names only new blobs: it can't revive a dead one. Damage keeps a file as it is.
 *
 * Which files there are, and what lives in them, is known from 1 and 2 on: so nobody else may take one of
 * them away before the last batch. One compaction has the turn, and gives it to another that waits between
 * two batches, to begin from 1 on when it comes back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/compaction.h"
#include "store/file.h"
#include "store/kept.h"
#include "store/tasks.h"

enum {
	PAUSE_EVERY = 256 << 10, /* bytes copied between two pauses */
	PAUSE_FACTOR = 2,        /* a pause is so much longer than the work before it: mail goes first */
	PAUSE_MAX_US = 100000,
	SYNC_EVERY = 8 << 20,    /* bytes copied between two syncs: one large sync would stop the log's own */
	SAMPLE_MAX = 8 << 10,    /* of a blob, for the dictionary */
	SAMPLES_BYTES = 4 << 20, /* some 60 times the dictionary, which is made in a second from that much */
	DICTIONARY_SHARE = 64    /* of the blobs' bytes: its two copies cost 3 % and bring more */
};

/* ---- the dictionary ---- */

/* Blobs from everywhere in the batch, as many as have room; what can't be read is told when it is copied. */
static unsigned take_samples(const struct compaction *c, struct buf *bytes, size_t *lengths, unsigned most)
{
	struct volumes_hint hint = {0};
	unsigned count = 0;
	size_t step = (c->blob_count + most - 1) / most;
	for (size_t i = 0; i < c->blob_count && count < most; i += step) {
		uint64_t length = blob_length(&c->blobs[i].id);
		size_t len = length < SAMPLE_MAX ? (size_t)length : SAMPLE_MAX;
		char *room = len ? buf_reserve(bytes, len) : NULL;
		if (room == NULL || volumes_read(&c->e->volumes, &c->blobs[i].id, 0, len, room, &hint) != 0)
			continue;
		buf_commit(bytes, len);
		lengths[count++] = len;
	}
	volumes_hint_done(&c->e->volumes, &hint);
	return count;
}

static int make_dictionary(const struct compaction *c, struct buf *dictionary)
{
	enum { SAMPLES = SAMPLES_BYTES / SAMPLE_MAX };
	uint64_t all = 0;
	struct buf bytes;
	for (size_t i = 0; i < c->blob_count; i++)
		all += blob_length(&c->blobs[i].id);
	uint64_t most = all / DICTIONARY_SHARE;
	size_t *lengths = mem_array(SAMPLES, sizeof *lengths);
	buf_init(&bytes, SAMPLES_BYTES);
	unsigned count = take_samples(c, &bytes, lengths, SAMPLES);
	int error = kept_train(buf_view(&bytes), lengths, count,
	    most < KEPT_DICTIONARY_MAX ? (size_t)most : KEPT_DICTIONARY_MAX, dictionary);
	buf_done(&bytes);
	mem_free(lengths);
	return error;
}

/* ---- copying ---- */

/* While others work, copying takes a third of the time at most. */
static void pause_for_others(struct compaction *c)
{
	struct embedded *e = c->e;
	uint64_t work =
	    atomic_load(&e->commit_count) + atomic_load(&e->read_count) + atomic_load(&e->blob_read_count);
	int64_t took = clock_monotonic_us() - c->pause_from_us, pause = took * PAUSE_FACTOR;
	if (work != c->work_seen && pause > 0)
		usleep((useconds_t)(pause < PAUSE_MAX_US ? pause : PAUSE_MAX_US));
	c->work_seen = work;
	c->copied = 0;
	c->pause_from_us = clock_monotonic_us();
}

/* Damaged, or not to be read now: the file stays as it is, with all that is in it, and others go on. */
static void spoil(struct old_file *f, int error)
{
	f->spoilt = true;
	log_event(LOG_WARNING, NULL, "volume-not-packed", log_u64("file", f->id), log_errno(error));
}

static int copy_blob(struct compaction *c, struct kept_writer *w, const struct blob_id *id, char *buffer,
    struct volumes_hint *hint)
{
	struct old_file *f = compaction_file_of(c, id);
	uint64_t length = blob_length(id);
	if (f == NULL || f->spoilt)
		return 0;
	if (atomic_load(&c->e->closing))
		return -ECANCELED;
	int error =
	    length > STORE_UPLOAD_MEMORY ? -EFBIG : volumes_read(&c->e->volumes, id, 0, length, buffer, hint);
	bool readable = error == 0;
	if (error == 0)
		error = kept_add(w, id, view_of(buffer, length));
	if (readable ? error == -EBADMSG || error == -EFBIG : error != -ENOMEM) {
		spoil(f, error);
		return 0;
	}
	c->task->blobs++;
	c->copied += length;
	c->unsynced += length;
	atomic_fetch_add(&c->task->progress, length);
	if (error == 0 && c->unsynced > SYNC_EVERY) {
		c->unsynced = 0;
		error = file_sync(w->segment.fd);
	}
	if (c->copied > PAUSE_EVERY)
		pause_for_others(c);
	return error;
}

static int copy_all(struct compaction *c, struct kept_writer *w)
{
	struct volumes_hint hint = {0};
	int error = 0;
	char *buffer = mem_alloc(STORE_UPLOAD_MEMORY);
	c->pause_from_us = clock_monotonic_us();
	for (size_t i = 0; i < c->blob_count && error == 0; i++)
		error = copy_blob(c, w, &c->blobs[i].id, buffer, &hint);
	volumes_hint_done(&c->e->volumes, &hint);
	mem_free(buffer);
	if (error == 0)
		error = kept_finish(w);
	/* It is opened as a reader does before anybody depends on it. */
	struct kept_reader *reader = NULL;
	if (error == 0)
		error = kept_reader_open(&w->segment, &reader);
	kept_reader_close(reader);
	if (error == 0)
		error = file_size(w->segment.fd, &c->kept_size);
	return error;
}

static int begin_kept(struct compaction *c, struct kept_writer *w, const char *name)
{
	struct buf dictionary;
	buf_init(&dictionary, KEPT_DICTIONARY_MAX);
	c->kept_id = atomic_fetch_add(&c->e->next_segment, 1);
	int error = make_dictionary(c, &dictionary);
	if (error == 0)
		error =
		    kept_begin(w, c->e->volumes_fd, name, c->kept_id, c->position.lsn, buf_view(&dictionary));
	buf_done(&dictionary);
	return error;
}

static int copy_blobs(struct compaction *c)
{
	static const char temporary[] = "kept.new";
	char name[SEGMENT_NAME_SIZE];
	struct kept_writer w;
	c->kept_id = 0;
	c->kept_size = 0;
	if (c->blob_count == 0)
		return 0;
	int error = begin_kept(c, &w, temporary);
	if (error)
		return error;
	error = copy_all(c, &w);
	kept_writer_done(&w);
	segment_name(name, SEGMENT_KEPT, c->kept_id);
	if (error == 0 && renameat(c->e->volumes_fd, temporary, c->e->volumes_fd, name) != 0)
		error = -errno;
	if (error == 0 && fsync(c->e->volumes_fd) != 0)
		error = -errno;
	if (error)
		unlinkat(c->e->volumes_fd, temporary, 0);
	return error;
}

/* ---- the commit ---- */

static bool goes(const struct old_file *f)
{
	return f->chosen && !f->spoilt;
}

struct redirect {
	struct txn *txn;
	struct compaction *c;
	uint32_t old[STORE_WRITE_KEYS_MAX];
	size_t count;
};

static int note_redirect(void *arg, struct view key, struct view value)
{
	struct redirect *r = arg;
	struct cursor from = cursor_on(view_skip(key, 1)), to = cursor_on(value);
	uint32_t id = cursor_u32(&from);
	const struct old_file *f = compaction_find_file(r->c, cursor_u32(&to));
	if (f == NULL || !goes(f))
		return 0;
	if (r->count == sizeof r->old / sizeof *r->old)
		return -E2BIG;
	r->old[r->count++] = id;
	return 0;
}

static int put_redirect(struct txn *t, uint32_t from, uint32_t to)
{
	char key[INDEX_VOLUME_KEY_SIZE], number[4];
	for (int i = 0; i < 4; i++)
		number[i] = (char)(to >> (24 - 8 * i));
	return t->ops->put(
	    t, 0, index_volume_key(key, INDEX_MOVED_KEY, from), view_of(number, sizeof number));
}

/* In the committer: shard 0 is reached past txn.c's checks. */
static int run_redirects(struct txn *t, void *arg)
{
	struct compaction *c = arg;
	struct redirect *r = mem_alloc(sizeof *r);
	char from[INDEX_VOLUME_KEY_SIZE], to[INDEX_VOLUME_KEY_SIZE];
	struct txn_range range = {.from = index_volume_key(from, INDEX_MOVED_KEY, 0),
	    .to = index_volume_key(to, INDEX_MOVED_KEY, UINT32_MAX)};
	r->c = c;
	int error = t->ops->range(t, &range, note_redirect, r);
	t->wrote = error == 0;
	for (size_t i = 0; i < r->count && error == 0; i++)
		error = put_redirect(t, r->old[i], c->kept_id);
	for (size_t i = 0; i < c->file_count && error == 0; i++) {
		const struct old_file *f = &c->files[i];
		if (goes(f) && f->kind == SEGMENT_BODY)
			error = t->ops->erase(t, 0, index_volume_key(from, INDEX_BODY_KEY, f->id));
		else if (goes(f))
			error = put_redirect(t, f->id, c->kept_id);
	}
	mem_free(r);
	return error;
}

static void free_compaction(struct compaction *c)
{
	c->task->compaction = NULL;
	mem_free(c->files);
	mem_free(c->blobs);
	mem_free(c);
}

static void finish(struct compaction *c, int result)
{
	struct store_task *t = c->task;
	if (t->volumes)
		log_event(LOG_INFO, NULL, "compacted", log_u64("files", t->volumes),
		    log_u64("freed", t->freed), log_u64("written", t->written));
	embedded_measure(c->e);
	free_compaction(c);
	task_finish(t, result);
}

static void between_batches(struct store_pending *p, unsigned thread);

/* Upkeep thread again, after the commit. */
static void remove_files(struct store_pending *p, unsigned thread)
{
	struct store_task *t = task_of(p);
	struct compaction *c = t->compaction;
	uint64_t freed = 0;
	for (size_t i = 0; i < c->file_count; i++) {
		struct old_file *f = &c->files[i];
		char name[SEGMENT_NAME_SIZE];
		if (!goes(f))
			continue;
		if (f->kind != SEGMENT_BODY)
			volumes_move(&c->e->volumes, f->id, c->kept_id);
		segment_name(name, f->kind, f->id);
		f->chosen = false;
		f->gone = true;
		if (unlinkat(c->e->volumes_fd, name, 0) == 0) {
			t->volumes++;
			freed += f->size;
		}
	}
	t->written += c->kept_size;
	t->freed += freed > c->kept_size ? freed - c->kept_size : 0;
	(void)thread;
	p->act = between_batches;
	completions_add(&c->e->completions, p);
}

static void committed(struct store_commit *commit, int result)
{
	struct store_task *t = container_of(commit, struct store_task, commit);
	if (result) {
		finish(t->compaction, result);
		return;
	}
	at_step(t->compaction->e, "compact-committed");
	t->pending.act = remove_files;
	workers_add(&t->compaction->e->upkeep, &t->pending);
}

/* Loop thread: commits are made there. */
static void begin_commit(struct store_pending *p, unsigned thread)
{
	struct store_task *t = task_of(p);
	(void)thread;
	t->commit = (struct store_commit){
	    .run = run_redirects, .arg = t->compaction, .frees_space = true, .done = committed};
	store_commit(p->store, &t->commit);
}

/* ---- the whole ---- */

/* Does anything of the batch go, now that it is copied? A file that is damaged stays. */
static bool any_goes(const struct compaction *c)
{
	bool any = false;
	for (size_t i = 0; i < c->file_count && !any; i++)
		any = goes(&c->files[i]);
	return any;
}

/* Nothing is going to lead to it. */
static void drop_kept(const struct compaction *c)
{
	char name[SEGMENT_NAME_SIZE];
	segment_name(name, SEGMENT_KEPT, c->kept_id);
	if (c->kept_id && unlinkat(c->e->volumes_fd, name, 0) != 0)
		log_event(
		    LOG_WARNING, NULL, "kept-not-removed", log_u64("file", c->kept_id), log_errno(errno));
}

/* The next batch of which anything goes, copied. 0; -ENOENT when there is none. */
static int copy_batch(struct compaction *c)
{
	for (;;) {
		compaction_choose(c);
		if (c->chosen == 0)
			return -ENOENT;
		int error = compaction_collect(c);
		if (error == 0)
			error = copy_blobs(c);
		if (error || any_goes(c))
			return error;
		drop_kept(c);
	}
}

static void run_batch(struct store_pending *p, unsigned thread)
{
	struct compaction *c = task_of(p)->compaction;
	(void)thread;
	int error = copy_batch(c);
	if (error) {
		finish(c, error == -ENOENT ? 0 : error);
		return;
	}
	at_step(c->e, "compact-copied");
	p->act = begin_commit;
	completions_add(&c->e->completions, p);
}

static void run_compact(struct store_pending *p, unsigned thread)
{
	struct store_task *t = task_of(p);
	struct compaction *c = mem_alloc(sizeof *c);
	c->e = embedded_of(p->store);
	c->task = t;
	t->compaction = c;
	int error = c->e->names_blobs ? 0 : -EINVAL;
	if (error == 0)
		error = atomic_load(&c->e->closing) ? -ECANCELED : compaction_prepare(c);
	if (error)
		finish(c, error);
	else
		run_batch(p, thread);
}

/* ---- turns: the loop's thread ---- */

static void next_turn(struct embedded *e)
{
	struct store_pending *p = e->compacting ? NULL : pending_queue_take(&e->compactions);
	if (p == NULL)
		return;
	e->compacting = true;
	workers_add(&e->upkeep, p);
}

static void turn_ended(struct store *s)
{
	embedded_of(s)->compacting = false;
	next_turn(embedded_of(s));
}

/* What is known of the files is of no use to whoever lets another one go first. */
static void between_batches(struct store_pending *p, unsigned thread)
{
	struct store_task *t = task_of(p);
	struct embedded *e = embedded_of(p->store);
	(void)thread;
	if (e->compactions.first == NULL) {
		p->act = run_batch;
		workers_add(&e->upkeep, p);
		return;
	}
	free_compaction(t->compaction);
	p->act = run_compact;
	pending_queue_add(&e->compactions, p);
	turn_ended(p->store);
}

static void begin(struct store *s, struct store_task *t, bool pack)
{
	t->pack = pack;
	task_prepare(s, t, run_compact);
	t->ended = turn_ended;
	pending_queue_add(&embedded_of(s)->compactions, &t->pending);
	next_turn(embedded_of(s));
}

void store_compact(struct store *s, struct store_task *t)
{
	begin(s, t, false);
}

void store_pack(struct store *s, struct store_task *t)
{
	begin(s, t, true);
}
