/* A header field of text: see compose_private.h. */
#include "base/utf8.h"
#include "format/encoded_word.h"
#include "format/limits.h"
#include "mime/compose_private.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* ASCII text, folded where blanks stand. */
static void write_folded(struct buf *out, struct view text, size_t column)
{
	text = view_trim(text);
	while (text.len > 0) {
		size_t blanks = 0;
		while (blanks < text.len && is_blank(text.data[blanks]))
			blanks++;
		size_t end = blanks;
		while (end < text.len && !is_blank(text.data[end]))
			end++;
		if (blanks > 0 && column + end > LINE_FOLD_AT) {
			buf_append(out, VIEW("\r\n"));
			column = 0;
		}
		buf_append(out, view_take(text, end));
		column += end;
		text = view_skip(text, end);
	}
}

/* ASCII that readers would take for something else or shorten, or that no fold makes short enough. */
static bool must_encode(struct view text)
{
	size_t word = 0;
	if (text.len > 0 && (is_blank(text.data[0]) || is_blank(text.data[text.len - 1])))
		return true;
	for (size_t i = 0; i < text.len; i++) {
		word = is_blank(text.data[i]) ? 0 : word + 1;
		if (word > LINE_MAX_OCTETS / 2 || view_starts(view_skip(text, i), VIEW("=?")))
			return true;
	}
	return false;
}

void compose_text_field(struct buf *out, struct view name, struct view text, bool exactly)
{
	size_t column = name.len + 2;
	buf_append(out, name);
	buf_append(out, VIEW(": "));
	if (!utf8_is_ascii(text) || (exactly && must_encode(text)))
		encoded_word_write(out, text, column);
	else
		write_folded(out, text, column);
	buf_append(out, VIEW("\r\n"));
}
