/* zlib's inflate with memory that may be missing and a limit on what comes out: inflate.h. */
#include "extract/inflate.h"

#include <errno.h>
#include <limits.h>
#include <zlib.h>

#include "base/mem.h"

enum {
	PIECE = 16 << 10,
	/* zlib's largest window, which all zip files use; negative: no header. */
	WINDOW_BITS = 15,
	GZIP = 16, /* added: with gzip's header */
};

static voidpf take_memory(voidpf opaque, uInt items, uInt size)
{
	(void)opaque;
	return size && items > SIZE_MAX / size ? NULL : mem_try((size_t)items * size);
}

static void give_memory(voidpf opaque, voidpf p)
{
	(void)opaque;
	mem_free(p);
}

static int unpack(
    z_stream *z, struct view packed, uint64_t max, inflate_take_fn *take, void *arg, uint64_t *told)
{
	unsigned char piece[PIECE];
	for (;;) {
		if (z->avail_in == 0 && packed.len > 0) {
			struct view next = view_take(packed, INT_MAX);
			/* zlib does not write to its input; its type is older than const. */
			z->next_in = (z_const Bytef *)next.data;
			z->avail_in = (uInt)next.len;
			packed = view_skip(packed, next.len);
		}
		z->next_out = piece;
		z->avail_out = sizeof piece;
		int result = inflate(z, Z_NO_FLUSH);
		size_t len = sizeof piece - z->avail_out;
		bool full = len > max - *told;
		if (full)
			len = (size_t)(max - *told);
		*told += len;
		if (len > 0 && !take(arg, view_of(piece, len)))
			return -ECANCELED;
		if (full)
			return -EFBIG;
		if (result == Z_STREAM_END)
			return 0;
		if (result == Z_MEM_ERROR)
			return -ENOMEM;
		/* Z_BUF_ERROR: it has used up all input and is not at its end. */
		if (result != Z_OK)
			return -EBADMSG;
	}
}

int inflate_bytes(struct view packed, enum inflate_wrapper wrapper, uint64_t max, inflate_take_fn *take,
    void *arg, uint64_t *told)
{
	z_stream z = {.zalloc = take_memory, .zfree = give_memory};
	uint64_t count = 0;
	int bits = wrapper == INFLATE_RAW    ? -WINDOW_BITS
	           : wrapper == INFLATE_GZIP ? GZIP + WINDOW_BITS
	                                     : WINDOW_BITS;
	int result = inflateInit2(&z, bits);
	if (result != Z_OK)
		return -ENOMEM;
	int error = unpack(&z, packed, max, take, arg, &count);
	inflateEnd(&z);
	if (told)
		*told = count;
	return error;
}
