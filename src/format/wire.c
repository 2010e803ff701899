/* The primitives of the encodings that the store keeps: see wire.h. */
#include "format/wire.h"

int wire_put_number(struct buf *out, uint64_t n)
{
	char octets[10];
	size_t len = 0;
	for (; n >= 0x80; n >>= 7)
		octets[len++] = (char)(0x80 | (n & 0x7f));
	octets[len++] = (char)n;
	return buf_append(out, view_of(octets, len));
}

int wire_put_text(struct buf *out, struct view text)
{
	int error = wire_put_number(out, text.data ? (uint64_t)text.len + 1 : 0);
	return error ? error : buf_append(out, text);
}

uint64_t wire_number(struct cursor *c, uint64_t max)
{
	uint64_t n = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint64_t octet = cursor_u8(c);
		/* The tenth octet holds the topmost bit alone. */
		if (shift == 63 && octet > 1)
			break;
		n |= (octet & 0x7f) << shift;
		if (octet < 0x80) {
			if (n > max)
				break;
			return c->failed ? 0 : n;
		}
	}
	c->failed = true;
	return 0;
}

struct view wire_text(struct cursor *c)
{
	uint64_t n = wire_number(c, SIZE_MAX);
	return n ? cursor_bytes(c, (size_t)(n - 1)) : (struct view){0};
}

struct view wire_items(struct cursor *c, size_t size)
{
	struct view text = wire_text(c);
	if (text.len % size)
		c->failed = true;
	return text;
}

bool wire_settle(struct buf *out, size_t before, bool failed_before)
{
	if (!buf_failed(out) || failed_before)
		return !failed_before;
	buf_truncate(out, before);
	out->failed = false;
	return false;
}
