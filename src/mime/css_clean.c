/*
 * CSS of a message without what loads: html_clean.h. Read in tokens as https://www.w3.org/TR/css-syntax-3/
 * has them, as far as it takes to know strings, comments, escapes, functions and at-rules from one another.
 */
#include "mime/html_clean.h"

#include <errno.h>

#include "base/cursor.h"
#include "base/utf8.h"

enum { NAME_MAX_LEN = 64, ESCAPE_DIGITS_MAX = 6 };

struct sheet {
	struct view rest;
	struct buf *out;
	size_t declaration; /* where in *out the one begins that is being read */
	struct view *remote;
	bool declarations;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_name(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || (unsigned char)c >= 0x80;
}

static char peek(struct view v, size_t at)
{
	return at < v.len ? v.data[at] : '\0';
}

static bool is_hex(char c)
{
	return ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}

/* ---- escapes ---- */

/* At "\": takes it, and says which character it stands for; -1: for none, it ends a line. */
static int32_t take_escape(struct view *rest)
{
	int32_t c = 0;
	size_t n = 1;
	if (!is_hex(peek(*rest, 1))) {
		*rest = view_skip(*rest, 1);
		if (rest->len == 0 || is_blank(rest->data[0])) {
			*rest = view_skip(*rest, rest->len && rest->data[0] != ' ' ? 1 : 0);
			return -1;
		}
		return utf8_next(rest);
	}
	for (; n <= ESCAPE_DIGITS_MAX && is_hex(peek(*rest, n)); n++) {
		char d = ascii_lower(rest->data[n]);
		c = c * 16 + (ascii_is_digit(d) ? d - '0' : d - 'a' + 10);
	}
	*rest = view_skip(*rest, n);
	if (rest->len && is_blank(rest->data[0]))
		*rest = view_skip(*rest, 1);
	return c > 0 && c <= 0x10ffff ? c : 0xfffd;
}

/* What names are made of as itself, so that none is hidden; anything else of ASCII as an escape: it stays
 * what it is. */
static void put_character(struct buf *out, int32_t c)
{
	if (c < 0)
		return;
	if (c >= 0x80)
		utf8_append(out, c);
	else if (ascii_is_alpha((char)c) || c == '-' || c == '_')
		buf_append_byte(out, (char)c);
	else
		buf_printf(out, "\\%x ", (unsigned)c);
}

/* ---- what is left out ---- */

static void skip_comment(struct view *rest)
{
	*rest = view_skip(*rest, 2);
	while (rest->len && !view_starts(*rest, VIEW("*/"))) {
		*rest = view_skip(*rest, 1);
		ptrdiff_t at = view_find(*rest, '*');
		*rest = view_skip(*rest, at < 0 ? rest->len : (size_t)at);
	}
	*rest = view_skip(*rest, 2);
}

static bool ends_line(char c)
{
	return c == '\n' || c == '\r' || c == '\f';
}

/* At a quote. What is between it and the next one, or the end of the line. */
static struct view take_string(struct view *rest)
{
	size_t n = 1;
	char quote = rest->data[0];
	while (n < rest->len && rest->data[n] != quote && !ends_line(rest->data[n]))
		n += rest->data[n] == '\\' ? 2 : 1;
	if (n > rest->len)
		n = rest->len;
	struct view string = view_skip(view_take(*rest, n), 1);
	*rest = view_skip(*rest, peek(*rest, n) == quote ? n + 1 : n);
	return string;
}

/* One token of what is left out; whole, so that nothing in a string counts. */
static void skip_token(struct view *rest)
{
	char c = rest->data[0];
	if (c == '/' && peek(*rest, 1) == '*')
		skip_comment(rest);
	else if (c == '"' || c == '\'')
		take_string(rest);
	else if (c == '\\')
		take_escape(rest);
	else
		*rest = view_skip(*rest, 1);
}

/* Behind "(": up to the ")" that ends it. */
static void skip_arguments(struct view *rest)
{
	size_t depth = 1;
	while (rest->len && depth) {
		char c = rest->data[0];
		depth += c == '(';
		depth -= c == ')';
		skip_token(rest);
	}
}

/* Behind the name of an at-rule: up to its ";", or over its block. */
static void skip_rule(struct view *rest)
{
	size_t depth = 0;
	while (rest->len) {
		char c = rest->data[0];
		bool ends = (c == ';' && depth == 0) || (c == '}' && depth <= 1);
		if (c == '}' && depth == 0)
			return; /* of the rule around it */
		depth += c == '{';
		depth -= c == '}' && depth;
		skip_token(rest);
		if (ends)
			return;
	}
}

/* ---- what stays ---- */

static void put_string(struct buf *out, struct view string)
{
	buf_append_byte(out, '"');
	while (string.len) {
		char c = string.data[0];
		if (c == '\\') {
			put_character(out, take_escape(&string));
			continue;
		}
		/* A line's end would end the string, and what follows would be read anew. */
		if (c == '"' || c == '<' || ends_line(c))
			put_character(out, c);
		else if (c != '\0')
			buf_append_byte(out, c);
		string = view_skip(string, 1);
	}
	buf_append_byte(out, '"');
}

/* Behind "url(". */
static struct view take_address(struct view *rest)
{
	while (rest->len && is_blank(rest->data[0]))
		*rest = view_skip(*rest, 1);
	char c = peek(*rest, 0);
	if (c == '"' || c == '\'') {
		struct view address = take_string(rest);
		skip_arguments(rest);
		return address;
	}
	ptrdiff_t end = view_find(*rest, ')');
	struct view address = view_trim(view_take(*rest, end < 0 ? rest->len : (size_t)end));
	*rest = view_skip(*rest, end < 0 ? rest->len : (size_t)end + 1);
	return address;
}

static bool is_background(struct sheet *s)
{
	struct view out = buf_view(s->out);
	while (s->declaration < out.len && is_blank(out.data[s->declaration]))
		s->declaration++; /* so that each blank is passed once, however many addresses follow */
	return view_starts_nocase(view_skip(out, s->declaration), VIEW("background"));
}

static void put_url(struct sheet *s)
{
	struct view address = take_address(&s->rest);
	enum html_address kind = view_find(address, '\\') < 0 ? html_address_of(address) : HTML_ADDRESS_NONE;
	if (kind == HTML_ADDRESS_PART || kind == HTML_ADDRESS_INSIDE) {
		buf_append(s->out, VIEW("url("));
		put_string(s->out, address);
		buf_append_byte(s->out, ')');
		return;
	}
	if (kind == HTML_ADDRESS_REMOTE && s->declarations && s->remote->len == 0 && is_background(s))
		*s->remote = address;
	buf_append(s->out, VIEW("none"));
}

/* Functions that load what they name, or that once ran it. */
static bool loads(struct view name)
{
	static const char *const list[] = {"-moz-element", "-webkit-cross-fade", "-webkit-image-set",
	    "cross-fade", "element", "expression", "image", "image-set", "paint", "src", NULL};
	for (const char *const *at = list; *at; at++)
		if (view_equal_nocase(name, view_from_string(*at)))
			return true;
	return false;
}

static bool is_rule_that_loads(struct view name)
{
	static const char *const list[] = {"charset", "counter-style", "font-face", "font-palette-values",
	    "import", "namespace", "property", NULL};
	for (const char *const *at = list; *at; at++)
		if (view_equal_nocase(name, view_from_string(*at)))
			return true;
	return false;
}

/* Writes a name, its escapes read; what was written of it. */
static struct view put_name(struct sheet *s)
{
	size_t from = buf_view(s->out).len;
	while (s->rest.len &&
	       (is_name(s->rest.data[0]) || (s->rest.data[0] == '\\' && peek(s->rest, 1) != '\n'))) {
		if (s->rest.data[0] == '\\') {
			put_character(s->out, take_escape(&s->rest));
		} else {
			buf_append_byte(s->out, s->rest.data[0]);
			s->rest = view_skip(s->rest, 1);
		}
	}
	return view_skip(buf_view(s->out), from);
}

static void name_or_function(struct sheet *s)
{
	size_t from = buf_view(s->out).len;
	struct view name = put_name(s);
	if (peek(s->rest, 0) != '(')
		return;
	bool url = view_equal_nocase(name, VIEW("url")) || view_equal_nocase(name, VIEW("url-prefix"));
	if (!url && !loads(name))
		return;
	buf_truncate(s->out, from);
	s->rest = view_skip(s->rest, 1);
	if (url) {
		put_url(s);
	} else {
		skip_arguments(&s->rest);
		buf_append(s->out, VIEW("none"));
	}
}

static void at_rule(struct sheet *s)
{
	size_t from = buf_view(s->out).len;
	s->rest = view_skip(s->rest, 1);
	buf_append_byte(s->out, '@');
	struct view name = put_name(s);
	if (!is_rule_that_loads(name))
		return;
	buf_truncate(s->out, from);
	skip_rule(&s->rest);
}

/* What goes leaves a space, so that what was apart does not become one name. */
static bool goes(struct sheet *s)
{
	char c = s->rest.data[0], next = peek(s->rest, 1);
	size_t len = 0;
	if (c == '/' && next == '*')
		skip_comment(&s->rest);
	else if (view_starts(s->rest, VIEW("<!--")))
		len = 4; /* old programs put a sheet between these two */
	else if (view_starts(s->rest, VIEW("-->")))
		len = 3;
	else if (c == '\0' || (c == '\\' && next == '\n'))
		len = 1;
	else if (c == '<' && !is_blank(next) && next != '=')
		len = 1; /* alone it compares widths; with more it would end the sheet, or hide it */
	else
		return false;
	s->rest = view_skip(s->rest, len);
	buf_append_byte(s->out, ' ');
	return true;
}

static void token(struct sheet *s)
{
	char c = s->rest.data[0];
	if (goes(s))
		return;
	if (c == '"' || c == '\'') {
		put_string(s->out, take_string(&s->rest));
	} else if (c == '@') {
		at_rule(s);
	} else if (is_name(c) || c == '\\') {
		name_or_function(s);
	} else {
		buf_append_byte(s->out, c);
		s->rest = view_skip(s->rest, 1);
		if (c == ';' || c == '{' || c == '}')
			s->declaration = buf_view(s->out).len;
	}
}

int css_clean(struct view css, bool declarations, struct buf *out, struct view *remote)
{
	struct sheet s = {.rest = css,
	    .out = out,
	    .declaration = buf_view(out).len,
	    .remote = remote,
	    .declarations = declarations};
	*remote = (struct view){0};
	while (s.rest.len && !buf_failed(out))
		token(&s);
	return buf_failed(out) ? -ENOBUFS : 0;
}
