/* EmailBodyPart, RFC 8621 section 4.1.4: jmap_part.h. */
#include "jmap/jmap_part.h"

#include "format/header.h"

enum { LANGUAGES_MAX = 50 /* tags of one part: nobody writes more */ };

static const struct {
	const char *name;
	unsigned bit;
} properties[] = {
    {"partId", JMAP_PART_ID},
    {"blobId", JMAP_PART_BLOB_ID},
    {"size", JMAP_PART_SIZE},
    {"headers", JMAP_PART_HEADERS},
    {"name", JMAP_PART_NAME},
    {"type", JMAP_PART_TYPE},
    {"charset", JMAP_PART_CHARSET},
    {"disposition", JMAP_PART_DISPOSITION},
    {"cid", JMAP_PART_CID},
    {"language", JMAP_PART_LANGUAGE},
    {"location", JMAP_PART_LOCATION},
    {"subParts", JMAP_PART_SUB_PARTS},
};

unsigned jmap_part_property(struct view name)
{
	for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
		if (view_equal(name, view_from_string(properties[i].name)))
			return properties[i].bit;
	return 0;
}

static const struct jmap_part_read *read_of(const struct jmap_part_source *source, size_t index)
{
	for (size_t i = 0; i < source->reads->count; i++)
		if (source->reads->items[i].part == index)
			return &source->reads->items[i];
	return NULL;
}

static void string_or_null(struct json_out *out, struct view text)
{
	if (text.len > 0)
		json_out_string(out, text);
	else
		json_out_null(out);
}

struct view jmap_part_id(const struct jmap_part_source *source, size_t index, struct buf *number)
{
	size_t skip = 0;
	buf_clear(number);
	if (source->root > 0) { /* the message/rfc822 that holds it has the number that stands in front */
		mime_part_number(source->tree, source->root - 1, number);
		skip = number->len > 0 ? number->len + 1 : 0;
		buf_clear(number);
	}
	mime_part_number(source->tree, index, number);
	return view_skip(buf_view(number), skip);
}

static void write_part_id(struct json_out *out, const struct jmap_part_source *source, size_t index)
{
	struct buf number;
	buf_init(&number, JMAP_PART_ID_MAX);
	json_out_string(out, jmap_part_id(source, index, &number));
	buf_done(&number);
}

static void write_blob_id(struct json_out *out, const struct jmap_part_source *source, size_t index)
{
	char text[MAIL_ID_MAX];
	const struct jmap_part_blobs *b = &source->blobs;
	struct mail_id id = {.letter = b->letter,
	    .account = b->account,
	    .number = b->number,
	    .part = b->first + (index - source->root)};
	if (b->letter)
		json_out_string(out, view_of(text, mail_id_put(text, &id)));
	else
		json_out_null(out);
}

static bool is_encoded(const struct mime_part *part)
{
	return part->encoding == TRANSFER_BASE64 || part->encoding == TRANSFER_QUOTED_PRINTABLE;
}

static void write_size(struct json_out *out, const struct jmap_part_source *source, size_t index)
{
	const struct mime_part *part = &source->tree->parts[index];
	const struct jmap_part_read *read = read_of(source, index);
	bool decoded = read && read->wants_size && !read->cut && is_encoded(part);
	json_out_unsigned(out, decoded ? read->decoded : part->body_len);
}

static void write_type(struct json_out *out, const struct mime_part *part)
{
	json_out_string_begin(out);
	json_out_string_piece(out, part->type.type);
	json_out_string_piece(out, VIEW("/"));
	json_out_string_piece(out, part->type.subtype);
	json_out_string_end(out);
}

static void write_charset(struct json_out *out, const struct mime_part *part)
{
	struct view charset = parameter_find(&part->type.parameters, VIEW("charset"));
	if (!media_type_is(&part->type, "text", NULL))
		json_out_null(out);
	else
		json_out_string(out, charset.len > 0 ? charset : VIEW("us-ascii"));
}

static void write_cid(struct json_out *out, struct jmap_scratch *s, const struct mime_part *part)
{
	struct view rest = part->content_id, id;
	if (!message_id_next(&rest, &id)) {
		string_or_null(out, view_trim(part->content_id)); /* without brackets: as it stands */
		return;
	}
	buf_clear(&s->text);
	message_id_append(id, &s->text);
	string_or_null(out, buf_view(&s->text));
}

/* RFC 3282: language tags with commas between them, and comments. */
static void write_language(struct json_out *out, const struct mime_part *part)
{
	struct view rest = part->language, item;
	size_t count = 0;
	while (count < LANGUAGES_MAX && view_next(&rest, ',', &item)) {
		ptrdiff_t comment = view_find(item, '(');
		item = view_trim(comment < 0 ? item : view_take(item, (size_t)comment));
		if (item.len == 0)
			continue;
		if (count++ == 0)
			json_out_array(out);
		json_out_string(out, item);
	}
	if (count > 0)
		json_out_end(out);
	else
		json_out_null(out);
}

static void write_plain_property(struct json_out *out, struct jmap_scratch *s,
    const struct jmap_part_source *source, unsigned property, size_t index)
{
	const struct mime_part *part = &source->tree->parts[index];
	const struct jmap_part_read *read = read_of(source, index);
	bool multipart = jmap_part_is_multipart(source->tree, index);
	switch (property) {
	case JMAP_PART_ID:
		if (multipart)
			json_out_null(out);
		else
			write_part_id(out, source, index);
		return;
	case JMAP_PART_BLOB_ID:
		if (multipart)
			json_out_null(out);
		else
			write_blob_id(out, source, index);
		return;
	case JMAP_PART_SIZE:
		write_size(out, source, index);
		return;
	case JMAP_PART_HEADERS:
		jmap_headers_write(out, read ? buf_view(&read->header) : (struct view){0});
		return;
	case JMAP_PART_NAME:
		string_or_null(out, part->file_name);
		return;
	case JMAP_PART_TYPE:
		write_type(out, part);
		return;
	case JMAP_PART_CHARSET:
		write_charset(out, part);
		return;
	case JMAP_PART_DISPOSITION:
		string_or_null(out, part->disposition);
		return;
	case JMAP_PART_CID:
		write_cid(out, s, part);
		return;
	case JMAP_PART_LANGUAGE:
		write_language(out, part);
		return;
	default:
		string_or_null(out, view_trim(part->location));
		return;
	}
}

static void write_sub_parts(struct json_out *out, struct jmap_scratch *s,
    const struct jmap_part_source *source, const struct jmap_part_form *form, size_t index)
{
	if (!jmap_part_is_multipart(source->tree, index)) {
		json_out_null(out);
		return;
	}
	json_out_array(out);
	for (int i = mime_first_child(source->tree, index); i >= 0;
	     i = mime_next_sibling(source->tree, (size_t)i))
		jmap_part_write(out, s, source, form, (size_t)i);
	json_out_end(out);
}

/* Recursion is bounded by MIME_DEPTH_MAX. */
void jmap_part_write(struct json_out *out, struct jmap_scratch *s, const struct jmap_part_source *source,
    const struct jmap_part_form *form, size_t index)
{
	const struct jmap_part_read *read = read_of(source, index);
	json_out_object(out);
	for (size_t i = 0; i < sizeof properties / sizeof *properties; i++) {
		if (!(form->properties & properties[i].bit))
			continue;
		if (properties[i].bit == JMAP_PART_SUB_PARTS) {
			json_out_name(out, VIEW("subParts"));
			write_sub_parts(out, s, source, form, index);
			continue;
		}
		json_out_name(out, view_from_string(properties[i].name));
		write_plain_property(out, s, source, properties[i].bit, index);
	}
	for (size_t i = 0; i < form->header_count; i++) {
		json_out_name(out, form->headers[i].text);
		jmap_header_property_write(
		    out, s, &form->headers[i].property, read ? buf_view(&read->header) : (struct view){0});
	}
	json_out_end(out);
}
