/*
 * The header of a message or body part, RFC 5322 sections 2.2, 3.6.4 and 4.5.
 *
 *	field-name = 1*ftext ; ftext = %d33-57 / %d59-126
 *	field      = field-name ":" unstructured CRLF
 *	obs-field  = field-name *WSP ":" unstructured CRLF
 *
 * A header ends at the blank line. A line that is neither field nor continuation ends it too, unless a field
 * that every reader knows follows: strict readers end the header there, lenient ones read on, and what one
 * server takes for the body and another for a header is where attacks hide. So nothing that either sees may
 * be out of our sight; the filter in submission.c writes what it lets in so that both see the same.
 */
#include "format/header.h"

#include "base/utf8.h"
#include "format/lex.h"
#include "format/limits.h"

struct header_reader header_read(struct view block)
{
	return (struct header_reader){.block = block};
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

static bool is_blank_line(struct view line)
{
	return view_equal(line, VIEW("\n")) || view_equal(line, VIEW("\r\n"));
}

/* A line with its continuations. */
static struct view lines_at(struct view block, size_t at)
{
	size_t end = at + line_at(block, at).len;
	struct view line;
	while (continues(line = line_at(block, end)))
		end += line.len;
	return view_take(view_skip(block, at), end - at);
}

/* Where a field of a known name begins, behind the broken line at `start`; 0 if the header ends first. */
static size_t find_known(struct view block, size_t start)
{
	struct view lines, name;
	for (size_t at = start; at < block.len && at - start < HEADER_DOUBT_MAX; at += lines.len) {
		if (is_blank_line(line_at(block, at)))
			return 0;
		lines = lines_at(block, at);
		if (header_field_known(lines, &name))
			return at;
	}
	return 0;
}

/* Whether a line that is no field belongs to the header all the same. */
static bool is_skipped(struct header_reader *r, struct view line)
{
	if (line.data[0] == ':' || continues(line) || (r->at == 0 && view_starts(line, VIEW("From "))))
		return true;
	if (r->at >= r->sure && !r->strict)
		r->sure = find_known(r->block, r->at);
	return r->at < r->sure;
}

bool header_next(struct header_reader *r, struct header_field *field)
{
	while (!r->ended) {
		struct view line = line_at(r->block, r->at), name = {0};
		if (line.len == 0 || is_blank_line(line)) {
			r->at += line.len;
			r->ended = true;
			break;
		}
		struct view lines = lines_at(r->block, r->at);
		size_t start = r->at, colon = header_field_name(line, &name);
		if (colon == 0) {
			r->defective = true;
			colon = header_field_name_repaired(lines, &name);
		}
		if (colon == 0 && !is_skipped(r, line)) {
			r->ended = true;
			break;
		}
		r->at += lines.len;
		if (colon == 0)
			continue;
		*field = (struct header_field){.name = name,
		    .offset = start,
		    .len = lines.len,
		    .body = without_line_end(view_skip(lines, colon))};
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

bool header_needs_utf8(struct view message)
{
	struct header_reader reader = header_read(message);
	struct header_field field;
	while (header_next(&reader, &field))
		;
	struct view header = view_take(message, reader.at);
	return !utf8_is_ascii(header) && utf8_valid(header);
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
/* Where the next "<" is that stands in no comment; negative: nowhere. */
static ptrdiff_t next_bracket(struct view text)
{
	struct cursor c = cursor_on(text);
	while (!cursor_at_end(&c) && cursor_peek(&c) != '<')
		if (!lex_skip_cfws(&c, NULL))
			cursor_u8(&c);
	return cursor_at_end(&c) ? -1 : (ptrdiff_t)(text.len - c.rest.len);
}

bool message_id_next(struct view *rest, struct view *id)
{
	ptrdiff_t open;
	while ((open = next_bracket(*rest)) >= 0) {
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
