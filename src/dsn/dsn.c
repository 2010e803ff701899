/*
 * RFC 3461:
 *
 *	xtext            = *( xchar / hexchar )
 *	xchar            = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "="
 *	hexchar          = ASCII "+" immediately followed by two upper case hexadecimal digits
 *	orcpt-parameter  = "ORCPT=" original-recipient-address
 *	original-recipient-address = addr-type ";" xtext
 *	envid-parameter  = "ENVID=" xtext
 */
#include "dsn/dsn.h"

#include <errno.h>

#include "base/cursor.h"
#include "base/show.h"
#include "base/utf8.h"
#include "format/limits.h"

/* Upper case only, as the grammar says. */
static int hex_value(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_xchar(char c)
{
	return c > ' ' && c <= '~' && c != '+' && c != '=';
}

static int octet(struct cursor *in, char *c)
{
	if (!cursor_accept(in, '+')) {
		struct view v = cursor_bytes(in, 1);
		*c = v.len ? v.data[0] : '\0';
		return is_xchar(*c) ? 0 : -EINVAL;
	}
	int high = hex_value(cursor_peek(in));
	cursor_bytes(in, 1);
	int low = hex_value(cursor_peek(in));
	cursor_bytes(in, 1);
	if (high < 0 || low < 0)
		return -EINVAL;
	*c = (char)(high << 4 | low);
	return 0;
}

int xtext_decode(struct view xtext, struct buf *out)
{
	struct cursor in = cursor_on(xtext);
	size_t before = out->len;
	int error = 0;
	while (!cursor_at_end(&in) && error == 0) {
		char c;
		error = octet(&in, &c);
		if (error == 0)
			error = buf_append_byte(out, c);
	}
	if (error)
		buf_truncate(out, before);
	return error;
}

int xtext_encode(struct view octets, struct buf *out)
{
	int error = 0;
	for (size_t i = 0; i < octets.len && error == 0; i++) {
		if (is_xchar(octets.data[i]))
			error = buf_append_byte(out, octets.data[i]);
		else
			error = buf_printf(out, "+%02X", (unsigned char)octets.data[i]);
	}
	return error;
}

/* EmbeddedUnicodeChar = %x5C.78 "{" HEXPOINT "}" ; at "\" */
static int embedded_character(struct cursor *in, struct buf *out)
{
	int32_t c = 0;
	size_t digits = 0;
	if (!cursor_accept(in, '\\') || !cursor_accept_nocase(in, VIEW("x{")))
		return -EINVAL;
	for (; hex_value(cursor_peek(in)) >= 0 && digits < 6; digits++) {
		c = c << 4 | hex_value(cursor_peek(in));
		cursor_bytes(in, 1);
	}
	if (digits < 2 || !cursor_accept(in, '}') || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || c < ' ')
		return -EINVAL;
	return utf8_append(out, c);
}

int utf8_address_decode(struct view text, struct buf *out)
{
	struct cursor in = cursor_on(text);
	size_t before = out->len;
	int error = utf8_valid(text) ? 0 : -EINVAL;
	while (!cursor_at_end(&in) && error == 0) {
		int c = cursor_peek(&in);
		if (c == '\\')
			error = embedded_character(&in, out);
		else if (c < 0x80 && !is_xchar((char)c))
			error = -EINVAL;
		else
			error = buf_append(out, cursor_bytes(&in, 1));
	}
	if (error)
		buf_truncate(out, before);
	return error;
}

int utf8_address_encode(struct view address, bool unitext, struct buf *out)
{
	int error = 0;
	while (address.len && error == 0) {
		struct view before = address;
		int32_t c = utf8_next(&address);
		struct view bytes = view_take(before, before.len - address.len);
		/* What a reader can't see, or would see in another order, is written as its number. */
		bool plain = c >= 0xa0 ? unitext && show_is_plain(bytes)
		                       : c >= 0 && c < 0x80 && c != '\\' && is_xchar((char)c);
		if (plain)
			error = buf_append(out, bytes);
		else
			error = buf_printf(out, "\\x{%02X}", (unsigned)(c < 0 ? 0xfffd : c));
	}
	return error;
}

/* addr-type = atom, registered with IANA */
static bool is_type_char(char c)
{
	return ascii_is_alnum(c) || c == '-';
}

int orcpt_parse(struct view value, struct view *type, struct buf *address)
{
	struct cursor in = cursor_on(value);
	struct view name = cursor_while(&in, is_type_char);
	if (value.len > ORCPT_MAX || name.len == 0 || !cursor_accept(&in, ';') || cursor_at_end(&in))
		return -EINVAL;
	int error = view_equal_nocase(name, VIEW("utf-8")) ? utf8_address_decode(in.rest, address)
	                                                   : xtext_decode(in.rest, address);
	if (error == 0)
		*type = name;
	return error;
}

int envid_parse(struct view value, struct buf *envid)
{
	size_t before = envid->len;
	if (value.len == 0 || value.len > ENVID_MAX)
		return -EINVAL;
	int error = xtext_decode(value, envid);
	if (error)
		return error;
	/* Section 4.4: what is decoded must be printable, since it stands in a report's header. */
	struct view v = view_skip(buf_view(envid), before);
	for (size_t i = 0; i < v.len; i++) {
		if (!ascii_is_print(v.data[i])) {
			buf_truncate(envid, before);
			return -EINVAL;
		}
	}
	return 0;
}
