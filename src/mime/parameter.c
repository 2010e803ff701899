/*
 * Parameters of MIME header fields:
 *
 *	content   = "Content-Type" ":" type "/" subtype *(";" parameter)         (RFC 2045 section 5.1)
 *	disposition = "Content-Disposition" ":" disposition-type *(";" parameter) (RFC 2183 section 2)
 *	parameter = attribute "=" value ; value = token / quoted-string
 *	regular-parameter-name  = attribute [section]                              (RFC 2231 section 7)
 *	extended-parameter-name = attribute [section] "*"
 *	section                 = "*0" / "*" 1*DIGIT
 */
#include "mime/parameter.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "format/charset.h"
#include "format/encoded_word.h"
#include "format/lex.h"
#include "format/limits.h"

/* One parameter as written, before continuations are joined. */
struct piece {
	struct view attribute, value;
	uint64_t section;
	bool continued, extended, taken;
};

struct pieces {
	struct piece items[PARAMETERS_MAX];
	size_t count;
};

static bool is_value_text(char c)
{
	return c != ';';
}

/*
 * A value, decoded of its quotes, into the arena. What stands between it and the next ";" is noise after a
 * quoted string or a token with a comment; otherwise the value has blanks and should have been quoted.
 */
static int read_value(struct cursor *in, struct arena *arena, struct view *value, bool *defective)
{
	struct buf text;
	buf_init(&text, PARAMETER_VALUE_MAX);
	lex_skip_cfws(in, NULL);
	if (cursor_peek(in) == '"') {
		if (!lex_quoted_string(in, &text))
			*defective = true;
	} else {
		struct cursor ahead = *in;
		struct view token = cursor_while(&ahead, lex_is_mime_token);
		lex_skip_cfws(&ahead, NULL);
		if (!cursor_at_end(&ahead) && cursor_peek(&ahead) != ';') {
			*defective = true;
			token = view_trim(cursor_while(in, is_value_text));
		} else {
			*in = ahead;
		}
		lex_unquote(token, &text);
	}
	if (buf_failed(&text))
		*defective = true;
	bool kept = arena_copy(arena, buf_view(&text), value);
	buf_done(&text);
	return kept ? 0 : -ENOBUFS;
}

/* attribute [ "*" digits ] [ "*" ] */
static void split_name(struct view name, struct piece *piece)
{
	if (name.len > 1 && name.data[name.len - 1] == '*') {
		piece->extended = true;
		name.len--;
	}
	ptrdiff_t star = view_find_last(name, '*');
	if (star > 0 && view_to_u64(view_skip(name, (size_t)star + 1), 9999, &piece->section)) {
		piece->continued = true;
		name = view_take(name, (size_t)star);
	}
	piece->attribute = name;
}

static int copy_lower(struct arena *arena, struct view v, struct view *copy)
{
	if (!arena_copy(arena, v, copy))
		return -ENOBUFS;
	for (size_t i = 0; i < copy->len; i++)
		((char *)copy->data)[i] = ascii_lower(copy->data[i]);
	return 0;
}

/* From the first ";" on. */
static int read_pieces(struct cursor *in, struct arena *arena, struct pieces *pieces, bool *defective)
{
	while (!cursor_at_end(in)) {
		lex_skip_cfws(in, NULL);
		if (cursor_accept(in, ';'))
			continue;
		struct view name = cursor_while(in, lex_is_mime_token);
		lex_skip_cfws(in, NULL);
		if (name.len == 0 || !cursor_accept(in, '=')) {
			/* Noise, or a name without value: on to the next ";". */
			if (!cursor_at_end(in))
				*defective = true;
			cursor_while(in, is_value_text);
			continue;
		}
		if (pieces->count == PARAMETERS_MAX) {
			*defective = true;
			return 0;
		}
		struct piece *piece = &pieces->items[pieces->count];
		*piece = (struct piece){0};
		int error = copy_lower(arena, name, &name);
		if (error == 0)
			error = read_value(in, arena, &piece->value, defective);
		if (error)
			return error;
		split_name(name, piece);
		pieces->count++;
		/* a="b" c="d": a forgotten semicolon. Anything else up to the next one is noise. */
		lex_skip_cfws(in, NULL);
		struct cursor ahead = *in;
		bool forgotten = cursor_while(&ahead, lex_is_mime_token).len && cursor_peek(&ahead) == '=';
		if (!cursor_at_end(in) && cursor_peek(in) != ';') {
			*defective = true;
			if (!forgotten)
				cursor_while(in, is_value_text);
		}
	}
	return 0;
}

/* attribute-char of RFC 2231: what may stand for itself in an extended value; "'" and "%" may not. */
static bool is_attribute_char(char c)
{
	return lex_is_mime_token(c) && (unsigned char)c < 0x80 && c != '*' && c != '\'' && c != '%';
}

static void append_piece(struct buf *joined, const struct piece *piece, bool to_extended)
{
	if (!to_extended || piece->extended) {
		buf_append(joined, piece->value);
		return;
	}
	for (size_t i = 0; i < piece->value.len; i++) {
		if (is_attribute_char(piece->value.data[i]))
			buf_append_byte(joined, piece->value.data[i]);
		else
			buf_printf(joined, "%%%02X", (unsigned char)piece->value.data[i]);
	}
}

static struct piece *find_section(struct pieces *pieces, struct view attribute, uint64_t section)
{
	for (size_t i = 0; i < pieces->count; i++) {
		struct piece *p = &pieces->items[i];
		if (p->continued && !p->taken && p->section == section && view_equal(p->attribute, attribute))
			return p;
	}
	return NULL;
}

/* Joins the sections from 0 on; a gap ends the value, and what follows it is lost. */
static int join(struct pieces *pieces, struct piece *first, struct arena *arena, struct parameter *parameter)
{
	struct buf joined;
	buf_init(&joined, PARAMETER_VALUE_MAX);
	struct piece *piece = find_section(pieces, first->attribute, 0);
	bool extended = piece && piece->extended;
	if (piece == NULL)
		piece = first;
	for (uint64_t section = piece->section + 1; piece; section++) {
		piece->taken = true;
		append_piece(&joined, piece, extended);
		piece = find_section(pieces, first->attribute, section);
	}
	for (size_t i = 0; i < pieces->count; i++)
		if (pieces->items[i].continued && view_equal(pieces->items[i].attribute, first->attribute))
			pieces->items[i].taken = true;
	/* The attribute's own copy is followed by its "*" in the arena: the name as written began there. */
	parameter->name =
	    extended ? view_of(first->attribute.data, first->attribute.len + 1) : first->attribute;
	bool kept = arena_copy(arena, buf_view(&joined), &parameter->value);
	buf_done(&joined);
	return kept ? 0 : -ENOBUFS;
}

static int read_parameters(
    struct cursor *in, struct arena *arena, struct parameters *parameters, bool *defective)
{
	struct pieces pieces;
	pieces.count = 0;
	int error = read_pieces(in, arena, &pieces, defective);
	if (error || pieces.count == 0)
		return error;
	struct parameters result = {.items = arena_array(arena, pieces.count, sizeof *result.items)};
	if (result.items == NULL)
		return -ENOBUFS;
	for (size_t i = 0; i < pieces.count; i++) {
		struct piece *piece = &pieces.items[i];
		if (piece->taken)
			continue;
		struct parameter *parameter = &result.items[result.count++];
		if (piece->continued) {
			error = join(&pieces, piece, arena, parameter);
			if (error)
				return error;
			continue;
		}
		parameter->name = piece->attribute;
		parameter->name.len += piece->extended;
		parameter->value = piece->value;
	}
	*parameters = result;
	return 0;
}

int media_type_parse(struct view body, struct arena *arena, struct media_type *type, bool *defective)
{
	struct cursor in = cursor_on(body);
	struct media_type result = {0};
	lex_skip_cfws(&in, NULL);
	struct view major = cursor_while(&in, lex_is_mime_token);
	lex_skip_cfws(&in, NULL);
	struct view subtype = {0};
	if (cursor_accept(&in, '/')) {
		lex_skip_cfws(&in, NULL);
		subtype = cursor_while(&in, lex_is_mime_token);
	}
	lex_skip_cfws(&in, NULL);
	if (!cursor_at_end(&in) && cursor_peek(&in) != ';') {
		struct cursor ahead = in;
		*defective = true;
		if (!cursor_while(&ahead, lex_is_mime_token).len || cursor_peek(&ahead) != '=')
			cursor_while(&in, is_value_text);
	}
	if (major.len == 0 || subtype.len == 0) {
		*defective = true;
		major = VIEW("text");
		subtype = VIEW("plain");
	}
	int error = copy_lower(arena, major, &result.type);
	if (error == 0)
		error = copy_lower(arena, subtype, &result.subtype);
	if (error == 0)
		error = read_parameters(&in, arena, &result.parameters, defective);
	if (error == 0)
		*type = result;
	return error;
}

int content_disposition_parse(struct view body, struct arena *arena, struct view *disposition,
    struct parameters *parameters, bool *defective)
{
	struct cursor in = cursor_on(body);
	struct view name = {0};
	struct parameters result = {0};
	lex_skip_cfws(&in, NULL);
	struct cursor ahead = in;
	struct view token = cursor_while(&ahead, lex_is_mime_token);
	lex_skip_cfws(&ahead, NULL);
	/* "filename=x" without a type before it */
	if (cursor_peek(&ahead) == '=')
		token = (struct view){0};
	else
		in = ahead;
	if (token.len == 0)
		*defective = true;
	int error = token.len ? copy_lower(arena, token, &name) : 0;
	if (error == 0)
		error = read_parameters(&in, arena, &result, defective);
	if (error)
		return error;
	*disposition = name;
	*parameters = result;
	return 0;
}

struct view parameter_find(const struct parameters *parameters, struct view name)
{
	for (size_t i = 0; i < parameters->count; i++)
		if (view_equal(parameters->items[i].name, name))
			return parameters->items[i].value;
	return (struct view){0};
}

static int hex_digit(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void append_percent_decoded(struct buf *out, struct view v)
{
	for (size_t i = 0; i < v.len; i++) {
		char c = v.data[i];
		if (c == '%' && i + 2 < v.len && hex_digit(v.data[i + 1]) >= 0 &&
		    hex_digit(v.data[i + 2]) >= 0) {
			c = (char)(hex_digit(v.data[i + 1]) << 4 | hex_digit(v.data[i + 2]));
			i += 2;
		}
		buf_append_byte(out, c);
	}
}

/* extended-initial-value = [charset] "'" [language] "'" extended-other-values */
static void append_extended(struct buf *out, struct view value)
{
	struct view rest = value, charset, language;
	bool defective = false;
	view_next(&rest, '\'', &charset);
	if (rest.data == NULL || !view_next(&rest, '\'', &language) || rest.data == NULL) {
		charset = (struct view){0};
		rest = value;
	}
	struct buf octets, text;
	buf_init(&octets, value.len + 1);
	buf_init(&text, 4 * value.len + 16);
	append_percent_decoded(&octets, rest);
	charset_to_utf8(charset, buf_view(&octets), &text, &defective);
	/* No line end and no NUL gets into a name this way. */
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)buf_view(&text).data[i] >= ' ')
			buf_append_byte(out, buf_view(&text).data[i]);
	buf_done(&octets);
	buf_done(&text);
}

bool parameter_text(const struct parameters *parameters, struct view name, struct buf *out)
{
	for (size_t i = 0; i < parameters->count; i++) {
		struct view found = parameters->items[i].name;
		if (found.len == name.len + 1 && found.data[name.len] == '*' && view_starts(found, name)) {
			append_extended(out, parameters->items[i].value);
			return true;
		}
	}
	for (size_t i = 0; i < parameters->count; i++) {
		if (view_equal(parameters->items[i].name, name)) {
			encoded_word_decode(parameters->items[i].value, out);
			return true;
		}
	}
	return false;
}

bool media_type_is(const struct media_type *type, const char *major, const char *subtype)
{
	return view_equal(type->type, view_from_string(major)) &&
	       (subtype == NULL || view_equal(type->subtype, view_from_string(subtype)));
}
