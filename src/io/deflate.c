/* The compression (RFC 1951) of deflate.h, by zlib. */
#include "io/deflate.h"

#include <errno.h>
#include <zlib.h>

#include "base/mem.h"

enum {
	LEVEL = 3, /* half of what is said shrinks to a third; more costs more time than it saves lines */
	/* 8 KB of history, and hash chains to match: 64 KB a session instead of 256. Unpacking needs all 32
	 * KB, since the peer chooses. */
	WINDOW_BITS = -13,
	MEMORY_LEVEL = 6,
	UNPACK_BITS = -15,
	CHUNK = 16 * 1024
};

struct deflate {
	z_stream pack, unpack;
};

struct deflate *deflate_new(void)
{
	struct deflate *d = mem_alloc(sizeof *d);
	if (deflateInit2(&d->pack, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
	    Z_OK) {
		mem_free(d);
		return NULL;
	}
	if (inflateInit2(&d->unpack, UNPACK_BITS) != Z_OK) {
		deflateEnd(&d->pack);
		mem_free(d);
		return NULL;
	}
	return d;
}

void deflate_free(struct deflate *d)
{
	if (d == NULL)
		return;
	deflateEnd(&d->pack);
	inflateEnd(&d->unpack);
	mem_free(d);
}

int deflate_pack(struct deflate *d, struct view plain, struct buf *out)
{
	z_stream *z = &d->pack;
	z->next_in = (Bytef *)(uintptr_t)plain.data;
	z->avail_in = (uInt)plain.len;
	do {
		char *room = buf_reserve(out, CHUNK);
		if (room == NULL)
			return -ENOMEM;
		z->next_out = (Bytef *)room;
		z->avail_out = CHUNK;
		int result = deflate(z, Z_SYNC_FLUSH);
		if (result != Z_OK && result != Z_BUF_ERROR)
			return -EIO;
		buf_commit(out, CHUNK - z->avail_out);
	} while (z->avail_out == 0);
	return 0;
}

ssize_t deflate_unpack(struct deflate *d, struct view *packed, char *out, size_t room)
{
	z_stream *z = &d->unpack;
	z->next_in = (Bytef *)(uintptr_t)packed->data;
	z->avail_in = (uInt)packed->len;
	z->next_out = (Bytef *)out;
	z->avail_out = (uInt)room;
	int result = inflate(z, Z_SYNC_FLUSH);
	*packed = view_of(z->next_in, z->avail_in);
	if (result == Z_MEM_ERROR)
		return -ENOMEM;
	if (result != Z_OK && result != Z_BUF_ERROR)
		return -EBADMSG;
	return (ssize_t)(room - z->avail_out);
}
