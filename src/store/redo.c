/* The encoding of redo.h. */
#include "store/redo.h"

void redo_begin(struct buf *b, const uint64_t *lengths, size_t count)
{
	buf_append_u8(b, (uint8_t)count);
	for (size_t i = 0; i < count; i++)
		buf_append_u64(b, lengths[i]);
}

void redo_put(struct buf *b, uint64_t shard, struct view key, struct view value)
{
	buf_append_u8(b, REDO_PUT);
	buf_append_u64(b, shard);
	buf_append_u16(b, (uint16_t)key.len);
	buf_append_u16(b, (uint16_t)value.len);
	buf_append(b, key);
	buf_append(b, value);
}

void redo_delete(struct buf *b, uint64_t shard, struct view key)
{
	buf_append_u8(b, REDO_DELETE);
	buf_append_u64(b, shard);
	buf_append_u16(b, (uint16_t)key.len);
	buf_append(b, key);
}

bool redo_read_lengths(struct cursor *c, uint64_t lengths[STORE_UPLOADS_MAX], size_t *count)
{
	size_t n = cursor_u8(c);
	if (n > STORE_UPLOADS_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		lengths[i] = cursor_u64(c);
	*count = n;
	return cursor_ok(c);
}

bool redo_read_change(struct cursor *c, struct redo_change *change)
{
	uint8_t op = cursor_u8(c);
	uint64_t shard = cursor_u64(c);
	size_t key_len = cursor_u16(c), value_len = op == REDO_PUT ? cursor_u16(c) : 0;
	struct view key = cursor_bytes(c, key_len), value = cursor_bytes(c, value_len);
	if (!cursor_ok(c) || (op != REDO_PUT && op != REDO_DELETE))
		return false;
	*change = (struct redo_change){op, shard, key, value};
	return true;
}
