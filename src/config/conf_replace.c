/* See conf_replace.h. */
#include "config/conf_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_whole(int fd, struct view text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.data, text.len);
		if (n < 0)
			return errno;
		text = view_skip(text, (size_t)n);
	}
	return fsync(fd) == 0 ? 0 : errno;
}

static void sync_folder(const char *path)
{
	char folder[PATH_MAX];
	snprintf(folder, sizeof folder, "%s", path);
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

static int keep_owner(int fd, const struct stat *seen)
{
	if (seen == NULL)
		return fchmod(fd, CONF_NEW_MODE) == 0 ? 0 : errno;
	if (fchown(fd, seen->st_uid, seen->st_gid) != 0 && geteuid() == 0)
		return errno;
	return fchmod(fd, seen->st_mode & 07777) == 0 ? 0 : errno;
}

/* An editor knows nothing of our locks. */
static int still_as_seen(const char *path, const struct stat *seen)
{
	struct stat st;
	if (seen == NULL)
		return 0;
	bool same = stat(path, &st) == 0 && st.st_ino == seen->st_ino && st.st_size == seen->st_size &&
	            st.st_mtim.tv_sec == seen->st_mtim.tv_sec && st.st_mtim.tv_nsec == seen->st_mtim.tv_nsec;
	return same ? 0 : EBUSY;
}

/* A new file must not take the place of one that somebody has made meanwhile. */
static int give_name(const char *fresh, const char *path, bool is_new)
{
	if (!is_new)
		return rename(fresh, path) == 0 ? 0 : errno;
	if (link(fresh, path) != 0)
		return errno;
	unlink(fresh);
	return 0;
}

int conf_replace(const char *name, struct view text, const struct stat *seen)
{
	char path[PATH_MAX], fresh[PATH_MAX + 16];
	if (seen && realpath(name, path) == NULL)
		return errno;
	if (seen == NULL && (size_t)snprintf(path, sizeof path, "%s", name) >= sizeof path)
		return ENAMETOOLONG;
	snprintf(fresh, sizeof fresh, "%s.XXXXXX", path);
	int fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return errno;
	int error = write_whole(fd, text);
	if (error == 0)
		error = keep_owner(fd, seen);
	close(fd);
	if (error == 0)
		error = still_as_seen(path, seen);
	if (error == 0)
		error = give_name(fresh, path, seen == NULL);
	if (error)
		unlink(fresh);
	else
		sync_folder(path);
	return error;
}
