/* Kept files of kept.h: zstd pays here, where a blob is written once and seldom read; delivery never waits
 * for it. */
#include "store/kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "store/file.h"

enum {
	LEVEL = 3,
	ROW_SIZE = BLOB_ID_SIZE + 4,
	FOOTER_SIZE = 24, /* where the table begins 8, its length 8, its sum 8 */
	BLOB_MAX = STORE_UPLOAD_MEMORY,
	TABLE_MAX = 1 << 30
};

int kept_begin(struct kept_writer *w, int folder_fd, const char *name, uint32_t id, uint64_t snapshot_lsn)
{
	*w = (struct kept_writer){.position = SEGMENT_HEADER_SIZE};
	buf_init(&w->table, TABLE_MAX);
	buf_init(&w->scratch, ZSTD_COMPRESSBOUND(BLOB_MAX) + RECORD_HEADER_SIZE + RECORD_ALIGN);
	return segment_create(&w->segment, folder_fd, name, SEGMENT_KEPT, id, snapshot_lsn);
}

int kept_add(struct kept_writer *w, const struct blob_id *id, struct view content)
{
	buf_clear(&w->scratch);
	size_t bound = ZSTD_compressBound(content.len);
	char *room = buf_reserve(&w->scratch, RECORD_HEADER_SIZE + bound + RECORD_ALIGN);
	if (room == NULL)
		return -ENOMEM;
	size_t packed = ZSTD_compress(room + RECORD_HEADER_SIZE, bound, content.data, content.len, LEVEL);
	if (ZSTD_isError(packed))
		return -EIO;
	if (w->position > UINT32_MAX - bound)
		return -EFBIG;
	struct record r = {
	    .type = RECORD_KEPT,
	    .position = (uint32_t)w->position,
	    .blob_bytes = packed,
	    .kept = *id,
	    .redo_sum = segment_sum(
	        &w->segment, w->position + RECORD_HEADER_SIZE, view_of(room + RECORD_HEADER_SIZE, packed)),
	};
	record_encode(&w->segment, &r, room);
	uint64_t space = record_space(&r);
	memset(room + RECORD_HEADER_SIZE + packed, 0, space - RECORD_HEADER_SIZE - packed);
	int error = file_write_at(w->segment.fd, view_of(room, space), w->position);
	if (error)
		return error;
	buf_append(&w->table, view_of(id->bytes, BLOB_ID_SIZE));
	buf_append_u32(&w->table, r.position);
	w->position += space;
	return buf_failed(&w->table) ? -ENOMEM : 0;
}

static int compare_rows(const void *a, const void *b)
{
	return memcmp(a, b, BLOB_ID_SIZE);
}

int kept_finish(struct kept_writer *w)
{
	char bytes[FOOTER_SIZE];
	struct buf footer;
	struct view table = buf_view(&w->table);
	if (table.len)
		qsort(w->table.data + w->table.start, table.len / ROW_SIZE, ROW_SIZE, compare_rows);
	buf_init(&footer, sizeof bytes);
	buf_append_u64(&footer, w->position);
	buf_append_u64(&footer, table.len);
	buf_append_u64(&footer, segment_sum(&w->segment, w->position, table));
	memcpy(bytes, buf_view(&footer).data, sizeof bytes);
	buf_done(&footer);
	int error = file_write_at(w->segment.fd, table, w->position);
	if (error == 0)
		error = file_write_at(w->segment.fd, view_of(bytes, sizeof bytes), w->position + table.len);
	return error ? error : file_sync(w->segment.fd);
}

void kept_writer_done(struct kept_writer *w)
{
	segment_close(&w->segment);
	buf_done(&w->table);
	buf_done(&w->scratch);
}

struct table {
	uint64_t start, rows, sum;
};

static int find_table(const struct segment *s, struct table *table)
{
	char bytes[FOOTER_SIZE];
	uint64_t size;
	int error = file_size(s->fd, &size);
	if (error == 0 && size < SEGMENT_HEADER_SIZE + FOOTER_SIZE)
		error = -EBADMSG;
	if (error == 0)
		error = file_read_at(s->fd, bytes, sizeof bytes, size - sizeof bytes);
	if (error)
		return error == -ENODATA ? -EBADMSG : error;
	struct cursor c = cursor_on(view_of(bytes, sizeof bytes));
	uint64_t start = cursor_u64(&c), len = cursor_u64(&c);
	if (start > size || len > size || start + len + FOOTER_SIZE != size || len % ROW_SIZE != 0)
		return -EBADMSG;
	*table = (struct table){start, len / ROW_SIZE, cursor_u64(&c)};
	return 0;
}

static int read_row(
    const struct segment *s, const struct table *table, uint64_t i, struct blob_id *id, uint32_t *position)
{
	char row[ROW_SIZE];
	int error = file_read_at(s->fd, row, sizeof row, table->start + i * ROW_SIZE);
	if (error)
		return error == -ENODATA ? -EBADMSG : error;
	struct cursor c = cursor_on(view_of(row + BLOB_ID_SIZE, 4));
	memcpy(id->bytes, row, BLOB_ID_SIZE);
	*position = cursor_u32(&c);
	return 0;
}

static int find_row(const struct segment *s, const struct blob_id *id, uint32_t *position)
{
	struct table table;
	int error = find_table(s, &table);
	if (error)
		return error;
	uint64_t low = 0, high = table.rows;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		struct blob_id there;
		uint32_t at;
		error = read_row(s, &table, middle, &there, &at);
		if (error)
			return error;
		int order = memcmp(id->bytes, there.bytes, BLOB_ID_SIZE);
		if (order == 0) {
			*position = at;
			return 0;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -ENOENT;
}

/* Reads and verifies the packed bytes behind a record's header; *packed is the caller's to free. */
static int read_packed(const struct segment *s, uint32_t position, struct record *r, char **packed)
{
	char header[RECORD_HEADER_SIZE];
	int error = file_read_at(s->fd, header, sizeof header, position);
	if (error)
		return error == -ENODATA ? -EBADMSG : error;
	if (!record_decode(s, position, header, r) || r->type != RECORD_KEPT ||
	    r->blob_bytes > ZSTD_compressBound(BLOB_MAX))
		return -EBADMSG;
	char *bytes = mem_try(r->blob_bytes);
	if (bytes == NULL)
		return -ENOMEM;
	error = file_read_at(s->fd, bytes, r->blob_bytes, position + RECORD_HEADER_SIZE);
	if (error == 0 &&
	    segment_sum(s, position + RECORD_HEADER_SIZE, view_of(bytes, r->blob_bytes)) != r->redo_sum)
		error = -EBADMSG;
	if (error) {
		mem_free(bytes);
		return error == -ENODATA ? -EBADMSG : error;
	}
	*packed = bytes;
	return 0;
}

int kept_read(const struct segment *s, const struct blob_id *id, uint64_t offset, size_t len, char *out)
{
	uint64_t length = blob_length(id);
	uint32_t position = 0;
	struct record r;
	char *packed;
	if (length > BLOB_MAX || offset > length || len > length - offset)
		return -ERANGE;
	int error = find_row(s, id, &position);
	if (error == 0)
		error = read_packed(s, position, &r, &packed);
	if (error)
		return error;
	char *whole = mem_try(length);
	if (whole == NULL)
		error = -ENOMEM;
	else if (memcmp(r.kept.bytes, id->bytes, BLOB_ID_SIZE) != 0 ||
	         ZSTD_decompress(whole, length, packed, r.blob_bytes) != length)
		error = -EBADMSG;
	else
		memcpy(out, whole + offset, len);
	mem_free(whole);
	mem_free(packed);
	return error;
}

/* Rows in their order, and the sum over all of them. */
static int check_table(const struct segment *s, const struct table *table)
{
	size_t len = (size_t)(table->rows * ROW_SIZE);
	char *rows = mem_try(len ? len : 1);
	if (rows == NULL)
		return -ENOMEM;
	int error = file_read_at(s->fd, rows, len, table->start);
	if (error == -ENODATA ||
	    (error == 0 && segment_sum(s, table->start, view_of(rows, len)) != table->sum))
		error = -EBADMSG;
	mem_free(rows);
	return error;
}

/* As a reader of the blob would find it; and nothing stands in the space up to the next record. */
static int check_blob(const struct segment *s, const struct blob_id *id, uint32_t position, struct record *r)
{
	uint64_t length = blob_length(id);
	char *packed, *whole = length > BLOB_MAX ? NULL : mem_try(length ? length : 1);
	bool clear = true;
	if (whole == NULL)
		return length > BLOB_MAX ? -EBADMSG : -ENOMEM;
	int error = read_packed(s, position, r, &packed);
	if (error == 0) {
		if (memcmp(r->kept.bytes, id->bytes, BLOB_ID_SIZE) != 0 ||
		    ZSTD_decompress(whole, length, packed, r->blob_bytes) != length)
			error = -EBADMSG;
		mem_free(packed);
	}
	mem_free(whole);
	if (error == 0)
		error = file_is_clear(
		    s->fd, position + RECORD_HEADER_SIZE + r->blob_bytes, position + record_space(r), &clear);
	return error == 0 && !clear ? -EBADMSG : error;
}

int kept_walk(const struct segment *s,
    int (*visit)(void *arg, const struct blob_id *id, uint64_t stored, int result), void *arg)
{
	struct table table;
	uint64_t covered = SEGMENT_HEADER_SIZE;
	int error = segment_check_header(s);
	if (error == 0)
		error = find_table(s, &table);
	if (error == 0)
		error = check_table(s, &table);
	for (uint64_t i = 0; error == 0 && i < table.rows; i++) {
		struct blob_id id;
		struct record r = {0};
		uint32_t position;
		error = read_row(s, &table, i, &id, &position);
		if (error)
			break;
		int result = check_blob(s, &id, position, &r);
		covered += record_space(&r);
		error = visit(arg, &id, r.blob_bytes, result);
	}
	/* A row that leads to another blob's record, or a record that no row leads to. */
	return error == 0 && covered != table.start ? -EBADMSG : error;
}
