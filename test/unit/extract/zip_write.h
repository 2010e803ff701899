/* A zip file for tests: stored or deflated entries, and a directory behind them. */
#ifndef TEST_UNIT_EXTRACT_ZIP_WRITE_H
#define TEST_UNIT_EXTRACT_ZIP_WRITE_H

#include <zlib.h>

#include "../unit.h"

#include "base/buf.h"

struct zip_write {
	struct buf file, directory;
	unsigned entries;
};

static inline void zip_u16(struct buf *b, uint32_t n)
{
	buf_append_u8(b, (uint8_t)n);
	buf_append_u8(b, (uint8_t)(n >> 8));
}

static inline void zip_u32(struct buf *b, uint32_t n)
{
	zip_u16(b, n & 0xffff);
	zip_u16(b, n >> 16);
}

static inline void zip_write_begin(struct zip_write *z)
{
	*z = (struct zip_write){0};
	buf_init(&z->file, 64 << 20);
	buf_init(&z->directory, 16 << 20);
}

/* Packed bytes as they are to stand there; `flags` 1: said to be encrypted. */
static inline void zip_write_raw(
    struct zip_write *z, const char *name, struct view packed, size_t len, unsigned method, unsigned flags)
{
	uint32_t offset = (uint32_t)buf_view(&z->file).len, name_len = (uint32_t)strlen(name);
	for (int directory = 0; directory < 2; directory++) {
		struct buf *b = directory ? &z->directory : &z->file;
		buf_append(b, directory ? VIEW("PK\1\2") : VIEW("PK\3\4"));
		if (directory)
			zip_u16(b, 20);
		zip_u16(b, 20);
		zip_u16(b, flags);
		zip_u16(b, method);
		zip_u32(b, 0); /* time */
		zip_u32(b, 0); /* checksum: nobody here looks at it */
		zip_u32(b, (uint32_t)packed.len);
		zip_u32(b, (uint32_t)len);
		zip_u16(b, name_len);
		zip_u16(b, directory ? 0 : 4); /* an extra field in one place only */
		if (directory) {
			zip_u16(b, 0);
			zip_u16(b, 0);
			zip_u16(b, 0);
			zip_u32(b, 0);
			zip_u32(b, offset);
		}
		buf_append_string(b, name);
		buf_append(b, directory ? VIEW("") : VIEW("abcd"));
	}
	buf_append(&z->file, packed);
	z->entries++;
}

static inline void zip_write_stored(struct zip_write *z, const char *name, const char *text)
{
	zip_write_raw(z, name, view_from_string(text), strlen(text), 0, 0);
}

/* What zlib makes of it, with its header or without. */
static inline void zip_deflate(struct view bytes, int window_bits, struct buf *packed)
{
	z_stream s = {.next_in = (z_const Bytef *)bytes.data, .avail_in = (uInt)bytes.len};
	assert_int_equal(deflateInit2(&s, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	size_t room = deflateBound(&s, bytes.len);
	s.next_out = (Bytef *)buf_reserve(packed, room);
	s.avail_out = (uInt)room;
	assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
	buf_commit(packed, s.total_out);
	deflateEnd(&s);
}

static inline void zip_write_deflated(struct zip_write *z, const char *name, struct view bytes)
{
	struct buf packed;
	buf_init(&packed, 64 << 20);
	zip_deflate(bytes, -15, &packed);
	zip_write_raw(z, name, buf_view(&packed), bytes.len, 8, 0);
	buf_done(&packed);
}

/* The file's bytes, which zip_write_done frees. */
static inline struct view zip_write_end(struct zip_write *z, const char *comment)
{
	uint32_t offset = (uint32_t)buf_view(&z->file).len;
	buf_append(&z->file, buf_view(&z->directory));
	buf_append(&z->file, VIEW("PK\5\6"));
	zip_u32(&z->file, 0);
	zip_u16(&z->file, z->entries);
	zip_u16(&z->file, z->entries);
	zip_u32(&z->file, (uint32_t)buf_view(&z->directory).len);
	zip_u32(&z->file, offset);
	zip_u16(&z->file, (uint32_t)strlen(comment));
	buf_append_string(&z->file, comment);
	assert_false(buf_failed(&z->file) || buf_failed(&z->directory));
	return buf_view(&z->file);
}

static inline void zip_write_done(struct zip_write *z)
{
	buf_done(&z->file);
	buf_done(&z->directory);
}

#endif
