/*
 * Compaction, on the upkeep thread, in the order that a crash at any point forgives:
 *   1. a snapshot of the index: the redo of the files that will go is no longer needed
 *   2. marking: which blobs that snapshot's entries name, and so how much of each file lives
 *   3. what lives in mostly dead files is copied into a new kept file, which is synced and then named
 *   4. one commit says for each old file which kept file has its blobs (and forgets dead large bodies)
 *   5. the old files are removed; a start does it if this did not happen
 * What a commit adds meanwhile names only new blobs: it can't revive a dead one. Damage keeps a file as it
 * is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/kept.h"
#include "store/log_scan.h"
#include "store/snapshot.h"
#include "store/tasks.h"

enum {
	FILES_MAX = 200,    /* that go in one run: what its commit can say */
	KEPT_MAX = 1 << 30, /* bytes of a kept file */
	DEAD_PERCENT = 50,
	COMPACT_PAUSE_EVERY = 4 << 20, /* bytes copied between two pauses: mail goes first */
	COMPACT_PAUSE_US = 5000
};

struct old_file {
	enum segment_kind kind;
	uint32_t id;
	uint64_t size, live;
	bool chosen, spoilt;
};

struct compaction {
	struct embedded *e;
	struct store_task *task;
	struct old_file *files; /* sorted by number */
	size_t file_count, chosen;
	struct blob_id *blobs; /* living ones in chosen files */
	size_t blob_count, blob_room;
	bool collecting;
	uint32_t kept_id;
	uint64_t copied;
	struct index_position position;
};

static int compare_files(const void *a, const void *b)
{
	const struct old_file *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int list_files(struct compaction *c)
{
	for (enum segment_kind kind = SEGMENT_LOG; kind <= SEGMENT_KEPT; kind++) {
		uint32_t *ids;
		size_t count;
		int error = segment_list(c->e->volumes_fd, kind, 0, &ids, &count);
		if (error)
			return error;
		c->files = mem_resize(c->files, (c->file_count + count + 1) * sizeof *c->files);
		for (size_t i = 0; i < count; i++) {
			char name[SEGMENT_NAME_SIZE];
			struct stat st;
			segment_name(name, kind, ids[i]);
			/* The file that the snapshot's position is in, and later ones, hold redo that is
			 * still needed. */
			if (ids[i] >= c->position.segment || fstatat(c->e->volumes_fd, name, &st, 0) != 0)
				continue;
			c->files[c->file_count++] =
			    (struct old_file){kind, ids[i], (uint64_t)st.st_size, 0, false, false};
		}
		mem_free(ids);
	}
	qsort(c->files, c->file_count, sizeof *c->files, compare_files);
	return 0;
}

static struct old_file *find_file(struct compaction *c, uint32_t id)
{
	struct old_file wanted = {.id = id};
	return c->file_count ? bsearch(&wanted, c->files, c->file_count, sizeof wanted, compare_files) : NULL;
}

/* The file in which a blob lives now. */
static struct old_file *file_of(struct compaction *c, const struct blob_id *id)
{
	struct blob_place place;
	if (!blob_id_parse(id, &place))
		return NULL;
	uint32_t moved = volumes_moved_to(&c->e->volumes, place.segment);
	return find_file(c, moved ? moved : place.segment);
}

static void note_blob(void *arg, const struct blob_id *id)
{
	struct compaction *c = arg;
	struct old_file *f = file_of(c, id);
	if (f == NULL)
		return;
	if (!c->collecting) {
		f->live += segment_blob_space(blob_length(id)) + RECORD_HEADER_SIZE;
		return;
	}
	if (!f->chosen || f->kind == SEGMENT_BODY)
		return;
	if (c->blob_count == c->blob_room) {
		c->blob_room = c->blob_room ? c->blob_room * 2 : 1024;
		c->blobs = mem_resize(c->blobs, c->blob_room * sizeof *c->blobs);
	}
	c->blobs[c->blob_count++] = *id;
}

static int note_entry(void *arg, uint64_t shard, struct view key, struct view value, bool valid)
{
	struct compaction *c = arg;
	/* An entry that can't be read might name anything. */
	if (!valid)
		return -EBADMSG;
	if (!shard_is_internal(shard))
		c->e->names_blobs(shard, key, value, note_blob, c);
	return 0;
}

/* A file with many copies of one body counts it as often; that only makes it look more alive than it is. */
static void choose(struct compaction *c)
{
	unsigned percent = c->task->dead_percent ? c->task->dead_percent : DEAD_PERCENT;
	for (size_t i = 0; i < c->file_count && c->chosen < FILES_MAX; i++) {
		struct old_file *f = &c->files[i];
		/* A kept file's own size says nothing of how much it holds unpacked; it is taken when all is
		 * dead. */
		uint64_t alive = f->kind == SEGMENT_KEPT ? f->live * 100 : f->live;
		if (f->kind == SEGMENT_BODY)
			f->chosen = f->live == 0 && f->id < c->position.oldest_body;
		else
			f->chosen = alive * 100 <= f->size * (100 - percent);
		c->chosen += f->chosen;
	}
}

static int compare_blobs(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct blob_id));
}

static void drop_doubles(struct compaction *c)
{
	size_t n = 0;
	if (c->blob_count)
		qsort(c->blobs, c->blob_count, sizeof *c->blobs, compare_blobs);
	for (size_t i = 0; i < c->blob_count; i++)
		if (i == 0 || compare_blobs(&c->blobs[i], &c->blobs[i - 1]) != 0)
			c->blobs[n++] = c->blobs[i];
	c->blob_count = n;
}

static int copy_blob(
    struct compaction *c, struct kept_writer *w, const struct blob_id *id, char *buffer, struct volume **hint)
{
	struct old_file *f = file_of(c, id);
	uint64_t length = blob_length(id);
	if (f == NULL || f->spoilt)
		return 0;
	int error = length > STORE_UPLOAD_MEMORY || w->position > KEPT_MAX
	                ? -EFBIG
	                : volumes_read(&c->e->volumes, id, 0, length, buffer, hint);
	if (error == -EBADMSG || error == -ENOENT || error == -EFBIG || error == -ERANGE) {
		f->spoilt = true; /* it stays as it is */
		return 0;
	}
	if (error == 0)
		error = kept_add(w, id, view_of(buffer, length));
	c->task->blobs++;
	c->copied += length;
	if (c->copied > COMPACT_PAUSE_EVERY) {
		c->copied = 0;
		usleep(COMPACT_PAUSE_US);
	}
	return error;
}

static int copy_blobs(struct compaction *c)
{
	static const char temporary[] = "kept.new";
	char name[SEGMENT_NAME_SIZE];
	struct kept_writer w;
	struct volume *hint = NULL;
	if (c->blob_count == 0)
		return 0;
	c->kept_id = atomic_fetch_add(&c->e->next_segment, 1);
	int error = kept_begin(&w, c->e->volumes_fd, temporary, c->kept_id, c->position.lsn);
	if (error)
		return error;
	char *buffer = mem_alloc(STORE_UPLOAD_MEMORY);
	for (size_t i = 0; i < c->blob_count && error == 0; i++) {
		error = copy_blob(c, &w, &c->blobs[i], buffer, &hint);
		atomic_store(&c->task->progress, i + 1);
	}
	volumes_put(&c->e->volumes, hint);
	mem_free(buffer);
	if (error == 0)
		error = kept_finish(&w);
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
	const struct old_file *f = find_file(r->c, cursor_u32(&to));
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

static void finish(struct compaction *c, int result)
{
	struct store_task *t = c->task;
	mem_free(c->files);
	mem_free(c->blobs);
	mem_free(c);
	t->compaction = NULL;
	task_finish(t, result);
}

/* Upkeep thread again, after the commit. */
static void remove_files(struct store_pending *p, unsigned thread)
{
	struct store_task *t = task_of(p);
	struct compaction *c = t->compaction;
	(void)thread;
	for (size_t i = 0; i < c->file_count; i++) {
		const struct old_file *f = &c->files[i];
		char name[SEGMENT_NAME_SIZE];
		if (!goes(f))
			continue;
		if (f->kind != SEGMENT_BODY)
			volumes_move(&c->e->volumes, f->id, c->kept_id);
		segment_name(name, f->kind, f->id);
		if (unlinkat(c->e->volumes_fd, name, 0) == 0) {
			t->volumes++;
			t->freed += f->size;
		}
	}
	log_event(LOG_INFO, NULL, "compacted", log_u64("files", t->volumes), log_u64("freed", t->freed));
	finish(c, 0);
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

static int prepare(struct compaction *c)
{
	struct index_reader reader = {.index = &c->e->index};
	uint64_t entries;
	committer_checkpoint(c->e);
	pthread_rwlock_rdlock(&c->e->index_lock);
	int error = index_reader_begin(&reader);
	if (error == 0)
		error = snapshot_write(c->e->folder_fd, &c->e->index, reader.txn, &c->position);
	at_step(c->e, "compact-snapshot");
	/* The redo that will go is in this file only, from now on. */
	if (error == 0)
		error = snapshot_verify(c->e->folder_fd, &entries) ? -EIO : 0;
	if (error == 0)
		error = list_files(c);
	if (error == 0)
		error = index_walk(reader.txn, c->e->index.dbi, note_entry, c);
	if (error == 0) {
		choose(c);
		c->collecting = true;
		error = index_walk(reader.txn, c->e->index.dbi, note_entry, c);
	}
	index_reader_close(&reader);
	pthread_rwlock_unlock(&c->e->index_lock);
	/* An entry that names nobody knows what: nothing is removed, and the index is made anew. */
	if (error == -EBADMSG)
		atomic_fetch_add(&c->e->index_damaged_count, 1);
	if (error)
		return error;
	drop_doubles(c);
	atomic_store(&c->task->total, c->blob_count);
	return copy_blobs(c);
}

static void run_compact(struct store_pending *p, unsigned thread)
{
	struct store_task *t = task_of(p);
	struct compaction *c = mem_alloc(sizeof *c);
	(void)thread;
	c->e = embedded_of(p->store);
	c->task = t;
	t->compaction = c;
	int error = c->e->names_blobs ? prepare(c) : -EINVAL;
	if (error || c->chosen == 0) {
		finish(c, error);
		return;
	}
	at_step(c->e, "compact-copied");
	p->act = begin_commit;
	completions_add(&c->e->completions, p);
}

void store_compact(struct store *s, struct store_task *t)
{
	task_start(s, t, run_compact);
}
