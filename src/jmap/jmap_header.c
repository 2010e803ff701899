/* The parsed forms of RFC 8621 section 4.1.2 as JSON: jmap_header.h. */
#include "jmap/jmap_header.h"

#include "format/date.h"
#include "format/header.h"
#include "format/header_text.h"
#include "format/limits.h"

enum {
	/* A field is as long as parsers keep one (MIME_FIELD_MAX), and an octet of an old charset becomes
	   three of UTF-8; fields of the whole header may be longer. */
	TEXT_MAX = 3 * MIME_HEADER_MAX,
	/* Ten thousand addresses, the most that are read of a field, and what they are made of. */
	ADDRESSES_MEMORY = 4 << 20,
	DATE_TEXT_MAX = 64
};

void jmap_scratch_init(struct jmap_scratch *s)
{
	buf_init(&s->text, TEXT_MAX);
	buf_init(&s->normal, TEXT_MAX);
	arena_init(&s->arena, ADDRESSES_MEMORY);
}

void jmap_scratch_done(struct jmap_scratch *s)
{
	buf_done(&s->text);
	buf_done(&s->normal);
	arena_done(&s->arena);
}

/* ---- texts ---- */

static struct view normal_form(struct jmap_scratch *s, struct view text)
{
	return header_text_normal(text, &s->normal);
}

struct view jmap_header_text(struct jmap_scratch *s, struct view body)
{
	return header_text(body, &s->text, &s->normal);
}

/* Section 4.1.2.1: as it stands, without NULs. */
static void write_raw(struct json_out *out, struct view body)
{
	json_out_string_begin(out);
	for (struct view rest = body, piece; view_next(&rest, '\0', &piece);)
		json_out_string_piece(out, piece);
	json_out_string_end(out);
}

/* ---- addresses ---- */

static void write_address(struct json_out *out, struct jmap_scratch *s, const struct address *a)
{
	struct view name = jmap_header_text(s, a->display_name);
	json_out_object(out);
	json_out_name(out, VIEW("name"));
	if (name.len > 0)
		json_out_string(out, name);
	else
		json_out_null(out);
	json_out_name(out, VIEW("email"));
	buf_clear(&s->text);
	if (a->local_part.len > 0 || a->domain.len > 0)
		address_write_mailbox(&s->text, a->local_part, a->domain);
	json_out_string(out, normal_form(s, buf_view(&s->text)));
	json_out_end(out);
}

void jmap_addresses_write(struct json_out *out, struct jmap_scratch *s, const struct address_list *addresses)
{
	json_out_array(out);
	for (size_t i = 0; i < addresses->count; i++)
		if (addresses->items[i].kind == ADDRESS_MAILBOX)
			write_address(out, s, &addresses->items[i]);
	json_out_end(out);
}

static void begin_group(struct json_out *out, struct jmap_scratch *s, const struct address *group)
{
	json_out_object(out);
	json_out_name(out, VIEW("name"));
	if (group)
		json_out_string(out, jmap_header_text(s, group->display_name));
	else
		json_out_null(out);
	json_out_name(out, VIEW("addresses"));
	json_out_array(out);
}

static void end_group(struct json_out *out)
{
	json_out_end(out);
	json_out_end(out);
}

/* Section 4.1.2.4: mailboxes that follow one another outside of groups are one group without a name. */
static void write_groups(struct json_out *out, struct jmap_scratch *s, const struct address_list *addresses)
{
	bool in_group = false;
	json_out_array(out);
	for (size_t i = 0; i < addresses->count; i++) {
		const struct address *a = &addresses->items[i];
		if (in_group && a->kind != ADDRESS_MAILBOX) {
			end_group(out);
			in_group = false;
		}
		if (a->kind == ADDRESS_GROUP_END)
			continue;
		if (!in_group)
			begin_group(out, s, a->kind == ADDRESS_GROUP_START ? a : NULL);
		in_group = true;
		if (a->kind == ADDRESS_MAILBOX)
			write_address(out, s, a);
	}
	if (in_group)
		end_group(out);
	json_out_end(out);
}

static void write_addresses(struct json_out *out, struct jmap_scratch *s, struct view body, bool grouped)
{
	struct address_list list = {0};
	arena_reset(&s->arena);
	address_list_parse(body, &s->arena, &list); /* without room there is none */
	if (grouped)
		write_groups(out, s, &list);
	else
		jmap_addresses_write(out, s, &list);
}

/* ---- lists, dates ---- */

void jmap_message_ids_write(struct json_out *out, struct jmap_scratch *s, struct view body)
{
	struct view rest = body, id;
	size_t count = 0;
	while (message_id_next(&rest, &id)) {
		if (count++ == 0)
			json_out_array(out);
		buf_clear(&s->text);
		message_id_append(id, &s->text);
		json_out_string(out, buf_view(&s->text));
	}
	if (count == 0)
		json_out_null(out);
	else
		json_out_end(out);
}

/*
 * RFC 2369 section 2: URLs in <>, separated by commas, with comments. Blanks within a URL come from folding,
 * and are no part of it.
 */
static bool next_url(struct view *rest, struct buf *url)
{
	unsigned comments = 0;
	for (size_t i = 0; i < rest->len; i++) {
		char c = rest->data[i];
		if (c == '\\' && comments > 0) {
			i++;
		} else if (c == '(') {
			comments++;
		} else if (c == ')' && comments > 0) {
			comments--;
		} else if (c == '<' && comments == 0) {
			struct view inner = view_skip(*rest, i + 1);
			ptrdiff_t end = view_find(inner, '>');
			if (end < 0)
				return false;
			*rest = view_skip(inner, (size_t)end + 1);
			buf_clear(url);
			for (size_t k = 0; k < (size_t)end; k++)
				if ((unsigned char)inner.data[k] > ' ')
					buf_append_byte(url, inner.data[k]);
			return true;
		}
	}
	return false;
}

static void write_urls(struct json_out *out, struct jmap_scratch *s, struct view body)
{
	struct view rest = body;
	size_t count = 0;
	while (next_url(&rest, &s->text)) {
		if (count++ == 0)
			json_out_array(out);
		json_out_string(out, buf_view(&s->text));
	}
	if (count == 0)
		json_out_null(out);
	else
		json_out_end(out);
}

void jmap_date_field_write(struct json_out *out, struct view body)
{
	struct date date;
	struct buf text;
	buf_init(&text, DATE_TEXT_MAX);
	if (date_parse(body, &date) == 0 && date_write_rfc3339(&text, date) == 0)
		json_out_string(out, buf_view(&text));
	else
		json_out_null(out);
	buf_done(&text);
}

void jmap_utc_date_write(struct json_out *out, int64_t seconds)
{
	struct buf text;
	buf_init(&text, DATE_TEXT_MAX);
	if (date_write_rfc3339(&text, (struct date){.seconds = seconds}) == 0)
		json_out_string(out, buf_view(&text));
	else
		json_out_null(out);
	buf_done(&text);
}

/* ---- properties ---- */

void jmap_header_write(struct json_out *out, struct jmap_scratch *s, enum header_form form, struct view body)
{
	switch (form) {
	case HEADER_FORM_TEXT:
		json_out_string(out, jmap_header_text(s, body));
		return;
	case HEADER_FORM_ADDRESSES:
		write_addresses(out, s, body, false);
		return;
	case HEADER_FORM_GROUPED_ADDRESSES:
		write_addresses(out, s, body, true);
		return;
	case HEADER_FORM_MESSAGE_IDS:
		jmap_message_ids_write(out, s, body);
		return;
	case HEADER_FORM_DATE:
		jmap_date_field_write(out, body);
		return;
	case HEADER_FORM_URLS:
		write_urls(out, s, body);
		return;
	default:
		write_raw(out, body);
		return;
	}
}

void jmap_header_property_write(
    struct json_out *out, struct jmap_scratch *s, const struct header_property *property, struct view header)
{
	struct header_reader reader = header_read(header);
	struct header_field field;
	struct view last = {0};
	bool found = false;
	if (property->all)
		json_out_array(out);
	while (header_next(&reader, &field)) {
		if (!view_equal_nocase(field.name, property->name))
			continue;
		if (property->all)
			jmap_header_write(out, s, property->form, field.body);
		last = field.body;
		found = true;
	}
	if (property->all)
		json_out_end(out);
	else if (found)
		jmap_header_write(out, s, property->form, last);
	else
		json_out_null(out);
}

void jmap_headers_write(struct json_out *out, struct view header)
{
	struct header_reader reader = header_read(header);
	struct header_field field;
	json_out_array(out);
	while (header_next(&reader, &field)) {
		json_out_object(out);
		json_out_name(out, VIEW("name"));
		json_out_string(out, field.name);
		json_out_name(out, VIEW("value"));
		write_raw(out, field.body);
		json_out_end(out);
	}
	json_out_end(out);
}
