/*
 * The header of a message or body part, RFC 5322 sections 2.2, 3.6.4 and 4.5.
 *
 *	field-name = 1*ftext ; ftext = %d33-57 / %d59-126
 *	field      = field-name ":" unstructured CRLF
 *	obs-field  = field-name *WSP ":" unstructured CRLF
 *
 * A header ends at the first line that is neither field nor continuation. Others repair such lines; but what
 *one server takes for the body and another for a header is where attacks hide, so this follows Postfix and
 *Python.
 */
#include "format/header.h"

#include "format/lex.h"
#include "format/limits.h"

struct header_reader header_read(struct view block)
{
	return (struct header_reader){.block = block};
}

static bool is_ftext(char c)
{
	return c > ' ' && c < 0x7f && c != ':';
}

size_t header_field_name(struct view line, struct view *name)
{
	size_t n = 0;
	line = view_take(line, FIELD_NAME_MAX);
	while (n < line.len && is_ftext(line.data[n]))
		n++;
	size_t colon = n;
	while (colon < line.len && (line.data[colon] == ' ' || line.data[colon] == '\t'))
		colon++;
	if (n == 0 || colon == line.len || line.data[colon] != ':')
		return 0;
	*name = view_take(line, n);
	return colon + 1;
}

/* The line with its end; the whole rest when it has none. */
static struct view line_at(struct view block, size_t at)
{
	struct view rest = view_skip(block, at);
	ptrdiff_t end = view_find(rest, '\n');
	return end < 0 ? rest : view_take(rest, (size_t)end + 1);
}

static struct view without_line_end(struct view v)
{
	if (v.len && v.data[v.len - 1] == '\n')
		v.len--;
	if (v.len && v.data[v.len - 1] == '\r')
		v.len--;
	return v;
}

static bool continues(struct view line)
{
	return line.len && (line.data[0] == ' ' || line.data[0] == '\t');
}

bool header_next(struct header_reader *r, struct header_field *field)
{
	while (!r->ended) {
		struct view line = line_at(r->block, r->at);
		if (line.len == 0 || view_equal(line, VIEW("\n")) || view_equal(line, VIEW("\r\n"))) {
			r->at += line.len;
			r->ended = true;
			break;
		}
		struct view name = {0};
		size_t colon = header_field_name(line, &name);
		bool nameless = line.data[0] == ':' || continues(line) ||
		                (r->at == 0 && view_starts(line, VIEW("From ")));
		if (colon == 0 && !nameless) {
			r->ended = r->defective = true;
			break;
		}
		size_t start = r->at;
		r->at += line.len;
		while (continues(line = line_at(r->block, r->at)))
			r->at += line.len;
		if (colon == 0) {
			r->defective = true;
			continue;
		}
		struct view whole = view_take(view_skip(r->block, start), r->at - start);
		*field = (struct header_field){.name = name,
		    .offset = start,
		    .len = whole.len,
		    .body = without_line_end(view_skip(whole, colon))};
		return true;
	}
	return false;
}

bool header_find(struct view block, struct view name, struct view *body)
{
	struct header_reader r = header_read(block);
	struct header_field field;
	while (header_next(&r, &field)) {
		if (view_equal_nocase(field.name, name)) {
			*body = field.body;
			return true;
		}
	}
	return false;
}

int header_unfold(struct view body, struct buf *out)
{
	body = view_trim(body);
	while (body.len) {
		size_t n = 0;
		while (n < body.len && body.data[n] != '\r' && body.data[n] != '\n')
			n++;
		int error = buf_append(out, view_take(body, n));
		if (error)
			return error;
		body = view_skip(body, n);
		while (body.len && (body.data[0] == '\r' || body.data[0] == '\n'))
			body = view_skip(body, 1);
	}
	return 0;
}

/* msg-id = [CFWS] "<" id-left "@" id-right ">" [CFWS] */
bool message_id_next(struct view *rest, struct view *id)
{
	ptrdiff_t open;
	while ((open = view_find(*rest, '<')) >= 0) {
		*rest = view_skip(*rest, (size_t)open + 1);
		ptrdiff_t close = view_find(*rest, '>');
		if (close < 0)
			break;
		struct view inside = view_take(*rest, (size_t)close);
		/* "<broken <whole@id>" */
		ptrdiff_t again = view_find_last(inside, '<');
		*rest = view_skip(*rest, (size_t)close + 1);
		*id = view_trim(view_skip(inside, (size_t)(again + 1)));
		if (id->len)
			return true;
	}
	return false;
}

int message_id_append(struct view id, struct buf *out)
{
	int error = 0;
	for (size_t i = 0; i < id.len && error == 0; i++)
		if (!lex_is_blank(id.data[i]))
			error = buf_append_byte(out, id.data[i]);
	return error;
}
