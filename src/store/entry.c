/* The codec of entries: see entry.h. */
#include "store/entry.h"

#include <errno.h>
#include <string.h>

enum { MORE = 0x80, SEVEN = 0x7f };

void entry_write_fixed(char *out, size_t bytes, uint64_t n)
{
	while (bytes-- > 0) {
		out[bytes] = (char)n;
		n >>= 8;
	}
}

static bool has_room(struct entry *e, size_t bytes)
{
	if (e->failed || bytes > sizeof e->data - e->len)
		e->failed = true;
	return !e->failed;
}

void entry_begin(struct entry *e, uint8_t version)
{
	e->len = 0;
	e->failed = false;
	entry_add_fixed(e, 1, version);
}

void entry_add_fixed(struct entry *e, size_t bytes, uint64_t n)
{
	if (!has_room(e, bytes))
		return;
	entry_write_fixed(e->data + e->len, bytes, n);
	e->len += bytes;
}

/* The lowest seven bits first; the highest bit says that more follow. */
void entry_add_number(struct entry *e, uint64_t n)
{
	char bytes[ENTRY_NUMBER_MAX];
	size_t len = 0;
	for (; n > SEVEN; n >>= 7)
		bytes[len++] = (char)(MORE | (n & SEVEN));
	bytes[len++] = (char)n;
	entry_add_bytes(e, view_of(bytes, len));
}

void entry_add_bytes(struct entry *e, struct view bytes)
{
	if (!has_room(e, bytes.len))
		return;
	if (bytes.len)
		memcpy(e->data + e->len, bytes.data, bytes.len);
	e->len += bytes.len;
}

void entry_add_text(struct entry *e, struct view text)
{
	entry_add_number(e, text.len);
	entry_add_bytes(e, text);
}

void entry_add_blob(struct entry *e, const struct blob_id *id)
{
	entry_add_bytes(e, view_of(id->bytes, BLOB_ID_SIZE));
}

int entry_put(struct txn *t, uint64_t shard, struct view key, const struct entry *e)
{
	return e->failed ? -EMSGSIZE : txn_put(t, shard, key, entry_view(e));
}

struct cursor entry_read(struct view value, uint8_t version)
{
	struct cursor c = cursor_on(value);
	if (cursor_u8(&c) < version)
		c.failed = true;
	return c;
}

uint64_t entry_take_fixed(struct cursor *c, size_t bytes)
{
	struct view v = cursor_bytes(c, bytes);
	uint64_t n = 0;
	for (size_t i = 0; i < v.len; i++)
		n = n << 8 | (unsigned char)v.data[i];
	return n;
}

/* Lists are read by hundreds of thousands of entries, so the bytes are looked at where they are. */
uint64_t entry_take_long_number(struct cursor *c)
{
	const unsigned char *bytes = (const unsigned char *)c->rest.data;
	uint64_t n = 0;
	for (size_t i = 0; i < c->rest.len && i < ENTRY_NUMBER_MAX && !c->failed; i++) {
		unsigned shift = 7 * (unsigned)i;
		uint64_t part = bytes[i] & SEVEN;
		if ((i > 0 && bytes[i] == 0) || part << shift >> shift != part)
			break;
		n |= part << shift;
		if (!(bytes[i] & MORE)) {
			c->rest = view_of(bytes + i + 1, c->rest.len - i - 1);
			return n;
		}
	}
	c->failed = true;
	return 0;
}

void entry_take_blob(struct cursor *c, struct blob_id *id)
{
	struct view bytes = cursor_bytes(c, BLOB_ID_SIZE);
	*id = (struct blob_id){{0}};
	if (bytes.len == BLOB_ID_SIZE)
		memcpy(id->bytes, bytes.data, BLOB_ID_SIZE);
}

uint64_t entry_take_limited(struct cursor *c, uint64_t max)
{
	uint64_t n = entry_take_number(c);
	if (n <= max)
		return n;
	c->failed = true;
	return 0;
}

struct view entry_take_text(struct cursor *c)
{
	return cursor_bytes(c, (size_t)entry_take_limited(c, STORE_ENTRY_MAX));
}

int entry_result(const struct cursor *c)
{
	return cursor_ok(c) ? 0 : -EBADMSG;
}
