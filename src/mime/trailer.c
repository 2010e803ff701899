/* Sections behind a message's body: see trailer.h. */
#include "mime/trailer.h"

#include <errno.h>

#include "base/cursor.h"

enum { VERSION = 1 };

int trailer_append(struct buf *trailer, enum trailer_section tag, struct view content)
{
	if (content.len > UINT32_MAX)
		return -EMSGSIZE;
	if (buf_view(trailer).len == 0)
		buf_append_u8(trailer, VERSION);
	buf_append_u8(trailer, (uint8_t)tag);
	buf_append_u32(trailer, (uint32_t)content.len);
	return buf_append(trailer, content);
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
