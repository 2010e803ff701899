/* The file calls of file.h. */
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

int file_write_at(int fd, struct view bytes, uint64_t offset)
{
	while (bytes.len > 0) {
		ssize_t n = pwrite(fd, bytes.data, bytes.len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes = view_skip(bytes, (size_t)n);
		offset += (uint64_t)n;
	}
	return 0;
}

bool file_is_unreadable(int error)
{
	return error < 0 && error != -EBADMSG && error != -ENOENT && error != -ENODATA;
}

int file_error(int number)
{
	return number == EBADMSG || number == ENODATA || number == EPROTO ? -EIO : -number;
}

int file_tell_unreadable(int error, const char *what)
{
	if (file_is_unreadable(error))
		log_event(LOG_ERROR, NULL, "file-unreadable", log_string("file", what), log_errno(error));
	return error;
}

int file_read_some(int fd, void *out, size_t len, uint64_t offset, size_t *got)
{
	char *to = out;
	size_t have = 0;
	while (have < len) {
		ssize_t n = pread(fd, to + have, len - have, (off_t)(offset + have));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ENOENT ? -EIO : file_error(errno);
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*got = have;
	return 0;
}

int file_read_at(int fd, void *out, size_t len, uint64_t offset)
{
	size_t got;
	int error = file_read_some(fd, out, len, offset, &got);
	return error ? error : got < len ? -ENODATA : 0;
}

int file_is_clear(int fd, uint64_t from, uint64_t to, bool *clear)
{
	static const char zeros[16 << 10];
	char bytes[sizeof zeros];
	size_t got = 0;
	*clear = true;
	for (uint64_t at = from; at < to && *clear; at += got) {
		size_t n = to - at < sizeof bytes ? (size_t)(to - at) : sizeof bytes;
		int error = file_read_some(fd, bytes, n, at, &got);
		if (error)
			return error;
		*clear = memcmp(bytes, zeros, got) == 0;
		if (got < n)
			break;
	}
	return 0;
}

int file_exists(int folder_fd, const char *name, bool *exists)
{
	bool there = faccessat(folder_fd, name, F_OK, 0) == 0;
	if (!there && errno != ENOENT)
		return file_error(errno);
	*exists = there;
	return 0;
}

int file_sync(int fd)
{
	return fdatasync(fd) == 0 ? 0 : -errno;
}

int file_size(int fd, uint64_t *size)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return file_error(errno);
	*size = (uint64_t)st.st_size;
	return 0;
}

int file_reserve(int fd, uint64_t size)
{
	/* fallocate, not posix_fallocate: where a file system lacks it, writing is the only way to know. */
	while (fallocate(fd, 0, 0, (off_t)size) != 0) {
		if (errno == EOPNOTSUPP)
			return ftruncate(fd, (off_t)size) == 0 ? 0 : -errno;
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int file_zero(int fd, uint64_t offset, uint64_t len)
{
	/* Aligned for descriptors that bypass the page cache. */
	static _Alignas(4096) char zeros[256 << 10];
	while (len > 0) {
		size_t n = len < sizeof zeros ? (size_t)len : sizeof zeros;
		int error = file_write_at(fd, view_of(zeros, n), offset);
		if (error)
			return error;
		offset += n;
		len -= n;
	}
	return 0;
}

int file_open_in(int folder_fd, const char *name, int flags)
{
	int fd = openat(folder_fd, name, flags | O_CLOEXEC, 0600);
	return fd < 0 ? file_error(errno) : fd;
}

int folder_open_in(int folder_fd, const char *name)
{
	if (mkdirat(folder_fd, name, 0700) == 0) {
		if (folder_fd >= 0 && fsync(folder_fd) != 0)
			return -errno;
	} else if (errno != EEXIST) {
		return -errno;
	}
	int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? file_error(errno) : fd;
}

int file_replace(int folder_fd, const char *name, struct view content)
{
	char temporary[64];
	snprintf(temporary, sizeof temporary, "%s.new", name);
	int fd = file_open_in(folder_fd, temporary, O_RDWR | O_CREAT | O_TRUNC);
	if (fd < 0)
		return fd;
	int error = file_write_at(fd, content, 0);
	if (error == 0)
		error = file_sync(fd);
	close(fd);
	if (error == 0 && renameat(folder_fd, temporary, folder_fd, name) != 0)
		error = -errno;
	if (error == 0 && fsync(folder_fd) != 0)
		error = -errno;
	return error;
}
