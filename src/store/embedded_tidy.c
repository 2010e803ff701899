/*
 * After recovery: what in the folder of volumes does the store not know? A crash leaves bodies whose upload
 * died, files that compaction had copied, and copies that no commit names; they are removed. But where part
 * of the log was damaged, what nobody names may be exactly what the damaged part named: such files are set
 * aside and not removed. A kept file that is bad stays so at each start: only files from before that was
 * known are set aside for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/embedded.h"
#include "store/file.h"
#include "store/log_scan.h"

static const char aside_name[] = "aside", kept_index_name[] = "index-kept";

/* A sum over the kept files that were bad, and the number of the first file that came after this was known.
 */
static const char until_name[] = "aside-until";

struct tidying {
	struct embedded *e;
	bool doubtful;  /* part of the log was lost: of any file */
	uint32_t until; /* of files below this number */
	bool any_bad;
	uint32_t bad_sum;
};

static int set_aside(struct embedded *e, const char *name)
{
	int folder = folder_open_in(e->folder_fd, aside_name);
	if (folder < 0)
		return folder;
	int error = renameat(e->volumes_fd, name, folder, name) == 0 ? 0 : -errno;
	close(folder);
	if (error == 0)
		log_record(LOG_WARNING, NULL, "volume-set-aside", log_string("file", name));
	return error;
}

static int drop(const struct tidying *t, enum segment_kind kind, uint32_t id)
{
	char name[SEGMENT_NAME_SIZE];
	segment_name(name, kind, id);
	if (t->doubtful || id < t->until)
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
		error = index_get(e->index.writing, e->index.dbi, 0,
		    index_volume_key(key, INDEX_BODY_KEY, files[i]), &value);
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
	t->any_bad = true;
	t->bad_sum = crc32c_more(crc32c_more(t->bad_sum, key), value);
	log_record(
	    LOG_ERROR, NULL, "kept-file-bad", log_u64("file", kept), log_u64("for", old), log_errno(error));
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

static bool read_until(const struct embedded *e, uint32_t bad_sum, uint32_t *until)
{
	char text[64];
	size_t len = 0;
	struct view line, word;
	uint64_t sum, number;
	int fd = file_open_in(e->folder_fd, until_name, O_RDONLY);
	int error = fd < 0 ? fd : file_read_some(fd, text, sizeof text, 0, &len);
	if (fd >= 0)
		close(fd);
	line = view_of(text, len);
	if (error || !view_next(&line, ' ', &word) || !view_to_u64(word, UINT32_MAX, &sum) ||
	    sum != bad_sum || !view_next(&line, '\n', &word) || !view_to_u64(word, UINT32_MAX, &number))
		return false;
	*until = (uint32_t)number;
	return true;
}

/* Where it can't be written, files are set aside once more than needed. */
static void find_until(struct tidying *t)
{
	struct embedded *e = t->e;
	char text[64];
	if (!t->any_bad || read_until(e, t->bad_sum, &t->until))
		return;
	t->until = atomic_load(&e->next_segment);
	int n = snprintf(text, sizeof text, "%u %u\n", t->bad_sum, t->until);
	int error = file_replace(e->folder_fd, until_name, view_of(text, (size_t)n));
	if (error)
		log_event(LOG_WARNING, NULL, "aside-until-not-kept", log_errno(error));
}

static int count_folder(const struct embedded *e, const char *folder, uint64_t *files, uint64_t *bytes)
{
	struct stat st;
	int fd = openat(e->folder_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	DIR *dir = fdopendir(fd);
	if (dir == NULL) {
		int error = -errno;
		close(fd);
		return error;
	}
	errno = 0;
	for (const struct dirent *d; (d = readdir(dir)) != NULL; errno = 0)
		if (fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
			++*files;
			*bytes += (uint64_t)st.st_size;
		}
	int error = -errno;
	closedir(dir);
	return error;
}

int embedded_count_aside(const struct embedded *e, uint64_t *files, uint64_t *bytes)
{
	*files = *bytes = 0;
	int error = count_folder(e, aside_name, files, bytes),
	    second = count_folder(e, kept_index_name, files, bytes);
	return error ? error : second;
}

int embedded_tidy_volumes(struct embedded *e, uint32_t oldest_body, bool doubtful)
{
	char from[INDEX_VOLUME_KEY_SIZE], to[INDEX_VOLUME_KEY_SIZE];
	struct tidying t = {.e = e, .doubtful = doubtful};
	struct txn_range range = {
	    .from = index_volume_key(from, INDEX_MOVED_KEY, 0),
	    .to = index_volume_key(to, INDEX_MOVED_KEY, UINT32_MAX),
	};
	int error = index_range(e->index.writing, e->index.dbi, &range, remember_moved, &t);
	if (error)
		return error;
	find_until(&t);
	error = drop_unnamed_kept(&t);
	return error ? error : drop_unnamed_bodies(&t, oldest_body);
}
