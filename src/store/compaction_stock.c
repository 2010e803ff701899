/* What a compaction finds, and what it takes in a batch: see compaction.h. */
#include "store/compaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "store/file.h"
#include "store/kept.h"
#include "store/log_scan.h"
#include "store/snapshot.h"

enum {
	FILES_MAX = 200,          /* that go in one batch: what its commit can say */
	REDIRECTS_MAX = 1000,     /* the same, of files that went before; one file alone may have as many as
	                             there is room for, or what was joined could never go again */
	BATCH_LIVE_MAX = 1 << 30, /* bytes that live in a batch: its kept file stays below 4 GB by far */
	DEAD_PERCENT = 50
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
			/* The log file that the snapshot's position is in, and later ones, hold redo that is
			 * still needed. */
			bool needed = kind != SEGMENT_KEPT && ids[i] >= c->position.segment;
			if (needed || fstatat(c->e->volumes_fd, name, &st, 0) != 0)
				continue;
			c->files[c->file_count++] =
			    (struct old_file){.kind = kind, .id = ids[i], .size = (uint64_t)st.st_size};
		}
		mem_free(ids);
	}
	qsort(c->files, c->file_count, sizeof *c->files, compare_files);
	return 0;
}

struct old_file *compaction_find_file(const struct compaction *c, uint32_t id)
{
	struct old_file wanted = {.id = id};
	return c->file_count ? bsearch(&wanted, c->files, c->file_count, sizeof wanted, compare_files) : NULL;
}

struct old_file *compaction_file_of(const struct compaction *c, const struct blob_id *id)
{
	struct blob_place place;
	if (!blob_id_parse(id, &place))
		return NULL;
	uint32_t moved = volumes_moved_to(&c->e->volumes, place.segment);
	return compaction_find_file(c, moved ? moved : place.segment);
}

static int compare_blobs(const void *a, const void *b)
{
	const struct living *x = a, *y = b;
	return memcmp(x->id.bytes, y->id.bytes, BLOB_ID_SIZE);
}

static void drop_doubles(struct compaction *c)
{
	size_t n = 0;
	if (c->blob_count == 0)
		return;
	qsort(c->blobs, c->blob_count, sizeof *c->blobs, compare_blobs);
	for (size_t i = 0; i < c->blob_count; i++)
		if (i == 0 || compare_blobs(&c->blobs[i], &c->blobs[i - 1]) != 0)
			c->blobs[n++] = c->blobs[i];
	c->blob_count = n;
}

/* Mail to many is named by each of them: before the list grows, what stands there twice makes way. */
static void add_living(struct compaction *c, const struct blob_id *id)
{
	bool full = c->blob_count == c->blob_room;
	if (full)
		drop_doubles(c);
	if (full && c->blob_count >= c->blob_room / 2) {
		c->blob_room = c->blob_room ? c->blob_room * 2 : 1024;
		c->blobs = mem_resize(c->blobs, c->blob_room * sizeof *c->blobs);
	}
	c->blobs[c->blob_count++] = (struct living){c->shard, *id};
}

static void note_blob(void *arg, const struct blob_id *id)
{
	struct compaction *c = arg;
	struct old_file *f = compaction_file_of(c, id);
	if (f == NULL)
		return;
	if (!c->collecting) {
		f->live += segment_blob_space(blob_length(id)) + RECORD_HEADER_SIZE;
		return;
	}
	if (!f->chosen || f->kind == SEGMENT_BODY)
		return;
	add_living(c, id);
}

static void note_redirect_of(struct compaction *c, struct view key, struct view value)
{
	struct cursor to = cursor_on(value);
	struct old_file *f = compaction_find_file(c, cursor_u32(&to));
	if (f && key.len == INDEX_VOLUME_KEY_SIZE && key.data[0] == INDEX_MOVED_KEY)
		f->redirects++;
}

static int note_entry(void *arg, uint64_t shard, struct view key, struct view value, bool valid)
{
	struct compaction *c = arg;
	/* An entry that can't be read might name anything. */
	if (!valid)
		return -EBADMSG;
	c->shard = shard;
	if (!shard_is_internal(shard))
		c->e->names_blobs(shard, key, value, note_blob, c);
	else if (!c->collecting)
		note_redirect_of(c, key, value);
	return 0;
}

/* How much of a kept file there was; 0, and so nothing is done with it, when it can't be read. */
static uint64_t raw_of(struct compaction *c, uint32_t id)
{
	struct volume *volume;
	struct kept_reader *reader;
	uint64_t raw = 0;
	if (volumes_get(&c->e->volumes, SEGMENT_KEPT, id, &volume) != 0)
		return 0;
	if (volumes_kept(&c->e->volumes, volume, &reader) == 0)
		raw = kept_raw(reader);
	volumes_put(&c->e->volumes, volume);
	return raw;
}

/* A file with many copies of one body counts it as often; that only makes it look more alive than it is. */
static bool should_go(const struct compaction *c, const struct old_file *f)
{
	unsigned percent = c->task->dead_percent ? c->task->dead_percent : DEAD_PERCENT;
	if (f->spoilt || f->gone)
		return false;
	if (f->kind == SEGMENT_BODY)
		return f->live == 0 && f->id < c->position.oldest_body;
	if (f->kind == SEGMENT_KEPT)
		return f->raw > 0 && f->live * 100 <= f->raw * (100 - percent);
	return c->task->pack || f->live * 100 <= f->size * (100 - percent);
}

/* What a batch may copy: beside the old files there must be room for it, and then still for mail. */
static uint64_t room_for_batch(const struct compaction *c)
{
	struct statvfs fs;
	if (fstatvfs(c->e->folder_fd, &fs) != 0)
		return 0;
	uint64_t unused = (uint64_t)fs.f_bavail * fs.f_frsize;
	uint64_t room = unused > c->e->min_free ? (unused - c->e->min_free) / 2 : 0;
	return room < BATCH_LIVE_MAX ? room : BATCH_LIVE_MAX;
}

/* Each body is copied once, however many entries name it. */
static uint64_t to_copy(const struct old_file *f)
{
	uint64_t most = f->kind == SEGMENT_KEPT ? f->raw : f->size;
	return f->live < most ? f->live : most;
}

static bool finds_room(const struct compaction *c, const struct old_file *f, uint64_t room, size_t redirects)
{
	bool alone = c->chosen == 0 && f->redirects < STORE_WRITE_KEYS_MAX;
	return to_copy(f) <= room && (alone || redirects + f->redirects <= REDIRECTS_MAX);
}

void compaction_choose(struct compaction *c)
{
	uint64_t room = room_for_batch(c);
	size_t redirects = 0;
	c->chosen = 0;
	for (size_t i = 0; i < c->file_count && c->chosen < FILES_MAX; i++) {
		struct old_file *f = &c->files[i];
		f->chosen = should_go(c, f) && finds_room(c, f, room, redirects);
		if (!f->chosen)
			continue;
		room -= to_copy(f);
		redirects += f->redirects;
		c->chosen++;
	}
}

/* By shard, and there as they came. */
static int compare_owners(const void *a, const void *b)
{
	const struct living *x = a, *y = b;
	return x->shard != y->shard ? (x->shard < y->shard ? -1 : 1) : compare_blobs(a, b);
}

static int walk(struct compaction *c, MDB_txn *txn)
{
	int error = index_walk(txn, c->e->index.dbi, note_entry, c);
	/* An entry that names nobody knows what: nothing is removed, and the index is made anew. */
	if (error == -EBADMSG)
		atomic_fetch_add(&c->e->index_damaged_count, 1);
	return error;
}

static int take_stock(struct compaction *c, MDB_txn *txn)
{
	int error = snapshot_write(c->e->folder_fd, &c->e->index, txn, &c->position);
	at_step(c->e, "compact-snapshot");
	/* What the log files say that will go, it alone says from now on. */
	if (error == 0)
		error = list_files(c);
	return error ? error : walk(c, txn);
}

/* What lives, after the snapshot that says it is safe; and how much of that is to be copied. */
int compaction_prepare(struct compaction *c)
{
	struct index_reader reader = {.index = &c->e->index};
	uint64_t total = 0;
	committer_checkpoint(c->e);
	pthread_rwlock_rdlock(&c->e->index_lock);
	int error = index_reader_begin(&reader);
	if (error == 0)
		error = take_stock(c, reader.txn);
	index_reader_close(&reader);
	pthread_rwlock_unlock(&c->e->index_lock);
	for (size_t i = 0; i < c->file_count && error == 0; i++) {
		struct old_file *f = &c->files[i];
		if (f->kind == SEGMENT_KEPT)
			f->raw = raw_of(c, f->id);
		if (should_go(c, f))
			total += to_copy(f);
	}
	atomic_store(&c->task->total, atomic_load(&c->task->progress) + total);
	return error;
}

/* The living blobs of the files chosen. A state later than the snapshot's names no more of them. */
int compaction_collect(struct compaction *c)
{
	struct index_reader reader = {.index = &c->e->index};
	c->blob_count = 0;
	c->collecting = true;
	pthread_rwlock_rdlock(&c->e->index_lock);
	int error = index_reader_begin(&reader);
	if (error == 0)
		error = walk(c, reader.txn);
	index_reader_close(&reader);
	pthread_rwlock_unlock(&c->e->index_lock);
	drop_doubles(c);
	if (c->blob_count)
		qsort(c->blobs, c->blob_count, sizeof *c->blobs, compare_owners);
	return error;
}
