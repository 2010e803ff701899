/* Texts: their line ends, the encoding that each needs, and messages that are ready made. */
#include <errno.h>

#include "base/utf8.h"
#include "mime/compose.h"
#include "mime/compose_private.h"
#include "format/header.h"
#include "format/limits.h"
#include "format/transfer.h"

/* Every CRLF, LF and CR becomes CRLF; a last line without an end gets one. */
static int append_lines(struct buf *out, struct view text)
{
	int error = 0;
	while (text.len > 0 && error == 0) {
		size_t end = 0;
		while (end < text.len && text.data[end] != '\r' && text.data[end] != '\n')
			end++;
		error = buf_append(out, view_take(text, end));
		if (error == 0)
			error = buf_append(out, VIEW("\r\n"));
		text = view_skip(text, end);
		text = view_skip(text, view_starts(text, VIEW("\r\n")) ? 2 : 1);
	}
	return error;
}

/* ---- the encoding ---- */

/* Text with CRLF: a line still has its CR here. What needs nothing stays as it is: it can be read in any
 * program, and in a terminal. */
static enum transfer_encoding choose(struct view text)
{
	size_t octets = text.len, escaped = 0;
	bool needed = false;
	struct view line;
	while (view_next(&text, '\n', &line)) {
		needed |= line.len > LINE_MAX_OCTETS + 1 || view_starts(line, VIEW("From "));
		for (size_t i = 0; i < line.len; i++) {
			char c = line.data[i];
			bool plain = ascii_is_print(c) || c == '\t' || c == '\r';
			needed |= !plain;
			escaped += !plain || c == '=';
		}
	}
	if (!needed)
		return TRANSFER_7BIT;
	/* An escape takes three octets, base64 a third more than all of them. */
	return escaped > octets / 6 ? TRANSFER_BASE64 : TRANSFER_QUOTED_PRINTABLE;
}

static void write_encoded(struct buf *out, struct view text, enum transfer_encoding encoding)
{
	if (encoding == TRANSFER_BASE64)
		base64_encode_lines(out, text);
	else if (encoding == TRANSFER_QUOTED_PRINTABLE)
		quoted_printable_encode(out, text, true);
	else
		buf_append(out, text);
}

int compose_text(struct buf *out, const char *subtype, struct view text, struct buf *problem)
{
	struct buf lines;
	if (!utf8_valid(text))
		return compose_wrong(problem, VIEW(""), "the text is not UTF-8");
	buf_init(&lines, 2 * text.len + 2);
	int error = append_lines(&lines, text);
	if (error == 0) {
		enum transfer_encoding encoding = choose(buf_view(&lines));
		buf_printf(out,
		    "Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n", subtype,
		    transfer_encoding_name(encoding));
		write_encoded(out, buf_view(&lines), encoding);
	}
	buf_done(&lines);
	return error ? error : buf_failed(out) ? -ENOBUFS : 0;
}

/* ---- ready messages ---- */

static struct view without_front(struct view message)
{
	if (view_starts(message, VIEW("\xef\xbb\xbf")))
		message = view_skip(message, 3);
	if (!view_starts(message, VIEW("From ")))
		return message;
	ptrdiff_t end = view_find(message, '\n');
	return end < 0 ? message : view_skip(message, (size_t)end + 1);
}

static bool is_left_out(struct view name)
{
	return view_equal_nocase(name, VIEW("Bcc")) || view_equal_nocase(name, VIEW("Resent-Bcc")) ||
	       view_equal_nocase(name, VIEW("Return-Path"));
}

static int broken_header(struct view block, size_t at, struct buf *problem)
{
	unsigned line = 1;
	for (size_t i = 0; i < at && i < block.len; i++)
		line += block.data[i] == '\n';
	buf_printf(problem,
	    "line %u of the message is not a header field, and no empty line ends the header before it",
	    line);
	return -EINVAL;
}

static int write_ready(struct view block, bool whole, struct buf *out, struct buf *problem)
{
	struct header_reader reader = header_read(block);
	struct header_field field;
	size_t fields = 0, end = 0;
	while (header_next(&reader, &field) && !reader.defective) {
		fields++;
		end = field.offset + field.len;
		if (whole || !is_left_out(field.name))
			buf_append(out, view_take(view_skip(block, field.offset), field.len));
	}
	if (reader.defective)
		return broken_header(block, end, problem);
	if (fields == 0)
		return compose_wrong(problem, VIEW(""), "the message has no header");
	buf_append(out, VIEW("\r\n"));
	buf_append(out, view_skip(block, reader.at));
	return buf_failed(out) ? -ENOBUFS : 0;
}

int compose_ready(struct view message, enum compose_purpose purpose, struct buf *out, struct buf *problem)
{
	struct buf block;
	message = without_front(message);
	if (view_find(message, '\0') >= 0)
		return compose_wrong(
		    problem, VIEW(""), "the message contains a NUL byte, which no host accepts");
	buf_init(&block, 2 * message.len + 2);
	int error = append_lines(&block, message);
	if (error == 0)
		error = write_ready(buf_view(&block), purpose == COMPOSE_FOR_READING, out, problem);
	buf_done(&block);
	return error;
}
