/* Addresses in the strict forms of RFC 5322 section 3.4: what we send must be read by everybody. */
#include "format/address.h"

#include <errno.h>

#include "base/utf8.h"
#include "format/encoded_word.h"
#include "format/lex.h"
#include "format/limits.h"

/* dot-atom-text = 1*atext *("." 1*atext) */
static bool is_dot_atom(struct view v)
{
	bool after_dot = true;
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] == '.' && after_dot)
			return false;
		if (v.data[i] != '.' && !lex_is_atext(v.data[i]))
			return false;
		after_dot = v.data[i] == '.';
	}
	return !after_dot;
}

/* phrase = 1*word; without a quoted string only atoms and single spaces. */
static bool is_atoms(struct view v)
{
	if (v.len == 0 || v.data[0] == ' ' || v.data[v.len - 1] == ' ')
		return false;
	for (size_t i = 0; i < v.len; i++)
		if (!lex_is_atext(v.data[i]) && v.data[i] != ' ')
			return false;
	return true;
}

int address_write_mailbox(struct buf *out, struct view local_part, struct view domain)
{
	if (is_dot_atom(local_part))
		buf_append(out, local_part);
	else
		lex_write_quoted(out, local_part);
	if (domain.len) {
		buf_append_byte(out, '@');
		for (size_t i = 0; i < domain.len; i++)
			if (!lex_is_blank(domain.data[i]))
				buf_append_byte(out, domain.data[i]);
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}

static void write_name(struct buf *out, struct view name, bool utf8)
{
	if (!utf8_is_ascii(name) && !utf8)
		encoded_word_write(out, name, 0);
	else if (is_atoms(name))
		buf_append(out, name);
	else
		lex_write_quoted(out, name);
}

int address_write(struct buf *out, const struct address *address, bool utf8)
{
	if (address->kind == ADDRESS_GROUP_END)
		return buf_append_byte(out, ';');
	if (address->kind == ADDRESS_GROUP_START) {
		write_name(out, address->display_name, utf8);
		return buf_append_byte(out, ':');
	}
	if (address->display_name.len == 0)
		return address_write_mailbox(out, address->local_part, address->domain);
	write_name(out, address->display_name, utf8);
	buf_append(out, VIEW(" <"));
	address_write_mailbox(out, address->local_part, address->domain);
	return buf_append_byte(out, '>');
}

int address_list_write(struct buf *out, const struct address_list *list, size_t column, bool utf8)
{
	bool comma = false;
	for (size_t i = 0; i < list->count; i++) {
		const struct address *address = &list->items[i];
		bool closes = address->kind == ADDRESS_GROUP_END;
		size_t start = out->len;
		if (comma && !closes)
			buf_append(out, VIEW(", "));
		size_t text = out->len;
		int error = address_write(out, address, utf8);
		if (error)
			return error;
		/* Too long for this line: write it again after a fold. */
		size_t len = out->len - start;
		if (column + len > LINE_FOLD_AT && comma && !closes) {
			buf_truncate(out, start);
			buf_append(out, VIEW(",\r\n "));
			error = address_write(out, address, utf8);
			column = 1 + (out->len - start - 4);
		} else {
			column += out->len - text + (text - start);
		}
		if (error)
			return error;
		comma = address->kind != ADDRESS_GROUP_START;
		if (!comma && !closes)
			buf_append_byte(out, ' ');
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}
