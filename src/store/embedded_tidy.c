/*
 * After recovery: what in the folder of volumes does the store not know? A crash leaves bodies whose upload died, files
 * that compaction had copied, and copies that no commit names; they are removed. But where part of the log was damaged,
 * what nobody names may be exactly what the damaged part named: such files are set aside and not removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/embedded.h"
#include "store/file.h"
#include "store/log_scan.h"

static const char aside_name[] = "aside";

struct tidying {
	struct embedded *e;
	bool doubtful;
};

static int set_aside(struct embedded *e, const char *name)
{
	int folder = folder_open_in(e->folder_fd, aside_name);
	if (folder < 0)
		return folder;
	int error = renameat(e->volumes_fd, name, folder, name) == 0 ? 0 : -errno;
	close(folder);
	if (error == 0)
		log_record(LOG_WARNING, NULL, "volume_set_aside", log_string("file", name));
	return error;
}

static int drop(const struct tidying *t, enum segment_kind kind, uint32_t id)
{
	char name[SEGMENT_NAME_SIZE];
	segment_name(name, kind, id);
	if (t->doubtful)
		return set_aside(t->e, name);
	return unlinkat(t->e->volumes_fd, name, 0) == 0 ? 0 : -errno;
}

/* Body files from the oldest open one on that no commit names. */
static int drop_unnamed_bodies(const struct tidying *t, uint32_t from)
{
	struct embedded *e = t->e;
	uint32_t *files;
	size_t count;
	int error = segment_list(e->volumes_fd, SEGMENT_BODY, from, &files, &count);
	if (error)
		return error;
	for (size_t i = 0; i < count && error == 0; i++) {
		char key[INDEX_VOLUME_KEY_SIZE];
		struct view value;
		error = index_get(e->index.writing, e->index.dbi, 0, index_volume_key(key, INDEX_BODY_KEY, files[i]),
				  &value);
		if (error == -ENOENT)
			error = drop(t, SEGMENT_BODY, files[i]);
	}
	mem_free(files);
	return error;
}

/* A crash may have come between the commit that moved the blobs and the removal of the file. */
static int remove_old(struct embedded *e, enum segment_kind kind, uint32_t id)
{
	char name[SEGMENT_NAME_SIZE];
	segment_name(name, kind, id);
	return unlinkat(e->volumes_fd, name, 0) == 0 || errno == ENOENT ? 0 : -errno;
}

/* The old file goes only when the one that took its blobs over is there and can be read. */
static int remember_moved(void *arg, struct view key, struct view value)
{
	struct tidying *t = arg;
	struct embedded *e = t->e;
	struct cursor from = cursor_on(view_skip(key, 1)), to = cursor_on(value);
	uint32_t old = cursor_u32(&from), kept = cursor_u32(&to);
	struct volume *volume = NULL;
	if (!cursor_ok(&from) || !cursor_ok(&to))
		return -EBADMSG;
	int error = kept ? volumes_get(&e->volumes, SEGMENT_KEPT, kept, &volume) : 0;
	if (error == 0) {
		volumes_put(&e->volumes, volume);
		volumes_move(&e->volumes, old, kept);
		error = remove_old(e, SEGMENT_LOG, old);
		return error ? error : remove_old(e, SEGMENT_KEPT, old);
	}
	if (error != -EBADMSG && error != -ENOENT) {
		char name[SEGMENT_NAME_SIZE];
		segment_name(name, SEGMENT_KEPT, kept);
		return file_tell_unreadable(error, name);
	}
	atomic_fetch_add(&e->damaged_count, 1);
	log_record(LOG_ERROR, NULL, "kept_file_bad", log_u64("file", kept), log_u64("for", old), log_errno(error));
	return 0;
}

/* Kept files of a compaction that did not come to its commit: nothing leads to them. */
static int drop_unnamed_kept(const struct tidying *t)
{
	uint32_t *files;
	size_t count;
	int error = segment_list(t->e->volumes_fd, SEGMENT_KEPT, 0, &files, &count);
	if (error)
		return error;
	for (size_t i = 0; i < count && error == 0; i++)
		if (!volumes_moves_to(&t->e->volumes, files[i]))
			error = drop(t, SEGMENT_KEPT, files[i]);
	mem_free(files);
	return error;
}

int embedded_tidy_volumes(struct embedded *e, uint32_t oldest_body, bool doubtful)
{
	char from[INDEX_VOLUME_KEY_SIZE], to[INDEX_VOLUME_KEY_SIZE];
	struct tidying t = {e, doubtful};
	struct txn_range range = {
	    .from = index_volume_key(from, INDEX_MOVED_KEY, 0),
	    .to = index_volume_key(to, INDEX_MOVED_KEY, UINT32_MAX),
	};
	uint64_t damaged = atomic_load(&e->damaged_count);
	int error = index_range(e->index.writing, e->index.dbi, &range, remember_moved, &t);
	if (atomic_load(&e->damaged_count) != damaged)
		t.doubtful = true;
	if (error == 0)
		error = drop_unnamed_kept(&t);
	return error ? error : drop_unnamed_bodies(&t, oldest_body);
}
