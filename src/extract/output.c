/* Where text goes: pieces of whole characters, the limit, and the reason for an end. */
#include "extract/extract_private.h"

#include "base/utf8.h"
#include "format/charset.h"

bool extract_end(struct extract_out *out, enum extract_verdict why)
{
	if (out->verdict == EXTRACT_ALL)
		out->verdict = why;
	return false;
}

static bool flush(struct extract_out *out)
{
	size_t len = out->len;
	out->len = 0;
	return len == 0 || out->text(out->arg, view_of(out->piece, len)) || extract_end(out, EXTRACT_STOPPED);
}

/* One character, as it is written in UTF-8. */
static bool tell_whole(struct extract_out *out, struct view c)
{
	if (out->verdict != EXTRACT_ALL)
		return false;
	if (out->told + c.len > EXTRACT_TEXT_MAX)
		return extract_end(out, EXTRACT_SOME);
	if (out->len + c.len > sizeof out->piece && !flush(out))
		return false;
	for (size_t i = 0; i < c.len; i++)
		out->piece[out->len++] = c.data[i];
	out->told += c.len;
	return true;
}

bool extract_tell(struct extract_out *out, struct view utf8)
{
	bool more = out->verdict == EXTRACT_ALL;
	while (utf8.len > 0 && more) {
		struct view before = utf8;
		int32_t c = utf8_next(&utf8);
		struct view whole = view_take(before, before.len - utf8.len);
		if (c < 0)
			whole = VIEW("\xef\xbf\xbd");
		else if ((c < ' ' && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0))
			whole = VIEW(" ");
		more = tell_whole(out, whole);
	}
	return more;
}

bool extract_tell_char(struct extract_out *out, int32_t code_point)
{
	struct buf c;
	buf_init(&c, 8);
	if (utf8_append(&c, code_point) != 0)
		extract_end(out, EXTRACT_NO_MEMORY);
	else
		extract_tell(out, buf_view(&c));
	buf_done(&c);
	return out->verdict == EXTRACT_ALL;
}

bool extract_tell_bytes(struct extract_out *out, struct view charset, struct view bytes)
{
	struct buf text;
	bool defective = false;
	/* A byte becomes three octets at most. */
	buf_init(&text, 3 * bytes.len + 16);
	if (charset_to_utf8(charset, bytes, &text, &defective) != 0)
		extract_end(out, EXTRACT_NO_MEMORY);
	else
		extract_tell(out, buf_view(&text));
	buf_done(&text);
	return out->verdict == EXTRACT_ALL;
}

bool extract_whole(
    const struct extract_file *file, struct view charset, struct buf *text, struct extract_out *out)
{
	struct view bytes = view_take(file->bytes, EXTRACT_WHOLE_MAX);
	bool defective = false;
	/* Two octets for each byte is what the densest alphabet in an 8-bit charset takes. */
	buf_init(text, 3 * EXTRACT_WHOLE_MAX);
	if (charset_to_utf8(charset, bytes, text, &defective) != 0)
		return extract_end(out, EXTRACT_NO_MEMORY);
	return true;
}
