/* Results and their properties, between comments and quoted strings: see results_read.h. */
#include "trust/sender/results_read.h"

#include "format/lex.h"

/* Up to the next semicolon that stands in no comment and no quoted string; *rest is behind it. */
static struct view take_part(struct view *rest)
{
	struct cursor in = cursor_on(*rest);
	struct buf ignored;
	struct view whole = *rest;
	buf_init(&ignored, 0);
	while (!cursor_at_end(&in) && cursor_peek(&in) != ';') {
		int next = cursor_peek(&in);
		size_t before = in.rest.len;
		if (next == '"')
			lex_quoted_string(&in, &ignored);
		else if (next == '(')
			lex_skip_cfws(&in, NULL);
		if (in.rest.len == before)
			cursor_u8(&in);
	}
	struct view part = view_take(whole, whole.len - in.rest.len);
	cursor_accept(&in, ';');
	*rest = in.rest;
	buf_done(&ignored);
	return part;
}

/* methodspec: method [ "/" version ] "=" result */
static bool read_method(struct view part, struct results_one *out)
{
	struct cursor in = cursor_on(part);
	lex_skip_cfws(&in, NULL);
	out->method = cursor_while(&in, lex_is_mime_token);
	lex_skip_cfws(&in, NULL);
	if (cursor_accept(&in, '/')) {
		lex_skip_cfws(&in, NULL);
		cursor_while(&in, ascii_is_digit);
		lex_skip_cfws(&in, NULL);
	}
	if (out->method.len == 0 || !cursor_accept(&in, '='))
		return false;
	lex_skip_cfws(&in, NULL);
	out->result = cursor_while(&in, lex_is_mime_token);
	out->properties = in.rest;
	return out->result.len > 0;
}

struct view results_begin(struct view text)
{
	take_part(&text);
	return text;
}

bool results_next(struct view *rest, struct results_one *out)
{
	while (rest->len > 0)
		if (read_method(take_part(rest), out))
			return true;
	return false;
}

static bool is_value(char c)
{
	return !lex_is_blank(c) && c != '(' && c != '"' && c != ';';
}

/* A value, without its quotes: a token, a quoted string, or an address of both. */
static bool read_value(struct cursor *in, struct buf *out)
{
	bool good = true;
	while (good && !cursor_at_end(in) && (cursor_peek(in) == '"' || is_value((char)cursor_peek(in))))
		good = cursor_peek(in) == '"' ? lex_quoted_string(in, out)
		                              : buf_append(out, cursor_while(in, is_value)) == 0;
	return good && !buf_failed(out);
}

bool results_property(const struct results_one *one, struct view name, struct buf *out)
{
	struct cursor in = cursor_on(one->properties);
	while (!cursor_at_end(&in)) {
		size_t before = in.rest.len;
		lex_skip_cfws(&in, NULL);
		struct view key = cursor_while(&in, lex_is_mime_token);
		lex_skip_cfws(&in, NULL);
		bool wanted = key.len > 0 && view_equal_nocase(key, name);
		if (key.len > 0 && cursor_accept(&in, '=')) {
			struct buf value;
			lex_skip_cfws(&in, NULL);
			buf_init(&value, in.rest.len);
			bool good = read_value(&in, &value);
			if (wanted)
				good = good && buf_append(out, buf_view(&value)) == 0;
			buf_done(&value);
			if (wanted)
				return good;
		}
		if (in.rest.len == before)
			cursor_u8(&in);
	}
	return false;
}
