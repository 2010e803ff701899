/* The checked cursor of cursor.h. */
#include "base/cursor.h"

struct view cursor_bytes(struct cursor *c, size_t n)
{
	if (c->failed || n > c->rest.len) {
		c->failed = true;
		return (struct view){0};
	}
	struct view taken = {c->rest.data, n};
	if (n > 0) { /* and the rest may be NULL */
		c->rest.data += n;
		c->rest.len -= n;
	}
	return taken;
}

static uint64_t integer(struct cursor *c, size_t bytes)
{
	struct view v = cursor_bytes(c, bytes);
	uint64_t n = 0;
	for (size_t i = 0; i < v.len; i++)
		n = n << 8 | (uint8_t)v.data[i];
	return n;
}

/* Of its own: stored values are made of single octets mostly. */
uint8_t cursor_u8(struct cursor *c)
{
	if (c->failed || c->rest.len == 0) {
		c->failed = true;
		return 0;
	}
	c->rest.len--;
	return (uint8_t)*c->rest.data++;
}

uint16_t cursor_u16(struct cursor *c)
{
	return (uint16_t)integer(c, 2);
}

uint32_t cursor_u32(struct cursor *c)
{
	return (uint32_t)integer(c, 4);
}

uint64_t cursor_u64(struct cursor *c)
{
	return integer(c, 8);
}

bool cursor_accept(struct cursor *c, char byte)
{
	if (c->rest.len == 0 || c->rest.data[0] != byte)
		return false;
	c->rest = view_skip(c->rest, 1);
	return true;
}

bool cursor_accept_nocase(struct cursor *c, struct view word)
{
	if (!view_starts_nocase(c->rest, word))
		return false;
	c->rest = view_skip(c->rest, word.len);
	return true;
}

int cursor_peek(const struct cursor *c)
{
	return c->rest.len ? (unsigned char)c->rest.data[0] : -1;
}

struct view cursor_while(struct cursor *c, bool (*belongs)(char))
{
	size_t n = 0;
	while (n < c->rest.len && belongs(c->rest.data[n]))
		n++;
	struct view run = view_take(c->rest, n);
	c->rest = view_skip(c->rest, n);
	return run;
}
