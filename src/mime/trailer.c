/* Sections behind a message's body: see trailer.h. */
#include "mime/trailer.h"

#include <errno.h>

#include "base/cursor.h"
#include "format/limits.h"

enum { VERSION = 1, LENGTH_SIZE = 4 };

size_t trailer_begin(struct buf *trailer, enum trailer_section tag)
{
	size_t begun = trailer->len;
	if (begun == 0)
		buf_append_u8(trailer, VERSION);
	buf_append_u8(trailer, (uint8_t)tag);
	buf_append_u32(trailer, 0);
	return begun;
}

int trailer_end(struct buf *trailer, size_t begun, int result)
{
	/* The first section has the version before it. */
	size_t content = begun + (begun == 0) + 1 + LENGTH_SIZE;
	if (result == 0 && buf_failed(trailer))
		result = -ENOBUFS;
	if (result == 0 && trailer->len - content > UINT32_MAX)
		result = -EMSGSIZE;
	if (result) {
		buf_truncate(trailer, begun);
		trailer->failed = false;
		return result;
	}
	uint32_t len = (uint32_t)(trailer->len - content);
	char *length = trailer->data + trailer->start + content - LENGTH_SIZE;
	for (int i = 0; i < LENGTH_SIZE; i++)
		length[i] = (char)(len >> (8 * (LENGTH_SIZE - 1 - i)));
	return 0;
}

int trailer_append(struct buf *trailer, enum trailer_section tag, struct view content)
{
	size_t begun = trailer_begin(trailer, tag);
	return trailer_end(trailer, begun, buf_append(trailer, content));
}

bool trailer_find(struct view trailer, enum trailer_section tag, struct view *content)
{
	struct cursor c = cursor_on(trailer);
	if (cursor_u8(&c) != VERSION)
		return false;
	while (!cursor_at_end(&c)) {
		uint8_t found = cursor_u8(&c);
		struct view section = cursor_bytes(&c, cursor_u32(&c));
		if (!cursor_ok(&c))
			return false;
		if (found == tag) {
			*content = section;
			return true;
		}
	}
	return false;
}

struct view trailer_short_structure(struct view trailer)
{
	struct view structure;
	bool is_short =
	    trailer_find(trailer, TRAILER_STRUCTURE, &structure) && structure.len <= STRUCTURE_INLINE_MAX;
	return is_short ? structure : (struct view){0};
}
