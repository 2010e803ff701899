/*
 * Quoted-printable and base64, written: RFC 2045 sections 6.7 and 6.8. What has to be seen before an octet
 * can be written (a line end behind a blank, a whole line of base64) is held back between pieces.
 */
#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "format/transfer.h"

enum {
	LINE = 76,
	BASE64_LINE_IN = LINE / 4 * 3,
	AHEAD = 5 /* octets that decide about one: "From " */
};

_Static_assert((int)TRANSFER_HELD_MAX >= (int)BASE64_LINE_IN && (int)TRANSFER_HELD_MAX >= 2 * (int)AHEAD,
    "a line, or twice what is looked ahead");

void transfer_encoder_init(struct transfer_encoder *e, enum transfer_encoding encoding, bool text)
{
	*e = (struct transfer_encoder){.encoding = encoding, .text = text};
}

/* ---- base64 ---- */

static void put_line(struct view octets, struct buf *out)
{
	base64_encode(out, octets);
	buf_append(out, VIEW("\r\n"));
}

static void hold(struct transfer_encoder *e, struct view octets)
{
	if (octets.len > 0)
		memcpy(e->held + e->count, octets.data, octets.len);
	e->count += (unsigned)octets.len;
}

static void base64_some(struct transfer_encoder *e, struct view in, struct buf *out)
{
	if (e->count > 0) {
		struct view rest = view_take(in, BASE64_LINE_IN - e->count);
		hold(e, rest);
		in = view_skip(in, rest.len);
		if (e->count < BASE64_LINE_IN)
			return;
		put_line(view_of(e->held, e->count), out);
		e->count = 0;
	}
	while (in.len >= BASE64_LINE_IN) {
		put_line(view_take(in, BASE64_LINE_IN), out);
		in = view_skip(in, BASE64_LINE_IN);
	}
	hold(e, in);
}

/* ---- quoted-printable ---- */

/*
 * A blank before a line end, and a line of one dot or beginning with "From ", would not survive every host.
 */
static bool must_escape(struct view rest, size_t column, bool text)
{
	char c = rest.data[0];
	bool line_ends = rest.len == 1 || (text && (rest.data[1] == '\n' || rest.data[1] == '\r'));
	if (c == ' ' || c == '\t')
		return line_ends;
	if (column == 0 && (c == '.' || (c == 'F' && view_starts(rest, VIEW("From ")))))
		return true;
	return !ascii_is_print(c) || c == '=';
}

static void put_octet(struct transfer_encoder *e, struct view rest, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char c = (unsigned char)rest.data[0];
	bool escape = must_escape(rest, e->column, e->text);
	if (e->column + (escape ? 3 : 1) > LINE - 1) {
		buf_append(out, VIEW("=\r\n"));
		e->column = 0;
		escape = must_escape(rest, 0, e->text);
	}
	char text[3] = {'=', digits[c >> 4], digits[c & 15]};
	if (escape)
		buf_append(out, view_of(text, sizeof text));
	else
		buf_append_byte(out, (char)c);
	e->column += escape ? 3 : 1;
}

/* Writes until less than AHEAD octets are left, or all at the end; returns how many were written. */
static size_t quoted_printable_run(struct transfer_encoder *e, struct view in, bool end, struct buf *out)
{
	size_t at = 0;
	while (in.len - at >= AHEAD || (end && at < in.len)) {
		struct view rest = view_skip(in, at);
		size_t line_end = view_starts(rest, VIEW("\r\n")) ? 2 : rest.data[0] == '\n';
		if (e->text && line_end) {
			buf_append(out, VIEW("\r\n"));
			e->column = 0;
			at += line_end;
		} else {
			put_octet(e, rest, out);
			at++;
		}
	}
	return at;
}

/* The held octets go first, followed by as many new ones as the encoder looks ahead. */
static void quoted_printable_some(struct transfer_encoder *e, struct view in, struct buf *out)
{
	unsigned before = e->count;
	struct view ahead = view_take(in, AHEAD);
	hold(e, ahead);
	size_t written = quoted_printable_run(e, view_of(e->held, e->count), false, out);
	if (written < before) {
		/* Then all that there is was too little. */
		memmove(e->held, e->held + written, e->count - written);
		e->count -= (unsigned)written;
		in = view_skip(in, ahead.len);
	} else {
		in = view_skip(in, written - before);
		e->count = 0;
		in = view_skip(in, quoted_printable_run(e, in, false, out));
	}
	hold(e, in);
}

/* ---- both ---- */

int transfer_encode(struct transfer_encoder *e, struct view in, struct buf *out)
{
	if (in.len == 0)
		return 0;
	if (e->encoding == TRANSFER_BASE64)
		base64_some(e, in, out);
	else
		quoted_printable_some(e, in, out);
	return buf_failed(out) ? -ENOBUFS : 0;
}

int transfer_encode_end(struct transfer_encoder *e, struct buf *out)
{
	struct view rest = view_of(e->held, e->count);
	if (e->encoding == TRANSFER_BASE64 && e->count > 0)
		put_line(rest, out);
	else if (e->encoding != TRANSFER_BASE64)
		quoted_printable_run(e, rest, true, out);
	e->count = 0;
	return buf_failed(out) ? -ENOBUFS : 0;
}

int base64_encode_lines(struct buf *out, struct view data)
{
	struct transfer_encoder e;
	transfer_encoder_init(&e, TRANSFER_BASE64, false);
	int error = transfer_encode(&e, data, out);
	return error ? error : transfer_encode_end(&e, out);
}

int quoted_printable_encode(struct buf *out, struct view data, bool text)
{
	struct transfer_encoder e;
	transfer_encoder_init(&e, TRANSFER_QUOTED_PRINTABLE, text);
	int error = transfer_encode(&e, data, out);
	return error ? error : transfer_encode_end(&e, out);
}
