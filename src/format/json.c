/* JSON strings, RFC 8259 section 7. What is not plain to see (base/show.h) is written as its number, so that
 * JSON is safe on a terminal too. */
#include "format/json.h"

#include <errno.h>

#include "base/show.h"
#include "base/utf8.h"

static void append_escaped(struct buf *out, struct view bytes)
{
	int32_t c = utf8_next(&bytes);
	if (c < 0)
		c = 0xfffd;
	if (c == '\n')
		buf_append(out, VIEW("\\n"));
	else if (c < 0x10000)
		buf_printf(out, "\\u%04x", (unsigned)c);
	else
		buf_printf(out, "\\u%04x\\u%04x", 0xd800 + ((unsigned)(c - 0x10000) >> 10),
		    0xdc00 + ((unsigned)c & 0x3ff));
}

int json_append_string(struct buf *out, struct view text)
{
	struct show show = {0};
	struct view bytes;
	buf_append_byte(out, '"');
	while (text.len) {
		enum show_verdict verdict = show_next(&show, &text, &bytes);
		if (verdict == SHOW_PLAIN && (bytes.data[0] == '"' || bytes.data[0] == '\\'))
			buf_append_byte(out, '\\');
		if (verdict == SHOW_PLAIN)
			buf_append(out, bytes);
		else
			append_escaped(out, bytes);
	}
	buf_append_byte(out, '"');
	return buf_failed(out) ? -ENOBUFS : 0;
}
