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
		int error = file_error(errno);
		if (fd >= 0)
			close(fd);
		return file_tell_unreadable(error, "volumes");
	}
	uint32_t *list = NULL;
	size_t n = 0, room = 0;
	int error = 0;
	for (;;) {
		enum segment_kind its_kind;
		uint32_t id;
		errno = 0;
		struct dirent *entry = readdir(folder);
		if (entry == NULL) {
			error =
			    errno ? file_error(errno) : 0; /* a list that was cut short would hide files */
			break;
		}
		if (!segment_parse_name(entry->d_name, &its_kind, &id) || its_kind != kind || id < from)
			continue;
		if (n == room) {
			room = room ? room * 2 : 64;
			list = mem_resize(list, room * sizeof *list);
		}
		list[n++] = id;
	}
	closedir(folder);
	if (error) {
		mem_free(list);
		return file_tell_unreadable(error, "volumes");
	}
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
	log_record(LOG_ERROR, NULL, "log-damaged", log_string("what", what),
	    log_u64("file", scan->at < scan->count ? scan->files[scan->at] : 0),
	    log_u64("position", scan->position));
}

static int unreadable(uint32_t file, uint64_t position, int error)
{
	log_event(LOG_ERROR, NULL, "log-unreadable", log_u64("file", file), log_u64("position", position),
	    log_errno(error));
	return error;
}

/* Where the file after the current one begins; files whose header is damaged are passed over. */
static int look_ahead(struct log_scan *scan)
{
	struct segment next;
	scan->next_first = UINT64_MAX;
	for (size_t i = scan->at + 1; i < scan->count && scan->next_first == UINT64_MAX; i++) {
		int error = open_file(scan->folder_fd, scan->files[i], &next);
		if (error == 0) {
			scan->next_first = next.first_lsn;
			scan->next_id = next.id;
			segment_close(&next);
		} else if (error != -EBADMSG && error != -ENOENT) {
			return unreadable(scan->files[i], 0, error);
		}
	}
	return 0;
}

/* Opens the first file with a good header from scan->at on; -ENOENT when there is none, and the last one
 * stays open. */
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
			if (s.first_lsn > scan->lsn + 1 && scan->lsn == 0) {
				if (s.first_lsn > scan->gaps_until + 1)
					report(scan, "records missing at the start");
				scan->lsn = s.first_lsn - 1;
			}
			return look_ahead(scan);
		}
		if (error == -ENOENT) /* compaction took it since the list was made */
			continue;
		if (error != -EBADMSG)
			return unreadable(scan->files[scan->at], 0, error);
		scan->position = 0;
		report(scan, "file header");
	}
	return -ENOENT;
}

/* The first file is the one that the index goes on in: is it there, and as long as it was then? */
static int go_to(struct log_scan *scan, uint32_t segment, uint64_t position)
{
	uint64_t size = 0;
	if (segment == 0 || position < SEGMENT_HEADER_SIZE)
		return 0;
	if (scan->segment.fd < 0 || scan->segment.id != segment) {
		report(scan, "file missing");
		return 0;
	}
	int error = file_size(scan->segment.fd, &size);
	if (error)
		return unreadable(segment, position, error);
	scan->position = position;
	if (size < position)
		report(scan, "file cut short");
	return 0;
}

int log_scan_begin(struct log_scan *scan, int folder_fd, const struct log_start *from, bool with_bodies)
{
	*scan = (struct log_scan){.folder_fd = folder_fd,
	    .with_bodies = with_bodies,
	    .lsn = from->lsn,
	    .gaps_until = from->gaps_until,
	    .moved = from->moved,
	    .segment.fd = -1};
	buf_init(&scan->redo, RECORD_REDO_MAX);
	int error = segment_list(folder_fd, SEGMENT_LOG, from->segment, &scan->files, &scan->count);
	if (error == 0) {
		error = enter_file(scan);
		if (error == 0 || error == -ENOENT)
			error = go_to(scan, from->segment, from->position);
	}
	if (error)
		log_scan_done(scan);
	return error;
}

void log_scan_done(struct log_scan *scan)
{
	segment_close(&scan->segment);
	mem_free(scan->files);
	scan->files = NULL;
	scan->count = 0;
	buf_done(&scan->redo);
}

/* Does this record prove that what stands before `from` had been synced, and not merely written? */
static bool proves_sync(const struct log_scan *scan, const struct record *r)
{
	return r->type == RECORD_COMMIT && r->lsn > scan->lsn && r->lsn - r->in_group > scan->lsn + 1 &&
	       r->lsn < scan->next_first;
}

enum { WINDOW = 64 << 10 };

/* The first record in the window that proves damage; window + n when there is none. */
static size_t proof_in(const struct log_scan *scan, uint64_t at, const char *window, size_t n)
{
	for (size_t i = 0; i + RECORD_HEADER_SIZE <= n; i += RECORD_ALIGN) {
		struct record r;
		if (record_decode(&scan->segment, (uint32_t)(at + i), window + i, &r) &&
		    proves_sync(scan, &r))
			return i;
	}
	return n;
}

/*
 * Looks behind a bad place for a header that proves damage; *found is 0 without one: the log, or this file's
 * part of it, ends here. Steps over the file, since the bad place doesn't say its length; up to its end,
 * unless so much of it is zero as no group can have left out.
 */
static int find_proof(struct log_scan *scan, uint64_t from, uint64_t *found)
{
	static const char zeros[RECORD_ALIGN];
	char window[WINDOW];
	size_t got = WINDOW;
	uint64_t empty_since = from;
	*found = 0;
	for (uint64_t at = from; got == WINDOW && at < empty_since + LOG_GROUP_ROOM + WINDOW; at += WINDOW) {
		int error = file_read_some(scan->segment.fd, window, WINDOW, at, &got);
		if (error)
			return unreadable(scan->segment.id, at, error);
		bool clear =
		    got < sizeof zeros || (memcmp(window, zeros, sizeof zeros) == 0 &&
		                              memcmp(window, window + sizeof zeros, got - sizeof zeros) == 0);
		if (clear)
			continue;
		empty_since = at + WINDOW;
		size_t i = proof_in(scan, at, window, got);
		if (i < got) {
			*found = at + i;
			return 0;
		}
	}
	return 0;
}

/* May records be missing behind this file? A snapshot must hold what they said, and a file have been taken
 * away. */
static bool is_gap_known(const struct log_scan *scan)
{
	if (scan->next_first > scan->gaps_until + 1)
		return false;
	if (scan->moved == NULL)
		return true;
	for (uint32_t id = scan->files[scan->at] + 1; id < scan->next_id; id++)
		if (volumes_has_moved(scan->moved, id))
			return true;
	return false;
}

/* At the end of a file's records: the next file, if there is one. */
static int leave_file(struct log_scan *scan)
{
	if (scan->next_first == UINT64_MAX)
		return -ENOENT;
	if (scan->next_first > scan->lsn + 1 && scan->lsn > 0 && !is_gap_known(scan))
		report(scan, "records missing at the end");
	scan->at++;
	return enter_file(scan);
}

int log_scan_skip_file(struct log_scan *scan)
{
	scan->at++;
	return enter_file(scan);
}

/* The record at the scan's place has been read: it is given, and the scan stands behind it. */
static void give(struct log_scan *scan, const struct record *r, struct record *out)
{
	scan->position += record_space(r);
	scan->lsn = r->lsn;
	*out = *r;
}

/*
 * What stands at the scan's place does not verify; `lsn` is the record's, 0 when even its header does not. 1:
 * the record is given without its bodies; 0: go on; or an error.
 */
static int pass_damage(struct log_scan *scan, uint64_t lsn, struct record *record)
{
	struct record r = {0};
	uint64_t found;
	int error = find_proof(scan, scan->position + RECORD_ALIGN, &found);
	if (error)
		return error;
	/* The next file goes on behind this record: so it counted once. */
	bool counted = lsn > 0 && scan->next_first != UINT64_MAX && lsn < scan->next_first;
	if (found == 0 && !counted)
		return leave_file(scan);
	report(scan, "record");
	if (lsn > 0) {
		error = log_record_read(&scan->segment, (uint32_t)scan->position, false, &r, &scan->redo);
		if (error == 0) {
			give(scan, &r, record);
			return 1;
		}
		if (error != -EBADMSG && error != -ENOENT)
			return unreadable(scan->segment.id, scan->position, error);
	}
	if (found == 0) {
		scan->lsn = lsn;
		return leave_file(scan);
	}
	scan->position = found;
	return 0;
}

int log_scan_next(struct log_scan *scan, struct record *record)
{
	if (scan->segment.fd < 0)
		return -ENOENT;
	for (;;) {
		struct record r = {0};
		int error = log_record_read(
		    &scan->segment, (uint32_t)scan->position, scan->with_bodies, &r, &scan->redo);
		if (error == 0 && r.lsn < scan->next_first) {
			give(scan, &r, record);
			return 0;
		}
		if (error == 0)
			error = leave_file(scan);
		else if (error == -EBADMSG || error == -ENOENT)
			error = pass_damage(scan, error == -EBADMSG ? r.lsn : 0, record);
		else
			error = unreadable(scan->segment.id, scan->position, error);
		if (error)
			return error;
	}
}
