/* See header_text.h. */
#include "format/header_text.h"

#include "base/utf8.h"
#include "format/encoded_word.h"
#include "format/nfc.h"

static bool is_plain(struct view v)
{
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.data[i];
		/* "=?" begins an encoded word; escape one of ISO-2022-JP. */
		if (c >= 0x7f || c < ' ' || (c == '=' && i + 1 < v.len && v.data[i + 1] == '?'))
			return false;
	}
	return true;
}

/* Control characters that an encoded word brought are dropped (section 4.1.2.2); a tab may stand in any text.
 */
static void drop_controls(struct buf *text)
{
	struct view v = buf_view(text);
	char *to = text->data ? text->data + text->start : NULL;
	size_t kept = 0;
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.data[i];
		if ((c >= ' ' && c != 0x7f) || c == '\t')
			to[kept++] = (char)c;
	}
	buf_truncate(text, kept);
}

/* How much of the text can be normalised for itself: no character of ASCII joins the one before it. */
static size_t piece_len(struct view text)
{
	if (text.len <= NFC_TEXT_MAX)
		return text.len;
	for (size_t n = NFC_TEXT_MAX; n > 0; n--)
		if ((unsigned char)text.data[n] < 0x80)
			return n;
	size_t n = NFC_TEXT_MAX;
	while (n > 1 && ((unsigned char)text.data[n] & 0xc0) == 0x80)
		n--;
	return n;
}

struct view header_text_normal(struct view text, struct buf *normal)
{
	if (utf8_is_ascii(text))
		return text;
	buf_clear(normal);
	for (struct view rest = text; rest.len > 0;) {
		struct view piece = view_take(rest, piece_len(rest));
		if (nfc_append(piece, normal) != 0)
			return text;
		rest = view_skip(rest, piece.len);
	}
	return buf_view(normal);
}

struct view header_text(struct view body, struct buf *decoded, struct buf *normal)
{
	body = view_trim(body);
	if (is_plain(body))
		return body;
	buf_clear(decoded);
	encoded_word_decode(body, decoded); /* what has no room is left out */
	drop_controls(decoded);
	return header_text_normal(view_trim(buf_view(decoded)), normal);
}
