/* Writing kept files of kept.h: zstd pays here, where a blob is written once and seldom read; delivery never
 * waits for it. */
#include "store/kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zdict.h>
#include <zstd.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "store/file.h"

enum { LEVEL = 3, DICTIONARY_LEAST = 256 /* bytes: the trainer makes none below */ };

void kept_footer_encode(
    const struct segment *s, const struct kept_footer *f, uint64_t position, char out[KEPT_FOOTER_SIZE])
{
	struct buf b;
	buf_init(&b, KEPT_FOOTER_SIZE);
	buf_append_u64(&b, f->table);
	buf_append_u64(&b, f->table_len);
	buf_append_u64(&b, f->table_sum);
	buf_append_u64(&b, f->raw);
	buf_append_u32(&b, f->dictionaries[0]);
	buf_append_u32(&b, f->dictionaries[1]);
	buf_append_u64(&b, segment_sum(s, position, buf_view(&b)));
	memcpy(out, buf_view(&b).data, KEPT_FOOTER_SIZE);
	buf_done(&b);
}

bool kept_footer_decode(
    const struct segment *s, const char in[KEPT_FOOTER_SIZE], uint64_t position, struct kept_footer *f)
{
	struct cursor c = cursor_on(view_of(in, KEPT_FOOTER_SIZE));
	struct kept_footer read = {.table = cursor_u64(&c)};
	read.table_len = cursor_u64(&c);
	read.table_sum = cursor_u64(&c);
	read.raw = cursor_u64(&c);
	read.dictionaries[0] = cursor_u32(&c);
	read.dictionaries[1] = cursor_u32(&c);
	if (cursor_u64(&c) != segment_sum(s, position, view_of(in, KEPT_FOOTER_SIZE - 8)) ||
	    read.table > position || read.table_len != position - read.table ||
	    read.table_len % KEPT_ROW_SIZE != 0 || read.table_len > KEPT_TABLE_MAX)
		return false;
	*f = read;
	return true;
}

/* The samples are strangers' mail: what was made of them is tried before anything depends on it. */
static bool is_usable(struct view dictionary)
{
	ZSTD_CDict *packing = ZSTD_createCDict(dictionary.data, dictionary.len, LEVEL);
	ZSTD_DDict *reading = ZSTD_createDDict(dictionary.data, dictionary.len);
	bool usable = packing && reading;
	ZSTD_freeCDict(packing);
	ZSTD_freeDDict(reading);
	return usable;
}

int kept_train(struct view bytes, const size_t *lengths, unsigned count, size_t most, struct buf *dictionary)
{
	size_t size = most < KEPT_DICTIONARY_MAX ? most : KEPT_DICTIONARY_MAX;
	buf_clear(dictionary);
	if (count == 0 || size < DICTIONARY_LEAST)
		return 0;
	char *room = buf_reserve(dictionary, size);
	if (room == NULL)
		return -ENOMEM;
	size_t len = ZDICT_trainFromBuffer(room, size, bytes.data, lengths, count);
	if (!ZDICT_isError(len) && is_usable(view_of(room, len)))
		buf_commit(dictionary, len);
	return 0;
}

/* Writes the record whose `len` bytes of content stand in the scratch behind room for its header. */
static int write_record(struct kept_writer *w, enum record_type type, const struct blob_id *id, size_t len)
{
	char *room = w->scratch.data + w->scratch.start;
	struct record r = {
	    .type = type,
	    .position = (uint32_t)w->position,
	    .blob_bytes = len,
	    .kept = *id,
	    .redo_sum = segment_sum(
	        &w->segment, w->position + RECORD_HEADER_SIZE, view_of(room + RECORD_HEADER_SIZE, len)),
	};
	record_encode(&w->segment, &r, room);
	uint64_t space = record_space(&r);
	memset(room + RECORD_HEADER_SIZE + len, 0, space - RECORD_HEADER_SIZE - len);
	int error = file_write_at(w->segment.fd, view_of(room, space), w->position);
	if (error == 0)
		w->position += space;
	return error;
}

/* Room for a record with so much content; NULL without memory. */
static char *content_room(struct kept_writer *w, size_t len)
{
	buf_clear(&w->scratch);
	char *room = buf_reserve(&w->scratch, RECORD_HEADER_SIZE + len + RECORD_ALIGN);
	return room ? room + RECORD_HEADER_SIZE : NULL;
}

static int write_dictionary(struct kept_writer *w, uint32_t *position)
{
	static const struct blob_id none;
	struct view bytes = buf_view(&w->dictionary);
	if (bytes.len == 0)
		return 0;
	char *room = content_room(w, bytes.len);
	if (room == NULL)
		return -ENOMEM;
	memcpy(room, bytes.data, bytes.len);
	*position = (uint32_t)w->position;
	return write_record(w, RECORD_DICTIONARY, &none, bytes.len);
}

static int make_context(struct kept_writer *w)
{
	struct view bytes = buf_view(&w->dictionary);
	w->context = ZSTD_createCCtx();
	w->reading = ZSTD_createDCtx();
	if (bytes.len) {
		w->shared = ZSTD_createCDict(bytes.data, bytes.len, LEVEL);
		w->shared_reading = ZSTD_createDDict(bytes.data, bytes.len);
	}
	bool whole = w->context && w->reading && (bytes.len == 0 || (w->shared && w->shared_reading));
	return whole ? 0 : -ENOMEM;
}

int kept_begin(struct kept_writer *w, int folder_fd, const char *name, uint32_t id, uint64_t snapshot_lsn,
    struct view dictionary)
{
	*w = (struct kept_writer){.segment.fd = -1, .position = SEGMENT_HEADER_SIZE};
	buf_init(&w->table, KEPT_TABLE_MAX);
	buf_init(&w->scratch, ZSTD_COMPRESSBOUND(KEPT_BLOB_MAX) + RECORD_HEADER_SIZE + RECORD_ALIGN);
	buf_init(&w->unpacked, KEPT_BLOB_MAX);
	buf_init(&w->dictionary, KEPT_DICTIONARY_MAX);
	buf_append(&w->dictionary, dictionary);
	int error = buf_failed(&w->dictionary) ? -ENOMEM : make_context(w);
	if (error == 0)
		error = segment_create(&w->segment, folder_fd, name, SEGMENT_KEPT, id, snapshot_lsn);
	if (error == 0)
		error = write_dictionary(w, &w->first_dictionary);
	if (error)
		kept_writer_done(w);
	return error;
}

/* The bytes that came are gone soon: so what they became is unpacked once before. */
static int check_packed(struct kept_writer *w, struct view packed, struct view content)
{
	buf_clear(&w->unpacked);
	char *room = buf_reserve(&w->unpacked, content.len ? content.len : 1);
	if (room == NULL)
		return -ENOMEM;
	size_t n = w->shared_reading
	               ? ZSTD_decompress_usingDDict(
	                     w->reading, room, content.len, packed.data, packed.len, w->shared_reading)
	               : ZSTD_decompressDCtx(w->reading, room, content.len, packed.data, packed.len);
	return !ZSTD_isError(n) && view_equal(view_of(room, n), content) ? 0 : -EBADMSG;
}

int kept_add(struct kept_writer *w, const struct blob_id *id, struct view content)
{
	size_t bound = ZSTD_compressBound(content.len);
	char *room = content_room(w, bound);
	if (room == NULL)
		return -ENOMEM;
	size_t packed =
	    w->shared
	        ? ZSTD_compress_usingCDict(w->context, room, bound, content.data, content.len, w->shared)
	        : ZSTD_compressCCtx(w->context, room, bound, content.data, content.len, LEVEL);
	if (ZSTD_isError(packed))
		return -EBADMSG;
	int error = check_packed(w, view_of(room, packed), content);
	if (error)
		return error;
	/* Behind it there must be room for the second dictionary. */
	if (w->position > UINT32_MAX - bound - 2 * (RECORD_HEADER_SIZE + RECORD_ALIGN) - KEPT_DICTIONARY_MAX)
		return -EFBIG;
	buf_append(&w->table, view_of(id->bytes, BLOB_ID_SIZE));
	buf_append_u32(&w->table, (uint32_t)w->position);
	w->raw += segment_blob_space(content.len) + RECORD_HEADER_SIZE;
	return buf_failed(&w->table) ? -ENOMEM : write_record(w, RECORD_KEPT, id, packed);
}

static int compare_rows(const void *a, const void *b)
{
	return memcmp(a, b, BLOB_ID_SIZE);
}

int kept_finish(struct kept_writer *w)
{
	char bytes[KEPT_FOOTER_SIZE];
	struct view table = buf_view(&w->table);
	int error = write_dictionary(w, &w->second_dictionary);
	if (error)
		return error;
	if (table.len)
		qsort(w->table.data + w->table.start, table.len / KEPT_ROW_SIZE, KEPT_ROW_SIZE, compare_rows);
	struct kept_footer footer = {
	    .table = w->position,
	    .table_len = table.len,
	    .table_sum = segment_sum(&w->segment, w->position, table),
	    .raw = w->raw,
	    .dictionaries = {w->first_dictionary, w->second_dictionary},
	};
	kept_footer_encode(&w->segment, &footer, w->position + table.len, bytes);
	error = file_write_at(w->segment.fd, table, w->position);
	if (error == 0)
		error = file_write_at(w->segment.fd, view_of(bytes, sizeof bytes), w->position + table.len);
	if (error == 0)
		error = segment_write_header_copy(&w->segment, w->position + table.len + sizeof bytes);
	return error ? error : file_sync(w->segment.fd);
}

void kept_writer_done(struct kept_writer *w)
{
	ZSTD_freeCDict(w->shared);
	ZSTD_freeCCtx(w->context);
	ZSTD_freeDDict(w->shared_reading);
	ZSTD_freeDCtx(w->reading);
	w->shared = NULL;
	w->context = NULL;
	w->shared_reading = NULL;
	w->reading = NULL;
	segment_close(&w->segment);
	buf_done(&w->table);
	buf_done(&w->scratch);
	buf_done(&w->unpacked);
	buf_done(&w->dictionary);
}
