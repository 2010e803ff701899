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

/* libsodium 1.0.18 takes octets above 0x7f for an "A" where char has a sign. */
static bool is_ascii(struct view in)
{
	unsigned char all = 0;
	for (size_t i = 0; i < in.len; i++)
		all |= (unsigned char)in.data[i];
	return all < 0x80;
}

static int read_all(struct view in, unsigned char *out, size_t room, size_t *len, int variant)
{
	const char *end = NULL;
	if (!is_ascii(in) || sodium_base642bin(out, room, in.data, in.len, NULL, len, &end, variant) != 0)
		return -EINVAL;
	return end == in.data + in.len ? 0 : -EINVAL;
}

static int decode(struct buf *out, struct view in, int variant)
{
	size_t len = 0, most = in.len / 4 * 3 + 3;
	unsigned char *room = (unsigned char *)buf_reserve(out, most);
	if (room == NULL)
		return -ENOBUFS;
	if (read_all(in, room, most, &len, variant) != 0)
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

int base64url_read(struct view in, void *out, size_t room, size_t *len)
{
	return read_all(in, out, room, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
