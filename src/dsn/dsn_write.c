/* The lines that reports and gatherings of reports are made of: RFC 3464 section 2.1. */
#include <errno.h>
#include <string.h>

#include "base/show.h"
#include "base/utf8.h"
#include "dsn/dsn_private.h"
#include "format/limits.h"
#include "format/transfer.h"

enum { WRAP_AT = 76 };

void dsn_put_clean(struct buf *out, struct view text, bool utf8)
{
	if (utf8)
		show_line(out, text);
	else
		show_ascii(out, text);
}

/* A word that no line can hold is broken: the limit of RFC 5322 stands above a remote's words. */
void dsn_put_field(struct buf *out, const char *name, struct view text, bool utf8)
{
	struct buf clean;
	buf_init(&clean, 2 * text.len + 16);
	dsn_put_clean(&clean, view_trim(text), utf8);
	struct view rest = buf_view(&clean), word;
	size_t column = strlen(name) + 1;
	buf_append_string(out, name);
	buf_append_byte(out, ':');
	while (view_next(&rest, ' ', &word)) {
		/* Further blanks go: a header may not have a line of blanks alone. */
		for (bool first = true; word.len; first = false) {
			struct view piece = utf8_cut(word, LINE_MAX_OCTETS / 2);
			if (!first || (column + 1 + piece.len > LINE_FOLD_AT && column > strlen(name) + 1)) {
				buf_append_string(out, "\r\n");
				column = 0;
			}
			buf_append_byte(out, ' ');
			buf_append(out, piece);
			column += 1 + piece.len;
			word = view_skip(word, piece.len);
		}
	}
	buf_append_string(out, "\r\n");
	buf_done(&clean);
}

void dsn_put_date(struct buf *out, const char *name, int64_t seconds, int offset_minutes)
{
	struct date date = {
	    .seconds = seconds, .offset_minutes = (int16_t)offset_minutes, .zone_known = true};
	size_t before = out->len;
	if (seconds == 0)
		return;
	buf_printf(out, "%s: ", name);
	if (date_write(out, date) == -EINVAL)
		buf_truncate(out, before);
	else
		buf_append_string(out, "\r\n");
}

static void put_in_brackets(struct buf *out, const char *begin, struct view text)
{
	buf_append_string(out, begin);
	buf_append_byte(out, '<');
	dsn_put_clean(out, text, true);
	buf_append_string(out, ">\r\n");
}

void dsn_put_letter(struct buf *out, const struct dsn_letter *l)
{
	put_in_brackets(out, "From: Mail Delivery System ", l->postmaster);
	put_in_brackets(out, "To: ", l->to);
	dsn_put_field(out, "Subject", l->subject, false);
	dsn_put_date(out, "Date", l->now.seconds, l->now.offset_minutes);
	put_in_brackets(out, "Message-ID: ", l->message_id);
	buf_append_string(out, "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n");
}

void dsn_put_delimiter(struct buf *out, struct view boundary, bool last)
{
	buf_printf(out, "\r\n--=_%.*s%s\r\n", VIEW_FMT(boundary), last ? "--" : "");
}

void dsn_put_text_part(struct buf *out, struct view boundary, struct view text)
{
	struct view line;
	bool ascii = utf8_is_ascii(text);
	dsn_put_delimiter(out, boundary, false);
	buf_printf(out, "Content-Type: text/plain; charset=%s\r\n", ascii ? "us-ascii" : "utf-8");
	buf_printf(out, "Content-Transfer-Encoding: %s\r\n\r\n", ascii ? "7bit" : "quoted-printable");
	if (!ascii) {
		quoted_printable_encode(out, text, true);
		return;
	}
	while (view_next(&text, '\n', &line) && (line.len || text.len)) {
		/* Wrapping may put a word of a stranger's at a line's beginning, and a boundary's line may
		 * have text behind it. */
		if (view_starts(line, VIEW("--")))
			buf_append_byte(out, ' ');
		buf_append(out, line);
		buf_append_string(out, "\r\n");
	}
}

const char *dsn_encoding(enum dsn_content content)
{
	return content == DSN_BINARY ? "binary" : content == DSN_8BIT ? "8bit" : NULL;
}

void dsn_put_words(struct buf *out, const char *indent, struct view words)
{
	struct view word;
	size_t column = 0;
	while (view_next(&words, ' ', &word)) {
		size_t width = utf8_length(word);
		if (column > 0 && column + 1 + width > WRAP_AT) {
			buf_append_byte(out, '\n');
			column = 0;
		}
		if (column == 0) {
			buf_append_string(out, indent);
			column = strlen(indent);
		} else {
			buf_append_byte(out, ' ');
			column++;
		}
		/* No line of a text may be longer than RFC 5322 allows, whatever a remote says in one word.
		 */
		buf_append(out, utf8_cut(word, LINE_MAX_OCTETS / 2));
		column += width;
	}
	buf_append_byte(out, '\n');
}
