/*
 * Tokens of structured header fields, RFC 5322 section 3.2. Nothing here fails: mail with an open quote or
 * comment is delivered every day, and its best reading is that the quote ends where the field does.
 */
#include "format/lex.h"

#include <string.h>

#include "format/limits.h"

bool lex_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* atext = ALPHA / DIGIT / "!" "#" "$" "%" "&" "'" "*" "+" "-" "/" "=" "?" "^" "_" "`" "{" "|" "}" "~" /
 * UTF8-non-ascii */
bool lex_is_atext(char c)
{
	if (ascii_is_alnum(c) || (unsigned char)c >= 0x80)
		return true;
	return c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL;
}

/* token = 1*<any CHAR except SPACE, CTLs, or tspecials>; tspecials = ()<>@,;:\"/[]?= */
bool lex_is_mime_token(char c)
{
	if ((unsigned char)c >= 0x80)
		return true;
	return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

size_t lex_iso_2022_jp(struct view v)
{
	/* A run ends with its line; and what is not ended must not be looked through again at each escape in
	 * it. */
	v = view_take(v, LINE_MAX_OCTETS);
	if (!view_starts(v, VIEW("\x1b$B")) && !view_starts(v, VIEW("\x1b$@")) &&
	    !view_starts(v, VIEW("\x1b$(D")))
		return 0;
	for (size_t i = 3; i < v.len; i++) {
		struct view at = view_skip(v, i);
		if (view_starts(at, VIEW("\x1b(B")) || view_starts(at, VIEW("\x1b(J")))
			return i + 3;
		if (v.data[i] != '\x1b' && !ascii_is_print(v.data[i]))
			return 0;
		if (v.data[i] == ' ')
			return 0;
	}
	return 0;
}

size_t lex_unit_length(struct view v)
{
	size_t run = lex_iso_2022_jp(v);
	if (run)
		return run;
	return v.data[0] == '\\' && v.len > 1 ? 2 : 1;
}

/*
 * comment  = "(" *([FWS] ccontent) [FWS] ")"
 * ccontent = ctext / quoted-pair / comment
 */
static struct view skip_comment(struct cursor *c)
{
	struct view text = view_skip(c->rest, 1);
	size_t depth = 0;
	for (size_t i = 0, n; i < c->rest.len; i += n) {
		char at = c->rest.data[i];
		n = lex_unit_length(view_skip(c->rest, i));
		if (n > 1)
			continue;
		if (at == '(' && depth < COMMENT_DEPTH_MAX) {
			depth++;
		} else if (at == ')' && --depth == 0) {
			text = view_take(text, i - 1);
			c->rest = view_skip(c->rest, i + 1);
			return text;
		}
	}
	c->rest = view_skip(c->rest, c->rest.len);
	return text;
}

bool lex_skip_cfws(struct cursor *c, struct view *comment)
{
	size_t before = c->rest.len;
	for (;;) {
		cursor_while(c, lex_is_blank);
		if (cursor_peek(c) != '(')
			return c->rest.len != before;
		struct view inside = skip_comment(c);
		if (comment)
			*comment = inside;
	}
}

void lex_unquote(struct view raw, struct buf *out)
{
	for (size_t i = 0, n; i < raw.len; i += n) {
		char c = raw.data[i];
		n = lex_unit_length(view_skip(raw, i));
		if (c == '\x1b' && n > 1) {
			buf_append(out, view_take(view_skip(raw, i), n));
			continue;
		}
		if (n > 1)
			c = raw.data[i + 1];
		if (c != '\r' && c != '\n' && c != '\0')
			buf_append_byte(out, c);
	}
}

/* quoted-string = [CFWS] DQUOTE *([FWS] qcontent) [FWS] DQUOTE [CFWS] */
bool lex_quoted_string(struct cursor *c, struct buf *out)
{
	struct view text = view_skip(c->rest, 1);
	size_t end = 0;
	while (end < text.len && text.data[end] != '"')
		end += lex_unit_length(view_skip(text, end));
	bool closed = end < text.len;
	lex_unquote(view_take(text, end), out);
	c->rest = view_skip(text, end + 1);
	return closed;
}

int lex_write_quoted(struct buf *out, struct view text)
{
	buf_append_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (c == '\r' || c == '\n' || c == '\0')
			continue;
		if (c == '"' || c == '\\')
			buf_append_byte(out, '\\');
		buf_append_byte(out, c);
	}
	return buf_append_byte(out, '"');
}
