/* The log of log_file.h. Its format is in segment.h, its figures in doc/disk.md. */
#include "store/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/file.h"

enum {
	ROTATE_ROOM = 1 << 20 /* or an eighth of a small file */,
	ZERO_STEP = 1 << 20,
	PAGE = 4096,
	SPARE_AGAIN_MS =
	    5000 /* mail goes on without a spare; a disk that fails need not write one for each commit */
};

static const char spare_name[] = "spare";

void log_file_init(struct log_file *log, int folder_fd, uint64_t segment_size)
{
	*log = (struct log_file){.folder_fd = folder_fd, .active.fd = -1, .spare.fd = -1};
	/* Whole pages, for the filling. */
	log->segment_size = (segment_size + PAGE - 1) / PAGE * PAGE;
	buf_init(&log->group, LOG_GROUP_ROOM);
	pthread_mutex_init(&log->spare_lock, NULL);
	unlinkat(folder_fd, spare_name, 0);
}

void log_file_close(struct log_file *log)
{
	segment_close(&log->active);
	segment_close(&log->spare);
	unlinkat(log->folder_fd, spare_name, 0);
	buf_done(&log->group);
	pthread_mutex_destroy(&log->spare_lock);
}

int log_file_continue(struct log_file *log, const struct segment *s, uint64_t position, uint64_t last_lsn)
{
	uint64_t size;
	bool clear = false;
	int error = file_size(s->fd, &size);
	/* A torn group reaches at most so far. */
	if (error == 0)
		error = file_is_clear(s->fd, position, position + LOG_GROUP_ROOM, &clear);
	if (error == 0 && !clear)
		error = -ENOTEMPTY;
	if (error)
		return error;
	/* A file without holes from here on was filled before the restart. */
	log->filled = size >= log->segment_size && lseek(s->fd, (off_t)position, SEEK_HOLE) >= (off_t)size;
	log->active = *s;
	log->position = position;
	log->last_lsn = last_lsn;
	return 0;
}

bool log_file_should_rotate(struct log_file *log)
{
	uint64_t room = log->segment_size / 8 < ROTATE_ROOM ? log->segment_size / 8 : ROTATE_ROOM;
	if (log->position + room > log->segment_size && log->position > SEGMENT_HEADER_SIZE)
		return true;
	if (log->filled)
		return false;
	pthread_mutex_lock(&log->spare_lock);
	bool ready = log->spare_state == SPARE_READY;
	pthread_mutex_unlock(&log->spare_lock);
	return ready;
}

bool log_file_wants_spare(struct log_file *log)
{
	if (log->filled && log->position < log->segment_size / 2)
		return false;
	pthread_mutex_lock(&log->spare_lock);
	bool wanted = log->spare_state == SPARE_NONE && clock_monotonic_ms() >= log->spare_again_ms;
	if (wanted)
		log->spare_state = SPARE_BEING_MADE;
	pthread_mutex_unlock(&log->spare_lock);
	return wanted;
}

/*
 * Writes zeros over the whole file. Past the page cache where the file system can: it halves the CPU time,
 * and nobody is going to read them. In small steps, each synced: one large flush would stop the log's own
 * syncs.
 */
static int fill(const struct log_file *log, const struct segment *s, uint64_t size)
{
	int error = file_reserve(s->fd, size);
	int direct = file_open_in(log->folder_fd, spare_name, O_WRONLY | O_DIRECT);
	int fd = direct < 0 ? s->fd : direct;
	for (uint64_t at = SEGMENT_HEADER_SIZE; at < size && error == 0; at += ZERO_STEP) {
		error = file_zero(fd, at, size - at < ZERO_STEP ? size - at : ZERO_STEP);
		if (error == 0)
			error = file_sync(s->fd);
	}
	if (direct >= 0)
		close(direct);
	return error;
}

void log_file_make_spare(struct log_file *log)
{
	struct segment made = {.fd = -1};
	int error = segment_create(&made, log->folder_fd, spare_name, SEGMENT_LOG, 0, 0);
	if (error == 0)
		error = fill(log, &made, log->segment_size);
	if (error) {
		log_event(LOG_WARNING, NULL, "log-spare-failed", log_errno(error));
		segment_close(&made);
		unlinkat(log->folder_fd, spare_name, 0);
	}
	pthread_mutex_lock(&log->spare_lock);
	log->spare = made;
	log->spare_state = error ? SPARE_NONE : SPARE_READY;
	if (error)
		log->spare_again_ms = clock_monotonic_ms() + SPARE_AGAIN_MS;
	pthread_mutex_unlock(&log->spare_lock);
}

static bool take_spare(struct log_file *log, struct segment *s)
{
	pthread_mutex_lock(&log->spare_lock);
	bool ready = log->spare_state == SPARE_READY;
	if (ready) {
		*s = log->spare;
		log->spare.fd = -1;
		log->spare_state = SPARE_NONE;
	}
	pthread_mutex_unlock(&log->spare_lock);
	return ready;
}

/* Header first, then its name: a log file that can be seen has a valid header. */
static int publish(struct log_file *log, struct segment *s, const char *from)
{
	char name[SEGMENT_NAME_SIZE];
	segment_name(name, SEGMENT_LOG, s->id);
	bool taken = false;
	int error = file_exists(log->folder_fd, name, &taken);
	if (error == 0 && taken)
		error = -EEXIST;
	if (error == 0)
		error = segment_write_header(s);
	if (error == 0)
		error = file_sync(s->fd);
	if (error == 0 && renameat(log->folder_fd, from, log->folder_fd, name) != 0)
		error = -errno;
	if (error)
		return error;
	/* A file that may or may not be there ends the one before it, so neither can be written any more. */
	return fsync(log->folder_fd) == 0 ? 0 : -EROFS;
}

int log_file_rotate(struct log_file *log, uint32_t id, bool reserve)
{
	static const char fresh_name[] = "fresh";
	struct segment next;
	const char *name = spare_name;
	bool filled = take_spare(log, &next);
	int error = 0;
	if (!filled) {
		name = fresh_name;
		error = segment_create(&next, log->folder_fd, name, SEGMENT_LOG, id, 0);
		if (error)
			return error;
		error = reserve ? file_reserve(next.fd, log->segment_size) : 0;
	}
	next.id = id;
	next.first_lsn = log->last_lsn + 1;
	if (error == 0)
		error = publish(log, &next, name);
	if (error) {
		segment_close(&next);
		unlinkat(log->folder_fd, name, 0);
		return error;
	}
	if (log->active.fd >= 0) {
		/* Gives the unused space back. Not synced: trailing zeros mean the same. */
		if (ftruncate(log->active.fd, (off_t)log->position) != 0)
			log_event(LOG_WARNING, NULL, "log-seal-failed", log_errno(errno));
		segment_close(&log->active);
	}
	log->active = next;
	log->position = SEGMENT_HEADER_SIZE;
	log->filled = filled;
	return 0;
}

void log_file_begin(struct log_file *log)
{
	enum { KEPT_MEMORY = 256 << 10 };
	buf_clear(&log->group);
	log->group_records = 0;
	if (log->group.cap > KEPT_MEMORY)
		buf_done(&log->group);
}

uint32_t log_file_next(const struct log_file *log)
{
	return (uint32_t)(log->position + log->group.len);
}

static void add_bodies(
    struct log_file *log, const struct view *blocks, const size_t *body_blocks, size_t bodies)
{
	struct buf *group = &log->group;
	for (size_t b = 0; b < bodies; b++) {
		uint64_t position = log->position + group->len;
		for (size_t i = 0; i < body_blocks[b]; i++)
			buf_append(group, blocks[i]);
		for (size_t i = 0; i < body_blocks[b]; i++)
			buf_append_u64(
			    group, segment_sum(&log->active, position + i * SEGMENT_BLOCK, blocks[i]));
		blocks += body_blocks[b];
	}
}

int log_file_add(struct log_file *log, const struct view *blocks, const size_t *body_blocks, size_t bodies,
    struct view redo)
{
	static const char zeros[RECORD_ALIGN];
	struct buf *group = &log->group;
	size_t start = group->len;
	struct record r = {
	    .type = RECORD_COMMIT,
	    .in_group = (uint16_t)log->group_records,
	    .lsn = log->last_lsn + log->group_records + 1,
	    .position = log_file_next(log),
	    .redo_len = (uint32_t)redo.len,
	};
	char *header = buf_reserve(group, RECORD_HEADER_SIZE);
	if (header == NULL)
		return -ENOMEM;
	buf_commit(group, RECORD_HEADER_SIZE);
	add_bodies(log, blocks, body_blocks, bodies);
	r.blob_bytes = group->len - start - RECORD_HEADER_SIZE;
	r.redo_sum = segment_sum(&log->active, log->position + group->len, redo);
	buf_append(group, redo);
	buf_append(group, view_of(zeros, (RECORD_ALIGN - group->len % RECORD_ALIGN) % RECORD_ALIGN));
	if (buf_failed(group)) {
		buf_truncate(group, start);
		group->failed = false;
		return -ENOMEM;
	}
	record_encode(&log->active, &r, group->data + group->start + start);
	log->group_records++;
	return 0;
}

int log_file_write(struct log_file *log)
{
	static const char zeros[PAGE];
	/* Whole pages to the end: the rest of the last one needn't be read from the disk first. */
	uint64_t end = log->position + log->group.len;
	size_t len = log->group.len, padding = (size_t)((PAGE - end % PAGE) % PAGE);
	if (end + padding <= log->segment_size)
		buf_append(&log->group, view_of(zeros, padding));
	int error = buf_failed(&log->group)
	                ? -ENOMEM
	                : file_write_at(log->active.fd, buf_view(&log->group), log->position);
	buf_truncate(&log->group, len);
	if (error == 0)
		error = file_sync(log->active.fd);
	if (error)
		return error;
	log->position += log->group.len;
	log->last_lsn += log->group_records;
	return 0;
}

int log_file_cut(struct log_file *log)
{
	if (ftruncate(log->active.fd, (off_t)log->position) != 0)
		return -errno;
	log->filled = false;
	return file_sync(log->active.fd);
}

/* Reads the bodies of a record block by block, for their checksums' sake alone. */
static int verify_bodies(const struct segment *s, const struct record *r, struct view redo)
{
	struct cursor c = cursor_on(redo);
	char block[SEGMENT_BLOCK];
	uint64_t position = r->position + RECORD_HEADER_SIZE;
	size_t count = cursor_u8(&c);
	for (size_t i = 0; i < count; i++) {
		uint64_t length = cursor_u64(&c);
		for (uint64_t at = 0; at < length; at += SEGMENT_BLOCK) {
			size_t n = length - at < SEGMENT_BLOCK ? (size_t)(length - at) : SEGMENT_BLOCK;
			int error = segment_read_blob(s, position, length, at, n, block);
			if (error)
				return error;
		}
		position += segment_blob_space(length);
	}
	return cursor_ok(&c) && position == r->position + RECORD_HEADER_SIZE + r->blob_bytes ? 0 : -EBADMSG;
}

int log_record_read(
    const struct segment *s, uint32_t position, bool with_bodies, struct record *record, struct buf *redo)
{
	char header[RECORD_HEADER_SIZE];
	struct record r;
	int error = file_read_at(s->fd, header, sizeof header, position);
	if (error)
		return error == -ENODATA ? -ENOENT : error; /* the file ends here */
	if (!record_decode(s, position, header, &r) || r.type != RECORD_COMMIT)
		return -ENOENT;
	buf_clear(redo);
	char *room = buf_reserve(redo, r.redo_len);
	if (room == NULL)
		return -ENOMEM;
	uint64_t at = position + RECORD_HEADER_SIZE + r.blob_bytes;
	error = file_read_at(s->fd, room, r.redo_len, at);
	if (error)
		return error == -ENODATA ? -EBADMSG : error;
	buf_commit(redo, r.redo_len);
	*record = r;
	if (segment_sum(s, at, buf_view(redo)) != r.redo_sum)
		return -EBADMSG;
	return with_bodies ? verify_bodies(s, &r, buf_view(redo)) : 0;
}
