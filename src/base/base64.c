/* Base64, by libsodium, which refuses what is not in its shortest and only form. */
#include "base/base64.h"

#include <errno.h>
#include <sodium.h>

static int encode(struct buf *out, struct view in, int variant)
{
	size_t len = sodium_base64_encoded_len(in.len, variant);
	/* The library writes a NUL that is not content, so the room is taken first and then given back. */
	char *room = buf_reserve(out, len);
	if (room == NULL)
		return -ENOBUFS;
	sodium_bin2base64(room, len, (const unsigned char *)in.data, in.len, variant);
	buf_commit(out, len - 1);
	return 0;
}

static int decode(struct buf *out, struct view in, int variant)
{
	size_t len = 0;
	unsigned char *room = (unsigned char *)buf_reserve(out, in.len / 4 * 3 + 3);
	if (room == NULL)
		return -ENOBUFS;
	const char *end = NULL;
	if (sodium_base642bin(room, in.len / 4 * 3 + 3, in.data, in.len, NULL, &len, &end, variant) != 0 ||
	    end != in.data + in.len)
		return -EINVAL;
	buf_commit(out, len);
	return 0;
}

int base64_encode(struct buf *out, struct view in)
{
	return encode(out, in, sodium_base64_VARIANT_ORIGINAL);
}

int base64_decode(struct buf *out, struct view in)
{
	return decode(out, in, sodium_base64_VARIANT_ORIGINAL);
}

int base64url_encode(struct buf *out, struct view in)
{
	return encode(out, in, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

int base64url_decode(struct buf *out, struct view in)
{
	return decode(out, in, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
