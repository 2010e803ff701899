/*
 * Reading kept files. Of the table only every KEPT_FENCE-th name is kept in memory: a blob is found with one
 * read of the table, and read with another; neighbours come with the same reads. A table that is damaged can
 * be made from the records, which name their blobs themselves.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/cursor.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/file.h"
#include "store/kept.h"

enum {
	AHEAD = 32 << 10, /* read at a time where records are read in their order: a dozen of ordinary mail */
	GAP = 16 << 10    /* of records passed over: less than a read costs */
};

struct kept_reader {
	uint64_t table, rows, raw;
	struct blob_id *fences;    /* the names in rows 0, KEPT_FENCE, 2 * KEPT_FENCE ... */
	char *made;                /* all rows, where the file's table is damaged; else NULL */
	ZSTD_DDict *shared;        /* NULL: the file has no dictionary */
	_Atomic(ZSTD_DCtx *) idle; /* one for whoever comes first; who comes second makes another */
};

static uint32_t row_position(const char *row)
{
	struct cursor c = cursor_on(view_of(row + BLOB_ID_SIZE, 4));
	return cursor_u32(&c);
}

/* -EBADMSG where the file ends too early: what was written is not there. */
static int read_at(const struct segment *s, void *out, size_t len, uint64_t position)
{
	int error = file_read_at(s->fd, out, len, position);
	return error == -ENODATA ? -EBADMSG : error;
}

static int read_footer(const struct segment *s, struct kept_footer *f)
{
	char bytes[KEPT_FOOTER_SIZE];
	uint64_t size = 0;
	int error = file_size(s->fd, &size);
	if (error == 0 && size < 2 * SEGMENT_HEADER_SIZE + KEPT_FOOTER_SIZE)
		error = -EBADMSG;
	uint64_t at = size - SEGMENT_HEADER_SIZE - sizeof bytes;
	if (error == 0)
		error = read_at(s, bytes, sizeof bytes, at);
	if (error == 0 && !kept_footer_decode(s, bytes, at, f))
		error = -EBADMSG;
	return error;
}

/* All rows, verified: their sum, and that each name stands behind the one before. */
static int read_table(const struct segment *s, const struct kept_footer *f, char **out)
{
	char *rows = mem_try(f->table_len ? f->table_len : 1);
	if (rows == NULL)
		return -ENOMEM;
	int error = read_at(s, rows, f->table_len, f->table);
	if (error == 0 && segment_sum(s, f->table, view_of(rows, f->table_len)) != f->table_sum)
		error = -EBADMSG;
	for (uint64_t at = KEPT_ROW_SIZE; error == 0 && at < f->table_len; at += KEPT_ROW_SIZE)
		if (memcmp(rows + at - KEPT_ROW_SIZE, rows + at, BLOB_ID_SIZE) >= 0)
			error = -EBADMSG;
	if (error)
		mem_free(rows);
	else
		*out = rows;
	return error;
}

static int compare_rows(const void *a, const void *b)
{
	return memcmp(a, b, BLOB_ID_SIZE);
}

/* ---- the table from the records ---- */

struct scan {
	struct buf rows;
	struct kept_footer *footer; /* gets dictionaries and raw bytes */
};

static int note_record(struct scan *scan, const struct record *r)
{
	if (r->type == RECORD_DICTIONARY) {
		scan->footer->dictionaries[scan->footer->dictionaries[0] != 0] = r->position;
		return 0;
	}
	if (r->type != RECORD_KEPT)
		return 0;
	buf_append(&scan->rows, view_of(r->kept.bytes, BLOB_ID_SIZE));
	buf_append_u32(&scan->rows, r->position);
	scan->footer->raw += segment_blob_space(blob_length(&r->kept)) + RECORD_HEADER_SIZE;
	return buf_failed(&scan->rows) ? -ENOMEM : 0;
}

/* From record to record; over what is no record in steps, up to the next one that is. */
static int scan_records(const struct segment *s, struct scan *scan)
{
	char header[RECORD_HEADER_SIZE];
	uint64_t size = 0;
	int error = file_size(s->fd, &size);
	for (uint64_t at = SEGMENT_HEADER_SIZE;
	     error == 0 && at + RECORD_HEADER_SIZE <= size && at <= UINT32_MAX;) {
		struct record r;
		error = read_at(s, header, sizeof header, at);
		if (error == 0 && record_decode(s, (uint32_t)at, header, &r)) {
			error = note_record(scan, &r);
			at += record_space(&r);
		} else {
			at += RECORD_ALIGN;
		}
	}
	return error;
}

static int make_table(const struct segment *s, struct kept_footer *f, char **out)
{
	struct scan scan = {.footer = f};
	*f = (struct kept_footer){0};
	buf_init(&scan.rows, KEPT_TABLE_MAX);
	int error = scan_records(s, &scan);
	struct view rows = buf_view(&scan.rows);
	char *made = error == 0 ? mem_try(rows.len ? rows.len : 1) : NULL;
	if (error == 0 && made == NULL)
		error = -ENOMEM;
	if (error == 0) {
		if (rows.len) {
			memcpy(made, rows.data, rows.len);
			qsort(made, rows.len / KEPT_ROW_SIZE, KEPT_ROW_SIZE, compare_rows);
		}
		f->table_len = rows.len;
		*out = made;
		log_event(LOG_ERROR, NULL, "kept-table-damaged", log_u64("file", s->id),
		    log_u64("blobs", rows.len / KEPT_ROW_SIZE));
	}
	buf_done(&scan.rows);
	return error;
}

/* ---- records ---- */

/*
 * A record's header and content in one read, verified. It can be no longer than what a blob of `length` bytes
 * takes when it does not compress. *bytes is the caller's to free; the content stands behind the header's
 * size.
 */
static int read_record(const struct segment *s, uint32_t position, enum record_type type, uint64_t length,
    struct record *r, char **bytes)
{
	size_t most = RECORD_HEADER_SIZE + ZSTD_compressBound(length), got = 0;
	char *read = mem_try(most);
	if (read == NULL)
		return -ENOMEM;
	int error = file_read_some(s->fd, read, most, position, &got);
	if (error == 0 && (got < RECORD_HEADER_SIZE || !record_decode(s, position, read, r) ||
	                      r->type != type || r->blob_bytes > got - RECORD_HEADER_SIZE))
		error = -EBADMSG;
	if (error == 0 && segment_sum(s, position + RECORD_HEADER_SIZE,
	                      view_of(read + RECORD_HEADER_SIZE, r->blob_bytes)) != r->redo_sum)
		error = -EBADMSG;
	if (error)
		mem_free(read);
	else
		*bytes = read;
	return error;
}

static ZSTD_DCtx *take_context(struct kept_reader *r)
{
	ZSTD_DCtx *context = atomic_exchange(&r->idle, NULL);
	return context ? context : ZSTD_createDCtx();
}

static void give_context(struct kept_reader *r, ZSTD_DCtx *context)
{
	ZSTD_freeDCtx(atomic_exchange(&r->idle, context));
}

/* Unpacks the content of a record into `length` bytes. */
static int unpack(struct kept_reader *reader, struct view packed, char *out, uint64_t length)
{
	ZSTD_DCtx *context = take_context(reader);
	if (context == NULL)
		return -ENOMEM;
	size_t n = reader->shared ? ZSTD_decompress_usingDDict(
	                                context, out, length, packed.data, packed.len, reader->shared)
	                          : ZSTD_decompressDCtx(context, out, length, packed.data, packed.len);
	give_context(reader, context);
	return n == length ? 0 : -EBADMSG;
}

/* ---- dictionaries ---- */

static int read_dictionary(const struct segment *s, uint32_t position, struct buf *out)
{
	struct record r;
	char *bytes;
	int error = read_record(s, position, RECORD_DICTIONARY, KEPT_DICTIONARY_MAX, &r, &bytes);
	if (error)
		return error;
	buf_clear(out);
	buf_append(out, view_of(bytes + RECORD_HEADER_SIZE, r.blob_bytes));
	mem_free(bytes);
	return buf_failed(out) ? -ENOMEM : 0;
}

/* The first copy; or the second, where the first is damaged or can't be read now. */
static int load_dictionary(const struct segment *s, const struct kept_footer *f, ZSTD_DDict **out)
{
	struct buf bytes;
	int error = 0;
	if (f->dictionaries[0] == 0)
		return 0;
	buf_init(&bytes, KEPT_DICTIONARY_MAX + 1);
	for (size_t i = 0; i < 2; i++) {
		if (i > 0 && f->dictionaries[i] == 0)
			break;
		error = read_dictionary(s, f->dictionaries[i], &bytes);
		if (error == 0 || error == -ENOMEM)
			break;
		log_event(LOG_ERROR, NULL, "kept-dictionary-bad", log_u64("file", s->id),
		    log_u64("position", f->dictionaries[i]), log_errno(error));
	}
	if (error == 0) {
		*out = ZSTD_createDDict(buf_view(&bytes).data, buf_view(&bytes).len);
		error = *out ? 0 : -ENOMEM;
	}
	buf_done(&bytes);
	return error;
}

/* ---- the reader ---- */

static int build(const struct segment *s, const struct kept_footer *f, char *rows, struct kept_reader *r)
{
	size_t fences;
	r->table = f->table;
	r->rows = f->table_len / KEPT_ROW_SIZE;
	r->raw = f->raw;
	fences = (size_t)((r->rows + KEPT_FENCE - 1) / KEPT_FENCE);
	r->fences = mem_try((fences ? fences : 1) * sizeof *r->fences);
	if (r->fences == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < fences; i++)
		memcpy(r->fences[i].bytes, rows + i * KEPT_FENCE * KEPT_ROW_SIZE, BLOB_ID_SIZE);
	return load_dictionary(s, f, &r->shared);
}

int kept_reader_open(const struct segment *s, struct kept_reader **out)
{
	struct kept_footer footer;
	char *rows = NULL;
	bool made = false;
	int error = read_footer(s, &footer);
	if (error == 0)
		error = read_table(s, &footer, &rows);
	if (error == -EBADMSG) {
		error = make_table(s, &footer, &rows);
		made = true;
	}
	if (error)
		return error;
	struct kept_reader *r = mem_alloc(sizeof *r);
	error = build(s, &footer, rows, r);
	if (made && error == 0)
		r->made = rows;
	else
		mem_free(rows);
	if (error) {
		kept_reader_close(r);
		return error;
	}
	*out = r;
	return 0;
}

void kept_reader_close(struct kept_reader *r)
{
	if (r == NULL)
		return;
	ZSTD_freeDDict(r->shared);
	ZSTD_freeDCtx(atomic_load(&r->idle));
	mem_free(r->fences);
	mem_free(r->made);
	mem_free(r);
}

uint64_t kept_raw(const struct kept_reader *r)
{
	return r->raw;
}

/* The KEPT_FENCE rows among which the name must be; *count of them. */
static uint64_t find_fence(const struct kept_reader *r, const struct blob_id *id, size_t *count)
{
	uint64_t low = 0,
	         high = (r->rows + KEPT_FENCE - 1) / KEPT_FENCE; /* the last fence at or before the name */
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		if (memcmp(r->fences[middle].bytes, id->bytes, BLOB_ID_SIZE) <= 0)
			low = middle;
		else
			high = middle;
	}
	uint64_t left = r->rows - low * KEPT_FENCE;
	*count = left < KEPT_FENCE ? (size_t)left : KEPT_FENCE;
	return low * KEPT_FENCE;
}

/* The row of this name, of those that are at hand: the one behind the last one above all. */
static const char *row_at_hand(struct kept_near *near, const char *rows, const struct blob_id *id)
{
	if (near->row_count == 0)
		return NULL;
	const char *row = rows + (near->last_row + 1) * KEPT_ROW_SIZE;
	if (near->last_row + 1 >= near->row_count || compare_rows(id->bytes, row) != 0)
		row = bsearch(id->bytes, rows, near->row_count, KEPT_ROW_SIZE, compare_rows);
	if (row)
		near->last_row = (size_t)(row - rows) / KEPT_ROW_SIZE;
	return row;
}

int kept_find(const struct segment *s, const struct kept_reader *r, struct kept_near *near,
    const struct blob_id *id, uint32_t *position)
{
	const char *rows = r->made ? r->made + near->first_row * KEPT_ROW_SIZE : near->rows;
	const char *row = row_at_hand(near, rows, id);
	if (row == NULL && r->rows > 0) {
		near->row_count = near->last_row = 0;
		size_t count;
		uint64_t first = find_fence(r, id, &count);
		rows = r->made ? r->made + first * KEPT_ROW_SIZE : near->rows;
		if (r->made == NULL) {
			int error =
			    read_at(s, near->rows, count * KEPT_ROW_SIZE, r->table + first * KEPT_ROW_SIZE);
			if (error)
				return error;
		}
		near->first_row = first;
		near->row_count = count;
		row = row_at_hand(near, rows, id);
	}
	if (row == NULL)
		return -ENOENT;
	*position = row_position(row);
	return 0;
}

/* ---- records at hand ---- */

void kept_near_done(struct kept_near *near)
{
	mem_free(near->bytes);
	*near = (struct kept_near){0};
}

/* Reads `most` bytes from here on, or up to the file's end. */
static int fill(const struct segment *s, struct kept_near *near, uint64_t position, size_t most)
{
	near->len = 0;
	if (near->room < most) {
		char *bytes = mem_try(most);
		if (bytes == NULL)
			return -ENOMEM;
		mem_free(near->bytes);
		near->bytes = bytes;
		near->room = most;
	}
	size_t got = 0;
	int error = file_read_some(s->fd, near->bytes, most, position, &got);
	if (error == 0) {
		near->at = position;
		near->len = got;
	}
	return error;
}

/* The file's bytes from here on, as far as they are at hand. */
static struct view at_hand(const struct kept_near *near, uint64_t position)
{
	if (position < near->at || position - near->at >= near->len)
		return (struct view){0};
	size_t skip = (size_t)(position - near->at);
	return view_of(near->bytes + skip, near->len - skip);
}

/* A blob's record, verified, from the bytes at hand. */
static int take_record(const struct segment *s, const struct kept_near *near, uint32_t position,
    struct record *r, struct view *packed)
{
	struct view bytes = at_hand(near, position);
	if (bytes.len < RECORD_HEADER_SIZE || !record_decode(s, position, bytes.data, r) ||
	    r->type != RECORD_KEPT || r->blob_bytes > bytes.len - RECORD_HEADER_SIZE)
		return -EBADMSG;
	*packed = view_of(bytes.data + RECORD_HEADER_SIZE, (size_t)r->blob_bytes);
	return segment_sum(s, position + RECORD_HEADER_SIZE, *packed) == r->redo_sum ? 0 : -EBADMSG;
}

/*
 * The record of a blob of `length` bytes, which takes no more than what does not compress. Where records are
 * read in their order, those that follow come with it; but what cannot be read there is no fault of this one.
 */
static int near_record(const struct segment *s, struct kept_near *near, uint32_t position, uint64_t length,
    struct record *r, struct view *packed)
{
	size_t most = RECORD_HEADER_SIZE + ZSTD_compressBound(length);
	bool in_order = near->next && position >= near->next && position - near->next < GAP;
	int error = take_record(s, near, position, r, packed);
	if (error) {
		bool together = in_order && most < AHEAD;
		error = fill(s, near, position, together ? AHEAD : most);
		if (error && together) {
			near->ahead = error;
			error = fill(s, near, position, most);
		}
		if (error == 0)
			error = take_record(s, near, position, r, packed);
	}
	near->next = error ? 0 : position + record_space(r);
	return error;
}

int kept_read(const struct segment *s, struct kept_reader *reader, struct kept_near *near,
    const struct blob_id *id, uint64_t offset, size_t len, char *out)
{
	uint64_t length = blob_length(id);
	uint32_t position = 0;
	struct record r;
	struct view packed;
	char *whole = out;
	if (length > KEPT_BLOB_MAX || offset > length || len > length - offset)
		return -ERANGE;
	int error = kept_find(s, reader, near, id, &position);
	if (error == 0)
		error = near_record(s, near, position, length, &r, &packed);
	if (error)
		return error;
	if (memcmp(r.kept.bytes, id->bytes, BLOB_ID_SIZE) != 0)
		return -EBADMSG;
	if (len < length)
		whole = mem_try(length);
	error = whole ? unpack(reader, packed, whole, length) : -ENOMEM;
	if (whole != out) {
		if (error == 0 && len)
			memcpy(out, whole + offset, len);
		mem_free(whole);
	}
	return error;
}

/* ---- for a check ---- */

static int compare_positions(const void *a, const void *b)
{
	uint32_t x = row_position(a), y = row_position(b);
	return x < y ? -1 : x > y;
}

/* Nothing stands in the space up to the next record. */
static int check_gap(const struct segment *s, const struct record *r)
{
	bool clear = true;
	int error = file_is_clear(
	    s->fd, r->position + RECORD_HEADER_SIZE + r->blob_bytes, r->position + record_space(r), &clear);
	return error == 0 && !clear ? -EBADMSG : error;
}

/* As a reader of the blob would find it. */
static int check_blob(const struct segment *s, struct kept_reader *reader, const struct blob_id *id,
    uint32_t position, struct record *r)
{
	uint64_t length = blob_length(id);
	char *bytes, *whole = length > KEPT_BLOB_MAX ? NULL : mem_try(length ? length : 1);
	if (whole == NULL)
		return length > KEPT_BLOB_MAX ? -EBADMSG : -ENOMEM;
	int error = read_record(s, position, RECORD_KEPT, length, r, &bytes);
	if (error == 0) {
		error =
		    memcmp(r->kept.bytes, id->bytes, BLOB_ID_SIZE) != 0
		        ? -EBADMSG
		        : unpack(reader, view_of(bytes + RECORD_HEADER_SIZE, r->blob_bytes), whole, length);
		mem_free(bytes);
	}
	mem_free(whole);
	return error ? error : check_gap(s, r);
}

/* Both copies, and that they are alike. */
static int check_dictionaries(const struct segment *s, const struct kept_footer *f, uint64_t *covered)
{
	char *copies[2] = {NULL, NULL};
	struct record r[2];
	int error = 0;
	if (f->dictionaries[0] == 0)
		return f->dictionaries[1] == 0 ? 0 : -EBADMSG;
	for (size_t i = 0; i < 2 && error == 0; i++) {
		error = read_record(
		    s, f->dictionaries[i], RECORD_DICTIONARY, KEPT_DICTIONARY_MAX, &r[i], &copies[i]);
		if (error == 0)
			error = check_gap(s, &r[i]);
		if (error == 0)
			*covered += record_space(&r[i]);
	}
	if (error == 0 && !view_equal(view_of(copies[0] + RECORD_HEADER_SIZE, r[0].blob_bytes),
	                      view_of(copies[1] + RECORD_HEADER_SIZE, r[1].blob_bytes)))
		error = -EBADMSG;
	mem_free(copies[0]);
	mem_free(copies[1]);
	return error;
}

static int walk_blobs(const struct segment *s, struct kept_reader *reader, const char *rows, uint64_t count,
    uint64_t *covered, int (*visit)(void *arg, const struct blob_id *id, uint64_t stored, int result),
    void *arg)
{
	int error = 0;
	for (uint64_t i = 0; error == 0 && i < count; i++) {
		const char *row = rows + i * KEPT_ROW_SIZE;
		struct blob_id id;
		struct record r = {0};
		memcpy(id.bytes, row, BLOB_ID_SIZE);
		int result = check_blob(s, reader, &id, row_position(row), &r);
		/* How long a record is that is not good, nobody knows. */
		if (result)
			*covered = UINT64_MAX;
		else if (*covered != UINT64_MAX)
			*covered += record_space(&r);
		error = visit(arg, &id, r.blob_bytes, result);
	}
	return error;
}

int kept_walk(const struct segment *s,
    int (*visit)(void *arg, const struct blob_id *id, uint64_t stored, int result), void *arg)
{
	struct kept_footer footer;
	struct kept_reader *reader = NULL;
	char *rows = NULL;
	uint64_t covered = SEGMENT_HEADER_SIZE;
	int headers = segment_check_header(s);
	int error = read_footer(s, &footer);
	if (error == 0 && headers == 0)
		headers = segment_check_header_copy(s, footer.table + footer.table_len + KEPT_FOOTER_SIZE);
	if (error == 0)
		error = read_table(s, &footer, &rows);
	if (error == 0)
		error = kept_reader_open(s, &reader);
	if (error)
		goto out;
	uint64_t count = footer.table_len / KEPT_ROW_SIZE;
	if (count)
		qsort(rows, count, KEPT_ROW_SIZE, compare_positions);
	int dictionaries = check_dictionaries(s, &footer, &covered);
	error = walk_blobs(s, reader, rows, count, &covered, visit, arg);
	if (error == 0)
		error = headers ? headers : dictionaries;
	/* A row that leads to another blob's record, or a record that no row leads to. */
	if (error == 0 && covered != UINT64_MAX && covered != footer.table)
		error = -EBADMSG;
out:
	kept_reader_close(reader);
	mem_free(rows);
	return error;
}
