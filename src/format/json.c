/* JSON strings, RFC 8259 section 7. */
#include "format/json.h"

#include <errno.h>

#include "base/utf8.h"

int json_append_string(struct buf *out, struct view text)
{
	buf_append_byte(out, '"');
	while (text.len) {
		int32_t c = utf8_next(&text);
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (char)c);
		else if (c == '\n')
			buf_append(out, VIEW("\\n"));
		else if (c >= 0 && (c < ' ' || c == 0x7f || c == 0x2028 || c == 0x2029))
			buf_printf(out, "\\u%04x", (unsigned)c);
		else
			utf8_append(out, c < 0 ? 0xfffd : c);
	}
	buf_append_byte(out, '"');
	return buf_failed(out) ? -ENOBUFS : 0;
}
