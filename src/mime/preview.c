/* Previews: RFC 8621 section 4.1.4. Made at delivery from the beginnings of texts that the MIME parser
 * keeps. */
#include "mime/preview.h"

#include <errno.h>

#include "base/utf8.h"
#include "format/charset.h"
#include "format/limits.h"

/* Blanks of all kinds, and the invisible characters with which advertisers fill the previews of others. */
static bool is_invisible(int32_t c)
{
	return c <= ' ' || c == 0x7f || (c >= 0x80 && c <= 0xa0) || c == 0xad || c == 0x34f || c == 0x61c ||
	       c == 0x1680 || c == 0x180e || (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f) ||
	       (c >= 0x205f && c <= 0x206f) || c == 0x3000 || c == 0xfeff;
}

/* Zero-width joiners hold emoji and whole scripts together: inside a word they stay. */
static bool is_joiner(int32_t c)
{
	return c == 0x200c || c == 0x200d;
}

/* Appends text with single spaces, cut before the character that would not fit. */
static int append_line(struct view text, struct buf *out)
{
	size_t start = out->len;
	bool blank = false;
	while (text.len) {
		struct view before = text;
		int32_t c = utf8_next(&text);
		bool in_word = !blank && text.len && (unsigned char)text.data[0] > ' ';
		if (is_invisible(c) && !(is_joiner(c) && in_word && out->len > start)) {
			blank = true;
			continue;
		}
		size_t width = before.len - text.len + (blank && out->len > start);
		if (out->len - start + width > PREVIEW_MAX)
			break;
		if (blank && out->len > start)
			buf_append_byte(out, ' ');
		blank = false;
		buf_append(out, view_take(before, before.len - text.len));
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}

static int append_part(const struct mime_part *part, struct view raw, bool html, struct buf *out)
{
	struct transfer_decoder d;
	struct buf octets, text, shown;
	bool defective = false;
	buf_init(&octets, raw.len + 16);
	buf_init(&text, 4 * raw.len + 16);
	buf_init(&shown, 4 * raw.len + 16);
	struct view charset = parameter_find(&part->type.parameters, VIEW("charset"));
	transfer_decoder_init(&d, part->encoding);
	d.shows_footer = !charset_keeps_no_state(charset);
	int error = transfer_decode(&d, raw, &octets);
	if (error == 0)
		error = transfer_decode_end(&d, &octets);
	if (error == 0)
		error = charset_to_utf8(charset, buf_view(&octets), &text, &defective);
	if (error == 0 && html)
		error = html_to_text(buf_view(&text), &shown);
	if (error == 0)
		error = append_line(buf_view(html ? &shown : &text), out);
	buf_done(&octets);
	buf_done(&text);
	buf_done(&shown);
	return error;
}

int preview_append(const struct mime_parser *parser, const struct mime_tree *tree, struct buf *out)
{
	static const char *const subtypes[] = {"plain", "html"};
	struct view raw[2];
	size_t part[2] = {SIZE_MAX, SIZE_MAX}, before = out->len;
	for (size_t i = 0; i < 2; i++)
		mime_parser_text(parser, subtypes[i], &raw[i], &part[i]);
	/* The one that comes first: in alternatives that is the plain one, and a footer of its own comes
	 * last. */
	size_t first = part[1] < part[0];
	for (size_t i = 0; i < 2 && out->len == before; i++) {
		size_t n = i ? !first : first;
		int error = part[n] == SIZE_MAX ? 0 : append_part(&tree->parts[part[n]], raw[n], n == 1, out);
		if (error)
			return error;
	}
	return 0;
}
