/* Fields and parts are looked at by many rules of a script, so what was made of them is kept. */
#include "sieve/sieve_message.h"

#include <errno.h>
#include <string.h>

#include "format/charset.h"
#include "format/encoded_word.h"
#include "format/header.h"
#include "mime/preview.h"

enum {
	/* Fields that are looked at: more than any program writes, and a bound for the work of each test. */
	FIELDS_MAX = 2000,
	/* Octets of a field's text: mime's limit for one, in the longest form of UTF-8. */
	FIELD_TEXT_MAX = 3 * MIME_FIELD_MAX,
};

void sieve_message_init(struct sieve_message *message, struct view bytes, struct arena *arena)
{
	*message = (struct sieve_message){.bytes = bytes, .arena = arena};
}

void sieve_message_done(struct sieve_message *message)
{
	mime_parser_free(message->parser);
	message->parser = NULL;
}

static size_t count_fields(struct view bytes)
{
	struct header_reader r = header_read(bytes);
	struct header_field field;
	size_t n = 0;

	while (n < FIELDS_MAX && header_next(&r, &field))
		n++;
	return n;
}

static bool ends_with_empty_line(struct view bytes)
{
	if (!bytes.len || bytes.data[bytes.len - 1] != '\n')
		return false;
	bytes.len -= bytes.len > 1 && bytes.data[bytes.len - 2] == '\r' ? 2 : 1;
	return !bytes.len || bytes.data[bytes.len - 1] == '\n';
}

/* The fields of the header that these octets begin with, and where it ends. */
static int read_fields(struct arena *arena, struct view bytes, struct sieve_field **fields, size_t *count,
    size_t *end, bool *ended)
{
	struct header_reader r = header_read(bytes);
	size_t n = count_fields(bytes);
	struct header_field field;

	*fields = arena_array(arena, n ? n : 1, sizeof(**fields));
	*count = 0;
	if (!*fields)
		return -ENOMEM;
	for (size_t at = 0; header_next(&r, &field);) {
		size_t next = field.offset + field.len;

		if (*count < n)
			(*fields)[(*count)++] = (struct sieve_field){.name = field.name,
			    .body = field.body,
			    .raw = view_take(view_skip(bytes, at), next - at)};
		at = next;
	}
	*end = r.at;
	*ended = r.at < bytes.len || ends_with_empty_line(bytes);
	return 0;
}

int sieve_message_fields(struct sieve_message *m, struct sieve_field **fields, size_t *count)
{
	if (!m->has_fields) {
		int result = read_fields(
		    m->arena, m->bytes, &m->fields, &m->field_count, &m->body_offset, &m->has_body);

		if (result)
			return result;
		m->has_fields = true;
	}
	*fields = m->fields;
	*count = m->field_count;
	return 0;
}

static bool is_plain(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < ' ' || (unsigned char)text.data[i] >= 0x7f ||
		    (text.data[i] == '=' && i + 1 < text.len && text.data[i + 1] == '?'))
			return false;
	return true;
}

int sieve_message_text(struct sieve_message *m, struct sieve_field *field, struct view *text)
{
	int result = 0;

	if (!field->has_text) {
		struct view raw = view_trim(view_take(field->body, MIME_FIELD_MAX));

		field->text = raw;
		if (!is_plain(raw)) {
			struct buf out;

			buf_init(&out, FIELD_TEXT_MAX);
			if (encoded_word_decode(raw, &out) == -ENOMEM ||
			    !arena_copy(m->arena, view_trim(buf_view(&out)), &field->text))
				result = -ENOMEM;
			buf_done(&out);
		}
		field->has_text = result == 0;
	}
	*text = field->text;
	return result;
}

int sieve_message_addresses(
    struct sieve_message *m, struct sieve_field *field, const struct address_list **list)
{
	if (!field->addresses) {
		struct address_list *made = arena_alloc(m->arena, sizeof(*made));

		if (!made || address_list_parse(field->body, m->arena, made) != 0)
			return -ENOMEM;
		field->addresses = made;
	}
	*list = field->addresses;
	return 0;
}

/* ---- octets ---- */

int sieve_message_range(struct sieve_message *m, uint64_t from, uint64_t to, struct view *octets)
{
	uint64_t at = 0, size = m->bytes.len + m->rest_size;
	char *copy = NULL;
	size_t have = 0;

	*octets = (struct view){0};
	to = to < size ? to : size;
	for (size_t i = 0; i <= m->rest_count && at < to && from < to; i++) {
		struct view piece = i == 0 ? m->bytes : m->rest[i - 1];
		uint64_t start = from > at ? from - at : 0, end = to - at < piece.len ? to - at : piece.len;

		at += piece.len;
		if (start >= end)
			continue;
		piece = view_take(view_skip(piece, (size_t)start), (size_t)(end - start));
		if (piece.len == to - from) {
			*octets = piece;
			return 0;
		}
		copy = copy ? copy : arena_alloc(m->arena, (size_t)(to - from));
		if (!copy)
			return -ENOMEM;
		memcpy(copy + have, piece.data, piece.len);
		have += piece.len;
	}
	*octets = view_of(copy, have);
	return 0;
}

void sieve_message_rewrite(struct sieve_message *m, struct view header, const struct view *body, size_t count)
{
	mime_parser_free(m->parser);
	m->parser = NULL;
	m->tree = NULL;
	m->bytes = header;
	m->rest = body;
	m->rest_count = count;
	m->rest_size = 0;
	for (size_t i = 0; i < count; i++)
		m->rest_size += body[i].len;
	m->has_fields = false;
	m->field_count = 0;
	m->original = NULL;
	m->version = NULL;
	m->rewrites++;
}

int sieve_message_body(struct sieve_message *m, struct view *body)
{
	struct sieve_field *fields;
	size_t count;
	int result = sieve_message_fields(m, &fields, &count);

	*body = m->has_body ? view_skip(m->bytes, m->body_offset) : (struct view){0};
	if (result == 0 && m->rest_count)
		result = sieve_message_range(m, m->body_offset, m->bytes.len + m->rest_size, body);
	return result;
}

int sieve_message_tree(struct sieve_message *m, const struct mime_tree **tree)
{
	if (!m->tree) {
		m->parser = mime_parser_new();
		mime_parser_feed(m->parser, m->bytes);
		for (size_t i = 0; i < m->rest_count; i++)
			mime_parser_feed(m->parser, m->rest[i]);
		m->tree = mime_parser_end(m->parser);
		m->texts = arena_array(m->arena, m->tree->count, sizeof(*m->texts));
		m->plain = arena_array(m->arena, m->tree->count, sizeof(*m->plain));
		m->part_fields = arena_array(m->arena, m->tree->count, sizeof(*m->part_fields));
		if (!m->texts || !m->plain || !m->part_fields) {
			m->tree = NULL;
			mime_parser_free(m->parser);
			m->parser = NULL;
			return -ENOMEM;
		}
	}
	*tree = m->tree;
	return 0;
}

static int decode(struct sieve_message *m, const struct mime_part *part, struct view *text)
{
	struct view charset = parameter_find(&part->type.parameters, VIEW("charset"));
	bool defective, is_text = view_equal(part->type.type, VIEW("text"));
	struct mime_part alone = *part;
	struct view body;
	struct buf raw, out;
	int result = sieve_message_range(m, part->body_offset, part->body_offset + part->body_len, &body);

	if (result)
		return result;
	alone.body_offset = 0;
	alone.body_len = body.len;
	buf_init(&raw, m->arena->max);
	buf_init(&out, m->arena->max);
	result = mime_decode_body(&alone, body, true, &raw, NULL);
	if (result == 0 && is_text)
		result = charset_to_utf8(charset, buf_view(&raw), &out, &defective);
	if (result == 0 && !arena_copy(m->arena, buf_view(is_text ? &out : &raw), text))
		result = -ENOMEM;
	buf_done(&raw);
	buf_done(&out);
	return result ? -ENOMEM : 0;
}

int sieve_message_part(struct sieve_message *m, size_t part, struct view *text)
{
	const struct mime_tree *tree;
	int result = sieve_message_tree(m, &tree);

	*text = (struct view){0};
	if (result || part >= tree->count)
		return result;
	if (!m->texts[part].data)
		result = decode(m, &tree->parts[part], &m->texts[part]);
	*text = m->texts[part];
	return result;
}

/* ---- texts for people ---- */

static bool is_markup(const struct media_type *type)
{
	return media_type_is(type, "text", "html") || media_type_is(type, "application", "xhtml+xml");
}

/* "text/plain/stupid" is no type, and nobody shows it as the one that it begins with. */
static bool has_strange_type(const struct sieve_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (view_equal_nocase(fields[i].name, VIEW("Content-Type"))) {
			ptrdiff_t end = view_find(fields[i].body, ';');
			struct view type = end < 0 ? fields[i].body : view_take(fields[i].body, (size_t)end);

			return view_find(type, '/') != view_find_last(type, '/');
		}
	return false;
}

int sieve_message_part_text(struct sieve_message *m, size_t i, struct view *text, bool *is_text)
{
	const struct mime_tree *tree;
	const struct mime_part *part;
	struct sieve_field *fields;
	size_t count;
	struct buf out;
	int result = sieve_message_part(m, i, text);

	*is_text = false;
	if (result || sieve_message_tree(m, &tree) != 0 || i >= tree->count)
		return result;
	part = &tree->parts[i];
	if (!is_markup(&part->type) && !view_equal(part->type.type, VIEW("text")))
		return 0;
	if (part->encoding == TRANSFER_UNKNOWN)
		return 0; /* RFC 2045 section 6.4 */
	if (part->defects & 1U << MIME_CONTENT_TYPE) {
		if (sieve_message_part_fields(m, i, &fields, &count) != 0)
			return -ENOMEM;
		if (has_strange_type(fields, count))
			return 0;
	}
	*is_text = true;
	if (!is_markup(&part->type))
		return 0;
	if (!m->plain[i].data) {
		buf_init(&out, m->arena->max);
		if (html_to_text(*text, &out) != 0 || !arena_copy(m->arena, buf_view(&out), &m->plain[i]))
			result = -ENOMEM;
		buf_done(&out);
	}
	*text = m->plain[i];
	return result;
}

int sieve_message_part_fields(
    struct sieve_message *m, size_t part, struct sieve_field **fields, size_t *count)
{
	const struct mime_tree *tree;
	int result = part == 0 ? 0 : sieve_message_tree(m, &tree);

	*count = 0;
	if (part == 0)
		return sieve_message_fields(m, fields, count);
	if (result || part >= tree->count)
		return result;
	if (!m->part_fields[part].known) {
		const struct mime_part *p = &tree->parts[part];
		struct view header;
		struct sieve_fields *f = &m->part_fields[part];
		size_t end;
		bool ended;

		result = sieve_message_range(m, p->header_offset, p->body_offset, &header);
		if (result == 0)
			result = read_fields(m->arena, header, &f->items, &f->count, &end, &ended);
		f->known = result == 0;
	}
	*fields = m->part_fields[part].items;
	*count = m->part_fields[part].count;
	return result;
}
