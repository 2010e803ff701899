/*
 * Opening log and index, and making the index anew. A bad index is no loss: snapshot and log hold everything
 * that ever was in it. But they may be damaged as well, in other places. So the old index is set aside and
 * not removed, and where the log or the snapshot has lost something, the new index gets what the old one
 * still knows. What cannot be read now stops all of this, as it stops any start.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "store/embedded.h"
#include "store/file.h"
#include "store/index_guard.h"
#include "store/log_scan.h"
#include "store/snapshot.h"
#include "store/store_admin.h"

/*
 * The mark stays until the new index is whole, since half a snapshot looks like an index. Its text says
 * whether the old index may be looked at: reading that can end the process (a page that the disk cannot
 * read).
 */
static const char bad_index_name[] = "index-bad";
static const char index_name[] = "index", old_name[] = "index-old", kept_name[] = "index-kept";
static const struct view plain = {"rebuild\n", 8}, without_old = {"rebuild without the old index\n", 30};

static int open_named(const struct embedded *e, const char *name, struct index *index)
{
	char path[4096];
	int n = snprintf(path, sizeof path, "%s/%s", e->folder, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return -ENAMETOOLONG;
	return index_open(index, path, e->index_size);
}

static int open_index(struct embedded *e)
{
	int fd = folder_open_in(e->folder_fd, index_name);
	if (fd < 0)
		return file_tell_unreadable(fd, index_name);
	close(fd);
	return file_tell_unreadable(open_named(e, index_name, &e->index), "index/data.mdb");
}

static int remove_folder(const struct embedded *e, const char *name)
{
	static const char *const files[] = {"data.mdb", "lock.mdb"};
	char path[64];
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s", name, files[i]);
		if (unlinkat(e->folder_fd, path, 0) != 0 && errno != ENOENT)
			return -errno;
	}
	return unlinkat(e->folder_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
}

static int rename_folder(const struct embedded *e, const char *from, const char *to)
{
	int error = remove_folder(e, to);
	if (error == 0 && renameat(e->folder_fd, from, e->folder_fd, to) != 0 && errno != ENOENT)
		error = -errno;
	if (error == 0 && fsync(e->folder_fd) != 0)
		error = -errno;
	return error;
}

/* One that was set aside and is still there shows that an earlier rebuild came to no end: then `index` is
 * half of one. */
static int set_old_aside(struct embedded *e)
{
	bool unfinished = false;
	index_close(&e->index);
	int error = file_exists(e->folder_fd, old_name, &unfinished);
	if (error)
		return error;
	return unfinished ? remove_folder(e, index_name) : rename_folder(e, index_name, old_name);
}

static int open_empty_index(struct embedded *e)
{
	index_close(&e->index);
	int error = remove_folder(e, index_name);
	return error ? error : open_index(e);
}

/* ---- what the old index still knows ---- */

struct overlay {
	struct embedded *e;
	bool all; /* also what the new one has: the old one's place in the log is known, and what came later
	             follows */
	uint64_t entries;
};

static int take_old(void *arg, uint64_t shard, struct view key, struct view value, bool valid)
{
	struct overlay *o = arg;
	struct index *index = &o->e->index;
	struct view there;
	if (!valid || (shard == 0 && view_equal(key, INDEX_POSITION_KEY)))
		return 0;
	int error = index_get(index->writing, index->dbi, shard, key, &there);
	if (error == 0 && (!o->all || view_equal(there, value)))
		return 0;
	if (error && error != -ENOENT)
		return error;
	o->entries++;
	return index_put(index->writing, index->dbi, shard, key, value);
}

/* Once more what the log has from the old index's place on; damage there was told before. */
static int apply_from(struct embedded *e, const struct index_position *from)
{
	struct log_scan scan;
	struct record r;
	struct log_start start = {from->segment, from->offset, from->lsn, UINT64_MAX - 1};
	int error = log_scan_begin(&scan, e->volumes_fd, &start, false);
	if (error)
		return error;
	while (error == 0) {
		error = log_scan_next(&scan, &r);
		if (error >= 0 && r.lsn > from->lsn)
			error = embedded_apply(e, buf_view(&scan.redo));
		if (error == -EBADMSG)
			error = 0;
	}
	log_scan_done(&scan);
	return error == -ENOENT ? 0 : error;
}

int embedded_salvage(struct embedded *e, uint64_t *last_lsn)
{
	struct index old = {0};
	struct index_reader reader = {.index = &old};
	struct index_position position = {0};
	struct overlay o = {.e = e};
	if (!e->may_read_old)
		return 0;
	int error = file_replace(e->folder_fd, bad_index_name, without_old);
	if (error == 0)
		error = open_named(e, old_name, &old);
	if (error == 0)
		error = index_reader_begin(&reader);
	if (error == 0) {
		o.all = index_read_position(reader.txn, old.dbi, &position) == 0;
		error = index_begin(&e->index);
	}
	if (error == 0)
		error = index_walk(reader.txn, old.dbi, take_old, &o);
	index_reader_close(&reader);
	index_close(&old);
	log_event(LOG_WARNING, NULL, "index-salvaged", log_u64("entries", o.entries), log_errno(error));
	/* The part of it that could be read is better than nothing. */
	if (error == -EBADMSG || error == -ENOENT)
		error = 0;
	if (error == 0 && o.all) {
		error = apply_from(e, &position);
		*last_lsn = position.lsn > *last_lsn ? position.lsn : *last_lsn;
	}
	return error;
}

/* ---- the rebuild ---- */

/* SALVAGE_IF_DAMAGED when the snapshot is whole or never was, SALVAGE_ALWAYS when it is damaged. */
static int load_snapshot(struct embedded *e, enum salvage *salvage)
{
	int error = snapshot_load(e->folder_fd, &e->index);
	*salvage = SALVAGE_IF_DAMAGED;
	if (error == -ENOENT)
		return 0;
	if (error != -EBADMSG)
		return error;
	log_event(LOG_ERROR, NULL, "snapshot-damaged", log_string("folder", e->folder));
	atomic_fetch_add(&e->damaged_count, 1);
	*salvage = SALVAGE_ALWAYS;
	return open_empty_index(e);
}

static int finish_rebuild(struct embedded *e)
{
	int error;
	if (atomic_load(&e->damaged_count) == 0)
		error = remove_folder(e, old_name);
	else /* whoever looks into the damage may want it */
		error = rename_folder(e, old_name, kept_name);
	if (error == 0 && unlinkat(e->folder_fd, bad_index_name, 0) != 0)
		error = -errno;
	return error;
}

static int rebuild(struct embedded *e)
{
	enum salvage salvage;
	log_event(LOG_ERROR, NULL, "index-rebuild", log_string("folder", e->folder));
	segment_close(&e->log.active);
	atomic_store(&e->damaged_count, 0);
	int error = set_old_aside(e);
	if (error == 0)
		error = open_index(e);
	if (error == 0)
		error = load_snapshot(e, &salvage);
	if (error == 0)
		error = embedded_recover(e, salvage);
	return error ? error : finish_rebuild(e);
}

/*
 * An empty index means a new store, or one whose index was lost; the log alone may no longer tell everything
 * then, and the snapshot does. One that cannot be read leaves it open which of these it is.
 */
static int open_and_recover(struct embedded *e)
{
	struct index_position position;
	int error = open_index(e);
	if (error)
		return error;
	error = index_get_position(&e->index, &position);
	if (error == -ENOENT) {
		uint64_t lsn = 0;
		error = snapshot_lsn(e->folder_fd, &lsn);
		if (error == 0 && lsn > 0)
			error = -EBADMSG;
	}
	return error ? error : embedded_recover(e, SALVAGE_NEVER);
}

static void tell_room(const struct embedded *e)
{
	struct stat st;
	struct statvfs fs;
	char path[64];
	snprintf(path, sizeof path, "%s/data.mdb", old_name);
	uint64_t size = fstatat(e->folder_fd, path, &st, 0) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
	uint64_t unused = fstatvfs(e->folder_fd, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : 0;
	log_event(LOG_ERROR, NULL, "index-not-rebuilt", log_u64("free", unused),
	    log_u64("needed", size + STORE_REBUILD_MARGIN),
	    log_string("do", "make room on this disk: the damaged index is made anew beside the old one"));
}

/* The disk is full: the old index, damaged as it is, serves until there is room for a new one. */
static int put_back(struct embedded *e)
{
	bool there = false;
	tell_room(e);
	segment_close(&e->log.active);
	index_close(&e->index);
	int error = e->may_read_old ? file_exists(e->folder_fd, old_name, &there) : 0;
	if (error == 0 && !there)
		error = -ENOSPC;
	if (error == 0)
		error = rename_folder(e, old_name, index_name);
	if (error)
		return error;
	embedded_give_up_reserve(e);
	/* The mark goes last: an old index that can't serve is set aside again. */
	if (open_and_recover(e) != 0)
		return -ENOSPC;
	e->put_back = true;
	return unlinkat(e->folder_fd, bad_index_name, 0) == 0 ? 0 : -errno;
}

/* *marked, and whether the old index may be looked at. */
static int read_mark(struct embedded *e, bool *marked)
{
	char text[64];
	size_t len = 0;
	e->may_read_old = true;
	*marked = false;
	int fd = file_open_in(e->folder_fd, bad_index_name, O_RDONLY);
	if (fd < 0)
		return fd == -ENOENT ? 0 : file_tell_unreadable(fd, bad_index_name);
	int error = file_read_some(fd, text, sizeof text, 0, &len);
	close(fd);
	if (error)
		return file_tell_unreadable(error, bad_index_name);
	*marked = true;
	e->may_read_old = !view_equal(view_of(text, len), without_old);
	return 0;
}

int embedded_open_state(struct embedded *e)
{
	bool marked;
	index_guard_open(e->folder_fd, bad_index_name);
	snapshot_tidy(e->folder_fd);
	int error = read_mark(e, &marked);
	if (error == 0)
		error = marked ? -EBADMSG : open_and_recover(e);
	if (error != -EBADMSG)
		return error;
	error = marked ? 0 : file_replace(e->folder_fd, bad_index_name, plain);
	if (error == 0)
		error = rebuild(e);
	return error == -ENOSPC ? put_back(e) : error;
}

int store_distrust_index(struct store *s)
{
	return file_replace(embedded_of(s)->folder_fd, bad_index_name, plain);
}

/* The lock of a store that is open (embedded.c), for as long as the mark is made. -EBUSY. */
static int lock_folder(const char *folder, int *lock_fd)
{
	int top = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -errno;
	int fd = file_open_in(top, EMBEDDED_LOCK, O_RDWR | O_CREAT);
	close(top);
	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int error = errno == EWOULDBLOCK ? -EBUSY : -errno;
		close(fd);
		return error;
	}
	*lock_fd = fd;
	return 0;
}

int store_rebuild(const struct store_options *options, uint64_t *damaged)
{
	char path[4096];
	struct store *s;
	struct store_stats found;
	int n = snprintf(path, sizeof path, "%s/" EMBEDDED_PARTITION, options->folder);
	if (n < 0 || (size_t)n >= sizeof path)
		return -ENAMETOOLONG;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Where the folder is in use nothing is marked: else the next start would take long, and nobody knew
	 * why. */
	int lock_fd = -1, error = lock_folder(options->folder, &lock_fd);
	if (error == 0)
		error = file_replace(fd, bad_index_name, plain);
	close(fd);
	if (lock_fd >= 0)
		close(lock_fd);
	if (error == 0)
		error = store_open(options, &s);
	if (error)
		return error;
	store_stats(s, &found);
	*damaged = found.damaged;
	bool old = embedded_of(s)->put_back;
	store_close(s);
	return old ? -ENOSPC : 0;
}
