/*
 * A parameter as it is written: a quoted string where that says it, else the extended form of RFC 2231
 * section 4, in pieces (section 3) where it is long. No line that comes out is longer than LINE_FOLD_AT.
 */
#include "mime/parameter.h"

#include <errno.h>

#include "base/utf8.h"
#include "format/lex.h"
#include "format/limits.h"

enum {
	PLAIN_MAX =
	    50, /* octets of a value that is written in quotes: with its name, a line keeps to its length */
	PIECE_MAX = 54 /* of an encoded piece: " filename*99*=" and ";" stand beside it */
};

/* attribute-char: what stands for itself in the extended form. */
static bool is_attribute_char(char c)
{
	return ascii_is_alnum(c) || c == '.' || c == '-' || c == '_' || c == '!' || c == '+' || c == '~';
}

static bool is_plain(struct view value)
{
	for (size_t i = 0; i < value.len; i++)
		if (!ascii_is_print(value.data[i]))
			return false;
	/* What looks like an encoded word would be read as one. */
	for (size_t i = 0; i + 1 < value.len; i++)
		if (value.data[i] == '=' && value.data[i + 1] == '?')
			return false;
	return value.len <= PLAIN_MAX;
}

static size_t width(struct view value)
{
	size_t octets = 0;
	for (size_t i = 0; i < value.len; i++)
		octets += is_attribute_char(value.data[i]) ? 1 : 3;
	return octets;
}

static void write_octet(struct buf *out, char c)
{
	if (is_attribute_char(c))
		buf_append_byte(out, c);
	else
		buf_printf(out, "%%%02X", (unsigned char)c);
}

/* As many characters as fit, encoded, into `room`; returns their octets. None is cut: many readers decode
 * each piece alone. */
static size_t write_piece(struct buf *out, struct view value, size_t room)
{
	struct view rest = value;
	while (rest.len > 0) {
		struct view before = rest;
		utf8_next(&rest);
		struct view character = view_take(before, before.len - rest.len);
		if (width(character) > room)
			return value.len - before.len;
		room -= width(character);
		for (size_t i = 0; i < character.len; i++)
			write_octet(out, character.data[i]);
	}
	return value.len;
}

int parameter_write(struct buf *out, const char *name, struct view value)
{
	static const char charset[] = "utf-8''";
	enum { CHARSET = sizeof charset - 1 };
	if (is_plain(value)) {
		buf_printf(out, ";\r\n %s=", name);
		lex_write_quoted(out, value);
		return buf_failed(out) ? -ENOBUFS : 0;
	}
	bool whole = CHARSET + width(value) <= PIECE_MAX;
	size_t at = 0;
	for (unsigned piece = 0; piece == 0 || at < value.len; piece++) {
		if (whole)
			buf_printf(out, ";\r\n %s*=", name);
		else
			buf_printf(out, ";\r\n %s*%u*=", name, piece);
		if (piece == 0)
			buf_append_string(out, charset);
		at += write_piece(out, view_skip(value, at), PIECE_MAX - (piece == 0 ? CHARSET : 0));
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}
