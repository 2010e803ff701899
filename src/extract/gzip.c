/* See gzip.h. */
#include "extract/gzip.h"

#include <errno.h>
#include <limits.h>
#include <zlib.h>

enum {
	PIECE = 16 << 10,
	WINDOW_BITS = 15 + 16, /* zlib's largest window; 16: with gzip's header and sum */
	MEMORY_LEVEL = 8       /* zlib's default: 256 KB */
};

int gzip_bytes(struct view bytes, struct buf *out)
{
	z_stream z = {0};
	int result;
	if (bytes.len > INT_MAX)
		return -ENOBUFS;
	if (deflateInit2(
	        &z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	/* zlib does not write to its input; its type is older than const. */
	z.next_in = (z_const Bytef *)bytes.data;
	z.avail_in = (uInt)bytes.len;
	do {
		unsigned char piece[PIECE];
		z.next_out = piece;
		z.avail_out = sizeof piece;
		result = deflate(&z, Z_FINISH);
		buf_append(out, view_of(piece, sizeof piece - z.avail_out));
	} while (result == Z_OK);
	deflateEnd(&z);
	return result != Z_STREAM_END ? -ENOMEM : buf_failed(out) ? -ENOBUFS : 0;
}
