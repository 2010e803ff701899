/* Text as it is, and HTML: in any charset, of any length. */
#include "extract/extract_private.h"

#include "format/charset.h"
#include "mime/preview.h"

enum {
	/* Up to here a text is read whole, which finds a label that is untrue; longer ones pass in pieces. */
	PLAIN_WHOLE_MAX = 1 << 20,
	PLAIN_PIECE = 32 << 10,
	/* Octets at whose beginning HTML says its charset (HTML section 4.2.5.4). */
	META_MAX = 1024,
};

static void plain_in_pieces(const struct extract_file *file, struct extract_out *out)
{
	struct charset_decoder *d = charset_decoder_new(file->charset);
	struct buf text;
	buf_init(&text, 4 * PLAIN_PIECE);
	struct view rest = file->bytes;
	bool more = true;
	while (more && rest.len > 0) {
		struct view piece = view_take(rest, PLAIN_PIECE);
		rest = view_skip(rest, piece.len);
		buf_clear(&text);
		if (charset_decode(d, piece, rest.len == 0, &text) != 0)
			more = extract_end(out, EXTRACT_NO_MEMORY);
		else
			more = extract_tell(out, buf_view(&text));
	}
	buf_done(&text);
	charset_decoder_free(d);
}

void extract_plain(const struct extract_file *file, struct extract_out *out)
{
	if (file->bytes.len <= PLAIN_WHOLE_MAX)
		extract_tell_bytes(out, file->charset, file->bytes);
	else
		plain_in_pieces(file, out);
}

static bool is_label_char(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || c == ':' || c == '.' || c == '+';
}

/* What a <meta> says, both forms: charset=utf-8, and content="text/html; charset=utf-8". */
static struct view charset_of_html(struct view bytes)
{
	struct view head = view_take(bytes, META_MAX);
	while (head.len > 0) {
		ptrdiff_t at = view_find(head, '=');
		if (at < 0)
			break;
		bool said = at >= 7 && view_equal_nocase(view_of(head.data + at - 7, 7), VIEW("charset"));
		head = view_skip(head, (size_t)at + 1);
		if (!said)
			continue;
		if (head.len > 0 && (head.data[0] == '"' || head.data[0] == '\''))
			head = view_skip(head, 1);
		size_t len = 0;
		while (len < head.len && is_label_char(head.data[len]))
			len++;
		return view_take(head, len);
	}
	return VIEW("");
}

void extract_html(const struct extract_file *file, struct extract_out *out)
{
	struct view charset = file->charset.len ? file->charset : charset_of_html(file->bytes);
	struct buf html, text;
	buf_init(&text, 3 * EXTRACT_WHOLE_MAX);
	if (extract_whole(file, charset, &html, out)) {
		if (html_to_text(buf_view(&html), &text) != 0)
			extract_end(out, EXTRACT_NO_MEMORY);
		extract_tell(out, buf_view(&text));
		if (file->bytes.len > EXTRACT_WHOLE_MAX)
			extract_end(out, EXTRACT_SOME);
	}
	buf_done(&html);
	buf_done(&text);
}
