/* The recorder of trace.h: definitions of the program's own win over the C library's, for shared libraries
 * too. */
/* The names as they are: these two would make others, or inline functions, of them. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE

#include "intercept.h"
#include "trace.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The recorder keeps what it noted until the process ends: to a leak checker that looks like a leak. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}

enum { FDS_MAX = 1024, FILES_MAX = 4096, SECTOR = 512 };

enum kind {
	EVENT_WRITE,
	EVENT_SIZE,
	EVENT_SYNC,
	EVENT_CREATE,
	EVENT_RENAME,
	EVENT_UNLINK,
	EVENT_FOLDER,
	EVENT_SYNC_NAMES
};

struct event {
	enum kind kind;
	unsigned file;
	uint64_t offset, len; /* EVENT_SIZE: offset is the size, len 1 when it only grows */
	size_t since;         /* EVENT_SYNC: where the call began: later changes are not covered */
	bool durable_at_once; /* a write through O_DSYNC */
	char *data, *name, *new_name;
};

static struct {
	pthread_mutex_t lock;
	bool on;
	char folder[PATH_MAX];
	struct event *events;
	size_t count, room;
	struct {
		unsigned file; /* 0: not ours */
		bool sync_writes, is_folder;
	} fds[FDS_MAX];
	struct {
		char *name; /* NULL: unlinked */
	} files[FILES_MAX];
	unsigned file_count;
	unsigned fail_countdown[2];
	int fail_error[2];
} trace = {.lock = PTHREAD_MUTEX_INITIALIZER, .file_count = 1};

static void note(struct event e)
{
	if (trace.count == trace.room) {
		trace.room = trace.room ? trace.room * 2 : 4096;
		trace.events = realloc(trace.events, trace.room * sizeof *trace.events);
	}
	trace.events[trace.count++] = e;
}

/* The part of a path below our folder; NULL when it is elsewhere. */
static const char *below(const char *path)
{
	size_t n = strlen(trace.folder);
	if (!trace.on || strncmp(path, trace.folder, n) != 0 || (path[n] != '/' && path[n] != '\0'))
		return NULL;
	return path[n] ? path + n + 1 : path + n;
}

static bool full_path(int at, const char *path, char out[PATH_MAX])
{
	char link[64], base[PATH_MAX];
	if (path[0] == '/')
		return snprintf(out, PATH_MAX, "%s", path) < PATH_MAX;
	if (at == AT_FDCWD) {
		if (getcwd(base, sizeof base) == NULL)
			return false;
	} else {
		snprintf(link, sizeof link, "/proc/self/fd/%d", at);
		ssize_t n = readlink(link, base, sizeof base - 1);
		if (n < 0)
			return false;
		base[n] = '\0';
	}
	if (strcmp(path, ".") == 0)
		return snprintf(out, PATH_MAX, "%s", base) < PATH_MAX;
	return snprintf(out, PATH_MAX, "%.*s/%.*s", 2000, base, 2000, path) < PATH_MAX;
}

static unsigned find_file(const char *name)
{
	for (unsigned i = 1; i < trace.file_count; i++)
		if (trace.files[i].name && strcmp(trace.files[i].name, name) == 0)
			return i;
	return 0;
}

static unsigned new_file(const char *name)
{
	assert(trace.file_count < FILES_MAX);
	trace.files[trace.file_count].name = strdup(name);
	return trace.file_count++;
}

int intercepted_open(int at, const char *path, int flags, mode_t mode)
{
	char full[PATH_MAX];
	struct stat st;
	int (*real)(int, const char *, int, ...) = REAL("openat", int (*)(int, const char *, int, ...));
	pthread_mutex_lock(&trace.lock);
	const char *name = trace.on && full_path(at, path, full) ? below(full) : NULL;
	bool existed = name && lstat(full, &st) == 0;
	int fd = real(at, path, flags, mode);
	if (fd >= 0 && fd < FDS_MAX)
		trace.fds[fd].file = 0;
	if (fd >= 0 && name && strstr(name, "lock.mdb") == NULL && fstat(fd, &st) == 0) {
		assert(fd < FDS_MAX);
		unsigned file = find_file(name);
		if (file == 0)
			file = new_file(name);
		if (!existed)
			note((struct event){.kind = EVENT_CREATE, .file = file, .name = strdup(name)});
		else if (flags & O_TRUNC)
			note((struct event){.kind = EVENT_SIZE, .file = file});
		trace.fds[fd].file = file;
		trace.fds[fd].is_folder = S_ISDIR(st.st_mode);
		trace.fds[fd].sync_writes = (flags & O_DSYNC) != 0;
	}
	pthread_mutex_unlock(&trace.lock);
	return fd;
}

static bool is_ours(int fd)
{
	return trace.on && fd >= 0 && fd < FDS_MAX && trace.fds[fd].file != 0;
}

static bool fault_now(int fd, enum trace_call call)
{
	if (!is_ours(fd) || trace.fail_countdown[call] == 0 || --trace.fail_countdown[call] != 0)
		return false;
	errno = trace.fail_error[call];
	return true;
}

/* Noted before it happens: a sync on another thread that begins later covers it. */
static bool note_write(int fd, const void *data, size_t len, off_t offset)
{
	pthread_mutex_lock(&trace.lock);
	bool fail = fault_now(fd, TRACE_WRITE);
	if (is_ours(fd) && !fail) {
		char *copy = malloc(len ? len : 1);
		memcpy(copy, data, len);
		note((struct event){.kind = EVENT_WRITE,
		    .file = trace.fds[fd].file,
		    .offset = (uint64_t)offset,
		    .len = len,
		    .data = copy,
		    .durable_at_once = trace.fds[fd].sync_writes});
	}
	pthread_mutex_unlock(&trace.lock);
	return !fail;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
	if (!note_write(fd, data, len, offset))
		return -1;
	return REAL("pwrite", ssize_t(*)(int, const void *, size_t, off_t))(fd, data, len, offset);
}

ssize_t write(int fd, const void *data, size_t len)
{
	if (is_ours(fd) && !note_write(fd, data, len, lseek(fd, 0, SEEK_CUR)))
		return -1;
	return REAL("write", ssize_t(*)(int, const void *, size_t))(fd, data, len);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	off_t at = offset;
	for (int i = 0; i < count; i++) {
		if (!note_write(fd, parts[i].iov_base, parts[i].iov_len, at))
			return -1;
		at += (off_t)parts[i].iov_len;
	}
	return REAL("pwritev", ssize_t(*)(int, const struct iovec *, int, off_t))(fd, parts, count, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	off_t at = is_ours(fd) ? lseek(fd, 0, SEEK_CUR) : 0;
	for (int i = 0; i < count && is_ours(fd); i++) {
		if (!note_write(fd, parts[i].iov_base, parts[i].iov_len, at))
			return -1;
		at += (off_t)parts[i].iov_len;
	}
	return REAL("writev", ssize_t(*)(int, const struct iovec *, int))(fd, parts, count);
}

static int sync_noted(int fd, const char *call)
{
	pthread_mutex_lock(&trace.lock);
	bool ours = is_ours(fd), fail = fault_now(fd, TRACE_SYNC);
	size_t since = trace.count;
	unsigned file = ours ? trace.fds[fd].file : 0;
	bool folder = ours && trace.fds[fd].is_folder;
	pthread_mutex_unlock(&trace.lock);
	if (fail)
		return -1;
	int result = REAL(call, int (*)(int))(fd);
	pthread_mutex_lock(&trace.lock);
	if (ours && result == 0)
		note((struct event){
		    .kind = folder ? EVENT_SYNC_NAMES : EVENT_SYNC, .file = file, .since = since});
	pthread_mutex_unlock(&trace.lock);
	return result;
}

int fdatasync(int fd)
{
	return sync_noted(fd, "fdatasync");
}

int fsync(int fd)
{
	return sync_noted(fd, "fsync");
}

static void note_size(int fd, uint64_t size, bool grows)
{
	pthread_mutex_lock(&trace.lock);
	if (is_ours(fd))
		note((struct event){
		    .kind = EVENT_SIZE, .file = trace.fds[fd].file, .offset = size, .len = grows});
	pthread_mutex_unlock(&trace.lock);
}

int ftruncate(int fd, off_t size)
{
	note_size(fd, (uint64_t)size, false);
	return REAL("ftruncate", int (*)(int, off_t))(fd, size);
}

int ftruncate64(int fd, off_t size)
{
	return ftruncate(fd, size);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
	note_size(fd, (uint64_t)(offset + len), true);
	return REAL("fallocate", int (*)(int, int, off_t, off_t))(fd, mode, offset, len);
}

static const char *noted_name(int at, const char *path, char full[PATH_MAX])
{
	return trace.on && full_path(at, path, full) ? below(full) : NULL;
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	char from_full[PATH_MAX], to_full[PATH_MAX];
	pthread_mutex_lock(&trace.lock);
	const char *name = noted_name(from_at, from, from_full), *new_name = noted_name(to_at, to, to_full);
	int result =
	    REAL("renameat", int (*)(int, const char *, int, const char *))(from_at, from, to_at, to);
	unsigned file = name ? find_file(name) : 0;
	if (result == 0 && file && new_name) {
		unsigned old = find_file(new_name);
		if (old)
			trace.files[old].name = NULL;
		trace.files[file].name = strdup(new_name);
		note((struct event){
		    .kind = EVENT_RENAME, .file = file, .name = strdup(name), .new_name = strdup(new_name)});
	}
	pthread_mutex_unlock(&trace.lock);
	return result;
}

int unlinkat(int at, const char *path, int flags)
{
	char full[PATH_MAX];
	pthread_mutex_lock(&trace.lock);
	const char *name = noted_name(at, path, full);
	int result = REAL("unlinkat", int (*)(int, const char *, int))(at, path, flags);
	unsigned file = name ? find_file(name) : 0;
	if (result == 0 && file) {
		trace.files[file].name = NULL;
		note((struct event){.kind = EVENT_UNLINK, .file = file, .name = strdup(name)});
	}
	pthread_mutex_unlock(&trace.lock);
	return result;
}

int mkdirat(int at, const char *path, mode_t mode)
{
	char full[PATH_MAX];
	pthread_mutex_lock(&trace.lock);
	const char *name = noted_name(at, path, full);
	int result = REAL("mkdirat", int (*)(int, const char *, mode_t))(at, path, mode);
	if (result == 0 && name) {
		new_file(name);
		note(
		    (struct event){.kind = EVENT_FOLDER, .file = trace.file_count - 1, .name = strdup(name)});
	}
	pthread_mutex_unlock(&trace.lock);
	return result;
}

void trace_start(const char *folder)
{
	snprintf(trace.folder, sizeof trace.folder, "%s", folder);
	trace.on = true;
}

void trace_stop(void)
{
	pthread_mutex_lock(&trace.lock);
	trace.on = false;
	pthread_mutex_unlock(&trace.lock);
}

size_t trace_now(void)
{
	pthread_mutex_lock(&trace.lock);
	size_t now = trace.count;
	pthread_mutex_unlock(&trace.lock);
	return now;
}

void trace_fail(enum trace_call call, unsigned n, int error)
{
	pthread_mutex_lock(&trace.lock);
	trace.fail_countdown[call] = n;
	trace.fail_error[call] = error;
	pthread_mutex_unlock(&trace.lock);
}

/* Building images. */

struct content {
	char *data;
	uint64_t size, room;
	size_t synced; /* events before this one are durable */
};

static uint32_t chance;

static bool coin(unsigned of)
{
	chance = chance * 1664525 + 1013904223;
	return (chance >> 8) % of == 0;
}

static void grow(struct content *c, uint64_t size)
{
	if (size > c->room) {
		uint64_t room = size * 2;
		c->data = realloc(c->data, room);
		memset(c->data + c->room, 0, room - c->room);
		c->room = room;
	}
	if (size > c->size)
		c->size = size;
}

static void apply(struct content *c, const struct event *e, bool whole, unsigned odds)
{
	if (e->kind == EVENT_SIZE) {
		if (e->len && e->offset <= c->size)
			return;
		if (e->offset < c->size)
			memset(c->data + e->offset, 0, c->size - e->offset);
		grow(c, e->offset);
		c->size = e->offset;
		return;
	}
	/* Sector by sector, as the places on the disk have it. */
	for (uint64_t at = 0; at < e->len;) {
		uint64_t n = SECTOR - (e->offset + at) % SECTOR;
		if (n > e->len - at)
			n = e->len - at;
		if (whole || !coin(odds)) {
			grow(c, e->offset + at + n);
			memcpy(c->data + e->offset + at, e->data + at, n);
		}
		at += n;
	}
}

static void find_syncs(struct content *contents, size_t *names_synced, size_t moment)
{
	for (size_t i = 0; i < moment; i++) {
		const struct event *e = &trace.events[i];
		if (e->kind == EVENT_SYNC && e->since > contents[e->file].synced)
			contents[e->file].synced = e->since;
		if (e->kind == EVENT_SYNC_NAMES && e->since > *names_synced)
			*names_synced = e->since;
	}
}

static void apply_contents(struct content *contents, size_t moment)
{
	/* Of what was not synced: nothing, all, or by sectors. */
	unsigned mode = chance % 3;
	for (size_t i = 0; i < moment; i++) {
		const struct event *e = &trace.events[i];
		if (e->kind != EVENT_WRITE && e->kind != EVENT_SIZE)
			continue;
		bool durable = i < contents[e->file].synced || e->durable_at_once;
		if (durable || mode == 1)
			apply(&contents[e->file], e, true, 1);
		else if (mode == 2 && (e->kind != EVENT_SIZE || coin(2)))
			apply(&contents[e->file], e, e->kind == EVENT_SIZE, coin(2) ? 2 : 8);
	}
}

static void apply_name(char **names, const struct event *e)
{
	if (e->kind == EVENT_CREATE || e->kind == EVENT_FOLDER)
		names[e->file] = e->name;
	else if (e->kind == EVENT_UNLINK)
		names[e->file] = NULL;
	else if (e->kind == EVENT_RENAME) {
		for (unsigned f = 1; f < trace.file_count; f++)
			if (names[f] && strcmp(names[f], e->new_name) == 0)
				names[f] = NULL;
		names[e->file] = e->new_name;
	}
}

static void write_file(const char *folder, const char *name, const struct content *c)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	assert(fd >= 0);
	if (c->size) {
		ssize_t n = pwrite(fd, c->data, c->size, 0);
		assert(n == (ssize_t)c->size);
	}
	close(fd);
}

void trace_image(const char *folder, size_t moment, uint32_t seed)
{
	struct content *contents = calloc(trace.file_count, sizeof *contents);
	char **names = calloc(trace.file_count, sizeof *names), path[PATH_MAX];
	size_t names_synced = 0;
	assert(!trace.on);
	chance = seed * 2654435761u;
	coin(2);
	find_syncs(contents, &names_synced, moment);
	apply_contents(contents, moment);
	size_t names_until = names_synced;
	if (moment > names_synced)
		names_until += coin(2) ? moment - names_synced : chance % (moment - names_synced + 1);
	mkdir(folder, 0700);
	for (size_t i = 0; i < names_until; i++) {
		apply_name(names, &trace.events[i]);
		if (trace.events[i].kind == EVENT_FOLDER) {
			snprintf(path, sizeof path, "%s/%s", folder, trace.events[i].name);
			mkdir(path, 0700);
		}
	}
	for (unsigned f = 1; f < trace.file_count; f++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[f] ? names[f] : "");
		struct stat st;
		if (names[f] && !(stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
			write_file(folder, names[f], &contents[f]);
		free(contents[f].data);
	}
	free(contents);
	free(names);
}
