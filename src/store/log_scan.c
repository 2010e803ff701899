/* The scan of log_scan.h. */
#include "store/log_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/file.h"

static int compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

int segment_list(int folder_fd, enum segment_kind kind, uint32_t from, uint32_t **files, size_t *count)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	if (folder == NULL) {
		int error = -errno;
		if (fd >= 0)
			close(fd);
		return error;
	}
	uint32_t *list = NULL;
	size_t n = 0, room = 0;
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		enum segment_kind its_kind;
		uint32_t id;
		if (!segment_parse_name(entry->d_name, &its_kind, &id) || its_kind != kind || id < from)
			continue;
		if (n == room) {
			room = room ? room * 2 : 64;
			list = mem_resize(list, room * sizeof *list);
		}
		list[n++] = id;
	}
	closedir(folder);
	if (n)
		qsort(list, n, sizeof *list, compare_ids);
	*files = list;
	*count = n;
	return 0;
}

static int open_file(int folder_fd, uint32_t id, struct segment *s)
{
	char name[SEGMENT_NAME_SIZE];
	segment_name(name, SEGMENT_LOG, id);
	return segment_open(s, folder_fd, name, O_RDWR);
}

static void report(struct log_scan *scan, const char *what)
{
	scan->damaged++;
	log_event(LOG_ERROR, NULL, "log_damaged", log_string("what", what), log_u64("file", scan->files[scan->at]),
		  log_u64("position", scan->position));
}

/* Where the file after the current one begins; files whose header is unreadable are passed over. */
static void look_ahead(struct log_scan *scan)
{
	struct segment next;
	scan->next_first = UINT64_MAX;
	for (size_t i = scan->at + 1; i < scan->count && scan->next_first == UINT64_MAX; i++)
		if (open_file(scan->folder_fd, scan->files[i], &next) == 0) {
			scan->next_first = next.first_lsn;
			segment_close(&next);
		}
}

/* Opens the first readable file from scan->at on; -ENOENT when there is none, and the last one stays open. */
static int enter_file(struct log_scan *scan)
{
	for (; scan->at < scan->count; scan->at++) {
		struct segment s;
		int error = open_file(scan->folder_fd, scan->files[scan->at], &s);
		if (error == 0) {
			segment_close(&scan->segment);
			scan->segment = s;
			scan->position = SEGMENT_HEADER_SIZE;
			/* Where files are missing before this one, it says itself where it begins. */
			if (s.first_lsn > scan->lsn + 1 && scan->lsn == 0)
				scan->lsn = s.first_lsn - 1;
			look_ahead(scan);
			return 0;
		}
		scan->position = 0;
		report(scan, "file header");
	}
	return -ENOENT;
}

int log_scan_begin(struct log_scan *scan, int folder_fd, uint32_t segment, uint64_t position, uint64_t lsn,
		   bool with_bodies)
{
	*scan = (struct log_scan){.folder_fd = folder_fd, .with_bodies = with_bodies, .lsn = lsn, .segment.fd = -1};
	buf_init(&scan->redo, RECORD_REDO_MAX);
	int error = segment_list(folder_fd, SEGMENT_LOG, segment, &scan->files, &scan->count);
	if (error)
		return error;
	if (enter_file(scan) == 0 && scan->segment.id == segment && position >= SEGMENT_HEADER_SIZE)
		scan->position = position;
	return 0;
}

void log_scan_done(struct log_scan *scan)
{
	segment_close(&scan->segment);
	mem_free(scan->files);
	scan->files = NULL;
	buf_done(&scan->redo);
}

/* Does this record prove that what stands before `from` had been synced, and not merely written? */
static bool proves_sync(const struct log_scan *scan, const struct record *r)
{
	return r->type == RECORD_COMMIT && r->lsn > scan->lsn && r->lsn - r->in_group > scan->lsn + 1 &&
	       r->lsn < scan->next_first;
}

/*
 * Looks behind a bad place for a header that proves damage. Steps over the file, since the bad place doesn't
 * say its length. False: the log, or this file's part of it, ends here.
 */
static bool find_proof(struct log_scan *scan, uint64_t from, uint64_t *found)
{
	enum { WINDOW = 64 << 10 };
	char window[WINDOW];
	for (uint64_t at = from; at < from + LOG_GROUP_ROOM + WINDOW; at += WINDOW) {
		ssize_t n = pread(scan->segment.fd, window, WINDOW, (off_t)at);
		for (ssize_t i = 0; i + RECORD_HEADER_SIZE <= n; i += RECORD_ALIGN) {
			struct record r;
			if (record_decode(&scan->segment, (uint32_t)(at + (uint64_t)i), window + i, &r) &&
			    proves_sync(scan, &r)) {
				*found = at + (uint64_t)i;
				return true;
			}
		}
		if (n < WINDOW)
			break;
	}
	return false;
}

/* At the end of a file's records: the next file, if there is one. */
static int leave_file(struct log_scan *scan)
{
	if (scan->next_first == UINT64_MAX)
		return -ENOENT;
	if (scan->next_first > scan->lsn + 1 && scan->next_first > scan->gaps_until + 1 && scan->lsn > 0)
		report(scan, "records missing at the end");
	scan->at++;
	return enter_file(scan);
}

int log_scan_next(struct log_scan *scan, struct record *record)
{
	if (scan->segment.fd < 0)
		return -ENOENT;
	for (;;) {
		struct record r = {0};
		uint64_t behind, found;
		int error = log_record_read(&scan->segment, (uint32_t)scan->position, scan->with_bodies, &r, &scan->redo);
		bool header_stands = error == 0 || error == -EBADMSG;
		if (header_stands && r.lsn < scan->next_first && error == 0) {
			scan->position += record_space(&r);
			scan->lsn = r.lsn;
			*record = r;
			return 0;
		}
		if (error != 0 && error != -EBADMSG && error != -ENOENT && error != -EIO)
			return error;
		behind = scan->position + RECORD_ALIGN;
		if (error == 0 || !find_proof(scan, behind, &found)) {
			error = leave_file(scan);
			if (error)
				return error;
			continue;
		}
		report(scan, "record");
		if (header_stands && log_record_read(&scan->segment, (uint32_t)scan->position, false, &r, &scan->redo) == 0) {
			scan->position += record_space(&r);
			scan->lsn = r.lsn;
			*record = r;
			return 1;
		}
		scan->position = found;
	}
}
