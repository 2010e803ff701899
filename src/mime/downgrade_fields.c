/*
 * Header fields beyond ASCII for hosts that take 7 bits only: what people read (RFC 2047 section 5:
 * unstructured fields and display names) becomes encoded words in UTF-8, and files' names get the form of
 * RFC 2231. Fields that machines read have no such form; a message with raw octets there is refused, as
 * downgrade.h has it.
 */
#include <errno.h>

#include "base/utf8.h"
#include "format/address.h"
#include "mime/downgrade_private.h"
#include "format/encoded_word.h"
#include "format/lex.h"
#include "format/limits.h"
#include "mime/parameter.h"

enum { ADDRESSES_ROOM = 2 << 20 }; /* a field of DOWNGRADE_HEADER_MAX, read and with its names decoded */

static bool is_one_of(struct view name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (view_equal_nocase(name, view_from_string(names[i])))
			return true;
	return false;
}

static bool holds_addresses(struct view name)
{
	static const char *const names[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Apparently-To",
	    "Errors-To", "Disposition-Notification-To", "Return-Receipt-To", "Mail-Followup-To",
	    "Mail-Reply-To"};
	struct view prefix = VIEW("Resent-");
	if (view_starts_nocase(name, prefix))
		name = view_skip(name, prefix.len);
	return is_one_of(name, names, sizeof names / sizeof names[0]);
}

/* Of tokens, dates, identifiers, parameters or signatures; and comments, whose words need care. */
static bool is_structured(struct view name)
{
	static const char *const names[] = {"Received", "Received-SPF", "Return-Path", "Delivered-To", "Date",
	    "Resent-Date", "Message-ID", "Resent-Message-ID", "In-Reply-To", "References", "MIME-Version",
	    "DKIM-Signature", "Authentication-Results", "Auto-Submitted"};
	static const char *const families[] = {"Content-", "ARC-", "List-"};
	if (view_equal_nocase(name, VIEW("Content-Description")))
		return false;
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (view_starts_nocase(name, view_from_string(families[i])))
			return true;
	return is_one_of(name, names, sizeof names / sizeof names[0]);
}

/* In UTF-8, whatever it was in, encoded words with it. */
static int decode(struct view text, struct buf *out)
{
	buf_init(out, text.len * 4 + 16);
	return encoded_word_decode(text, out);
}

static int write_addresses(const struct header_field *field, struct buf *out)
{
	struct arena arena;
	struct address_list list;
	arena_init(&arena, ADDRESSES_ROOM);
	int error = address_list_parse(field->body, &arena, &list);
	/* What is read with defects, or in part, must not be written as if that were all. */
	if (error == 0 && (list.defective || list.cut))
		error = -ENOTSUP;
	for (size_t i = 0; i < list.count && error == 0; i++) {
		struct address *a = &list.items[i];
		struct buf name;
		if (!utf8_is_ascii(a->local_part) || !utf8_is_ascii(a->domain))
			error = -ENOTSUP;
		if (error || utf8_is_ascii(a->display_name))
			continue;
		error = decode(a->display_name, &name);
		if (error == 0 && !arena_copy(&arena, buf_view(&name), &a->display_name))
			error = -ENOBUFS;
		buf_done(&name);
	}
	if (error == 0)
		error = address_list_write(out, &list, field->name.len + 2, false);
	arena_done(&arena);
	return error;
}

/* A file's name is for people; what machines read keeps its octets. */
static int write_parameter(const struct parameter *p, struct buf *out)
{
	struct buf text;
	if (utf8_is_ascii(p->value) && p->value.len < LINE_MAX_OCTETS / 2 &&
	    p->name.len < LINE_MAX_OCTETS / 4 && utf8_is_ascii(p->name)) {
		buf_printf(out, ";\r\n %.*s=", VIEW_FMT(p->name));
		return view_ends_nocase(p->name, VIEW("*")) ? buf_append(out, p->value)
		                                            : lex_write_quoted(out, p->value);
	}
	bool filename = view_equal(p->name, VIEW("filename"));
	if (!filename && !view_equal(p->name, VIEW("name")))
		return -ENOTSUP;
	int error = decode(p->value, &text);
	if (error == 0)
		error = parameter_write(out, filename ? "filename" : "name", buf_view(&text));
	buf_done(&text);
	return error;
}

/* Content-Type or Content-Disposition: RFC 2231 has a form for their parameters. */
static int write_parameters(const struct header_field *field, bool is_type, struct buf *out)
{
	struct arena arena;
	struct media_type type = {0};
	struct view disposition = {0};
	bool defective = false;
	arena_init(&arena, ADDRESSES_ROOM);
	int error = is_type ? media_type_parse(field->body, &arena, &type, &defective)
	                    : content_disposition_parse(
	                          field->body, &arena, &disposition, &type.parameters, &defective);
	if (error == 0 && defective)
		error = -ENOTSUP;
	if (error == 0 && is_type)
		buf_printf(out, "%.*s/%.*s", VIEW_FMT(type.type), VIEW_FMT(type.subtype));
	else
		buf_append(out, disposition);
	for (size_t i = 0; i < type.parameters.count && error == 0; i++)
		error = write_parameter(&type.parameters.items[i], out);
	arena_done(&arena);
	return error;
}

int downgrade_write_field(const struct header_field *field, struct buf *out)
{
	struct buf text;
	bool is_type = view_equal_nocase(field->name, VIEW("Content-Type"));
	bool has_parameters = is_type || view_equal_nocase(field->name, VIEW("Content-Disposition"));
	if ((is_structured(field->name) && !has_parameters) || !utf8_is_ascii(field->name))
		return -ENOTSUP;
	buf_append(out, field->name);
	buf_append(out, VIEW(": "));
	int error;
	if (has_parameters) {
		error = write_parameters(field, is_type, out);
	} else if (holds_addresses(field->name)) {
		error = write_addresses(field, out);
	} else {
		error = decode(field->body, &text);
		if (error == 0)
			error = encoded_word_write(out, buf_view(&text), field->name.len + 2);
		buf_done(&text);
	}
	buf_append(out, VIEW("\r\n"));
	return error;
}

bool downgrade_fields_possible(struct view block)
{
	struct header_reader reader = header_read(block);
	struct header_field field;
	struct buf written;
	size_t at = 0, len = block.len;
	bool possible = true;
	/* All of a header as it will be must have room in what downgrade_convert promises. */
	while (possible && header_next(&reader, &field)) {
		struct view whole = view_take(view_skip(block, field.offset), field.len);
		possible = utf8_is_ascii(view_take(view_skip(block, at), field.offset - at));
		at = field.offset + field.len;
		if (!possible || utf8_is_ascii(whole))
			continue;
		buf_init(&written, DOWNGRADE_HEADER_MAX);
		possible = downgrade_write_field(&field, &written) == 0 && !buf_failed(&written) &&
		           utf8_is_ascii(buf_view(&written));
		len += written.len;
		possible = possible && len <= DOWNGRADE_HEADER_MAX;
		buf_done(&written);
	}
	return possible && utf8_is_ascii(view_skip(block, at));
}
