/* The faults of faults.h: definitions of the program's own win over the C library's, for shared libraries
 * too. */
/* The names as they are: these two would make others, or inline functions, of them. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE

#include "faults.h"
#include "intercept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
	pthread_mutex_t lock;
	bool on;
	enum fault_call call;
	unsigned left; /* calls that still succeed */
	int times, error;
	unsigned failed;
	char folder[PATH_MAX];
} faults = {.lock = PTHREAD_MUTEX_INITIALIZER};

void faults_start(const char *folder, enum fault_call call, unsigned n, int times, int error)
{
	pthread_mutex_lock(&faults.lock);
	snprintf(faults.folder, sizeof faults.folder, "%s", folder);
	faults.call = call;
	faults.left = n - 1;
	faults.times = times;
	faults.error = error;
	faults.failed = 0;
	faults.on = true;
	pthread_mutex_unlock(&faults.lock);
}

unsigned faults_stop(void)
{
	pthread_mutex_lock(&faults.lock);
	faults.on = false;
	unsigned failed = faults.failed;
	pthread_mutex_unlock(&faults.lock);
	return failed;
}

static bool is_below(int fd, const char *path)
{
	char link[64], name[PATH_MAX];
	size_t n = strlen(faults.folder);
	if (path && path[0] == '/')
		return strncmp(path, faults.folder, n) == 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, name, sizeof name - 1);
	return len >= (ssize_t)n && strncmp(name, faults.folder, n) == 0;
}

/* Is it this call's turn? Sets errno. */
static bool fails(enum fault_call call, int fd, const char *path)
{
	if (!faults.on || call != faults.call)
		return false;
	pthread_mutex_lock(&faults.lock);
	bool hit = faults.on && is_below(fd, path);
	if (hit && faults.left > 0) {
		faults.left--;
		hit = false;
	}
	if (hit && faults.times == 0)
		hit = false;
	if (hit) {
		faults.failed++;
		faults.times -= faults.times > 0;
	}
	int error = faults.error;
	pthread_mutex_unlock(&faults.lock);
	if (hit)
		errno = error;
	return hit;
}

ssize_t pread(int fd, void *out, size_t len, off_t offset)
{
	if (fails(FAULT_READ, fd, NULL))
		return -1;
	return REAL("pread", ssize_t(*)(int, void *, size_t, off_t))(fd, out, len, offset);
}

ssize_t pread64(int fd, void *out, size_t len, off_t offset)
{
	return pread(fd, out, len, offset);
}

ssize_t preadv2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
	if (fails(FAULT_READ, fd, NULL))
		return -1;
	return REAL("preadv2", ssize_t(*)(int, const struct iovec *, int, off_t, int))(
	    fd, parts, count, offset, flags);
}

ssize_t preadv64v2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
	return preadv2(fd, parts, count, offset, flags);
}

struct dirent *readdir(DIR *folder)
{
	if (fails(FAULT_READ, dirfd(folder), NULL))
		return NULL;
	return REAL("readdir", struct dirent * (*)(DIR *))(folder);
}

struct dirent64 *readdir64(DIR *folder)
{
	if (fails(FAULT_READ, dirfd(folder), NULL))
		return NULL;
	return REAL("readdir64", struct dirent64 * (*)(DIR *))(folder);
}

int intercepted_open(int at, const char *path, int flags, mode_t mode)
{
	bool writes = (flags & O_CREAT) || (flags & O_ACCMODE) == O_WRONLY;
	if (fails(writes ? FAULT_WRITE : FAULT_READ, at, path))
		return -1;
	return REAL("openat", int (*)(int, const char *, int, ...))(at, path, flags, mode);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
	if (fails(FAULT_WRITE, fd, NULL))
		return -1;
	return REAL("pwrite", ssize_t(*)(int, const void *, size_t, off_t))(fd, data, len, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	if (fails(FAULT_WRITE, fd, NULL))
		return -1;
	return REAL("pwritev", ssize_t(*)(int, const struct iovec *, int, off_t))(fd, parts, count, offset);
}

ssize_t write(int fd, const void *data, size_t len)
{
	if (fails(FAULT_WRITE, fd, NULL))
		return -1;
	return REAL("write", ssize_t(*)(int, const void *, size_t))(fd, data, len);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
	if (fails(FAULT_WRITE, fd, NULL))
		return -1;
	return REAL("fallocate", int (*)(int, int, off_t, off_t))(fd, mode, offset, len);
}

int fdatasync(int fd)
{
	if (fails(FAULT_SYNC, fd, NULL))
		return -1;
	return REAL("fdatasync", int (*)(int))(fd);
}

int fsync(int fd)
{
	if (fails(FAULT_SYNC, fd, NULL))
		return -1;
	return REAL("fsync", int (*)(int))(fd);
}
