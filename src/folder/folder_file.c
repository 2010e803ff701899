/* Files: opened so that nobody can lead us elsewhere, read whole, replaced in one step. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "folder/folder_private.h"

enum { NAMES_MAX = 1024 * 1024 * 1024, PIECE = 256 * 1024 };

int folder_open_file(int folder, const char *name, uint64_t *size, int64_t *at)
{
	struct stat st;
	/* Not to be held up by a FIFO. */
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = fstat(fd, &st) != 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;
	if (error) {
		close(fd);
		return error;
	}
	if (size)
		*size = (uint64_t)st.st_size;
	if (at)
		*at = st.st_mtime;
	return fd;
}

int folder_open_folder(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int folder_open_below(int root, struct view location, bool is_folder)
{
	char name[NAME_MAX + 1];
	struct view level;
	int fd = fcntl(root, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	while (fd >= 0 && location.len && view_next(&location, '/', &level)) {
		int above = fd;
		if (level.len > NAME_MAX) {
			fd = -ENAMETOOLONG;
		} else {
			snprintf(name, sizeof name, "%.*s", VIEW_FMT(level));
			fd = location.len || is_folder ? folder_open_folder(above, name)
			                               : folder_open_file(above, name, NULL, NULL);
		}
		close(above);
	}
	return fd;
}

int folder_read_all(int fd, size_t max, struct buf *out)
{
	size_t before = out->len;
	for (;;) {
		char *room = buf_reserve(out, PIECE);
		if (room == NULL)
			return -EFBIG;
		ssize_t n = read(fd, room, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		buf_commit(out, (size_t)n);
		if (out->len - before > max)
			return -EFBIG;
	}
}

int folder_read_file(int folder, const char *name, size_t max, struct buf *out)
{
	int fd = folder_open_file(folder, name, NULL, NULL);
	if (fd < 0)
		return fd;
	int error = folder_read_all(fd, max, out);
	close(fd);
	return error;
}

int folder_write_all(int fd, struct view bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.data, bytes.len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			bytes = view_skip(bytes, (size_t)n);
	}
	return 0;
}

int folder_replace(int folder, const char *name, struct view content)
{
	char fresh[NAME_MAX + 8];
	snprintf(fresh, sizeof fresh, "%s.new", name);
	int fd = openat(folder, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int error = folder_write_all(fd, content);
	if (error == 0 && fsync(fd) != 0)
		error = -errno;
	close(fd);
	if (error == 0 && renameat(folder, fresh, folder, name) != 0)
		error = -errno;
	if (error)
		unlinkat(folder, fresh, 0);
	else if (fsync(folder) != 0)
		error = -errno;
	return error;
}

int folder_make_parents(int root, struct view path, struct buf *last)
{
	struct view level;
	struct buf name;
	int fd = fcntl(root, F_DUPFD_CLOEXEC, 0), error = fd < 0 ? -errno : 0;
	buf_init(&name, NAME_MAX);
	while (error == 0 && view_next(&path, '/', &level)) {
		if (path.data == NULL) {
			error = folder_level_to_file(last, level);
			break;
		}
		buf_clear(&name);
		error = folder_level_to_file(&name, level);
		if (error == 0 && mkdirat(fd, buf_string(&name), 0700) != 0 && errno != EEXIST)
			error = -errno;
		int below = error ? error : folder_open_folder(fd, buf_string(&name));
		if (below < 0) {
			error = below;
		} else {
			close(fd);
			fd = below;
		}
	}
	buf_done(&name);
	if (error && fd >= 0)
		close(fd);
	return error ? error : fd;
}

/* ---- names ---- */

static int compare_names(const void *a, const void *b)
{
	return view_compare(*(const struct view *)a, *(const struct view *)b);
}

static bool add_name(struct folder_names *names, const char *name)
{
	if (names->count == names->room) {
		size_t room = names->room ? 2 * names->room : 256;
		struct view *items = mem_try_resize(names->items, room * sizeof *items);
		if (items == NULL)
			return false;
		names->items = items;
		names->room = room;
	}
	if (!arena_copy(&names->arena, view_from_string(name), &names->items[names->count]))
		return false;
	names->count++;
	return true;
}

int folder_names_read(int folder, bool hidden, struct folder_names *names)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;
	if (fd < 0)
		return -errno;
	DIR *dir = fdopendir(fd);
	if (dir == NULL) {
		error = -errno;
		close(fd);
		return error;
	}
	*names = (struct folder_names){.count = 0};
	arena_init(&names->arena, NAMES_MAX);
	while (error == 0) {
		errno = 0;
		const struct dirent *entry = readdir(dir);
		if (entry == NULL) {
			error = -errno;
			break;
		}
		bool itself = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
		if (!itself && (hidden || entry->d_name[0] != '.') && !add_name(names, entry->d_name))
			error = -ENOMEM;
	}
	closedir(dir);
	if (error)
		folder_names_done(names);
	else if (names->count)
		qsort(names->items, names->count, sizeof *names->items, compare_names);
	return error;
}

void folder_names_done(struct folder_names *names)
{
	mem_free(names->items);
	arena_done(&names->arena);
	*names = (struct folder_names){.count = 0};
}
