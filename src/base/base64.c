#include "base/base64.h"

#include <errno.h>
#include <sodium.h>

int base64_encode(struct buf *out, struct view in)
{
	size_t len = sodium_base64_encoded_len(in.len, sodium_base64_VARIANT_ORIGINAL);
	/* The library writes a NUL that is not content, so the room is taken first and then given back. */
	char *room = buf_reserve(out, len);
	if (room == NULL)
		return -ENOBUFS;
	sodium_bin2base64(room, len, (const unsigned char *)in.data, in.len, sodium_base64_VARIANT_ORIGINAL);
	buf_commit(out, len - 1);
	return 0;
}

int base64_decode(struct buf *out, struct view in)
{
	size_t len = 0;
	unsigned char *room = (unsigned char *)buf_reserve(out, in.len / 4 * 3 + 3);
	if (room == NULL)
		return -ENOBUFS;
	const char *end = NULL;
	if (sodium_base642bin(room, in.len / 4 * 3 + 3, in.data, in.len, NULL, &len, &end,
	        sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    end != in.data + in.len)
		return -EINVAL;
	buf_commit(out, len);
	return 0;
}
