/*
 * The text of an HTML body, for previews and the command line. Not a parser of HTML: it drops what stands
 * between
 * "<" and ">", skips the contents of elements that show nothing, and reads the entities that mail uses.
 */
#include "mime/preview.h"

#include <errno.h>

#include "base/cursor.h"
#include "base/utf8.h"
#include "format/limits.h"

static bool is_name_char(char c)
{
	return ascii_is_alnum(c);
}

static bool is_one_of(struct view name, const char *const *list)
{
	for (; *list; list++)
		if (view_equal_nocase(name, view_from_string(*list)))
			return true;
	return false;
}

/* Moves behind the next occurrence of `end`, without case, or to the end of the text. */
static void skip_past(struct cursor *in, struct view end)
{
	while (!cursor_at_end(in)) {
		ptrdiff_t at = view_find(in->rest, end.data[0]);
		in->rest = view_skip(in->rest, at < 0 ? in->rest.len : (size_t)at);
		if (cursor_accept_nocase(in, end))
			return;
		in->rest = view_skip(in->rest, 1);
	}
}

/* Moves behind the ">" that ends a tag; one in a quoted attribute doesn't. */
static void skip_tag(struct cursor *in)
{
	char quote = '\0';
	for (size_t i = 0; i < in->rest.len; i++) {
		char c = in->rest.data[i];
		if (quote) {
			quote = c == quote ? '\0' : quote;
		} else if (c == '>') {
			in->rest = view_skip(in->rest, i + 1);
			return;
		} else if ((c == '"' || c == '\'') && i > 0 && in->rest.data[i - 1] == '=') {
			quote = c;
		}
	}
	in->rest = view_skip(in->rest, in->rest.len);
}

/* At "<" followed by a letter, "/", "!" or "?". */
static void tag(struct cursor *in, struct buf *out)
{
	static const char *const unseen[] = {"script", "style", "title", "head", "template", NULL};
	static const char *const blocks[] = {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table",
	    "ul", "ol", "blockquote", "hr", "pre", NULL};
	cursor_accept(in, '<');
	if (cursor_accept_nocase(in, VIEW("!--"))) {
		skip_past(in, VIEW("-->"));
		return;
	}
	bool end = cursor_accept(in, '/');
	struct view name = cursor_while(in, is_name_char);
	skip_tag(in);
	if (is_one_of(name, blocks))
		buf_append_byte(out, '\n');
	else if (view_equal_nocase(name, VIEW("td")) || view_equal_nocase(name, VIEW("th")))
		buf_append_byte(out, ' ');
	if (end || !is_one_of(name, unseen))
		return;
	char closing[16] = "</";
	for (size_t i = 0; i < name.len; i++)
		closing[2 + i] = name.data[i];
	skip_past(in, view_of(closing, 2 + name.len));
	skip_tag(in);
}

static int32_t numeric_entity(struct view digits)
{
	uint64_t n = 0;
	bool hex = digits.len && ascii_lower(digits.data[0]) == 'x';
	for (size_t i = hex; i < digits.len && n < 0x110000; i++) {
		char c = ascii_lower(digits.data[i]);
		if (ascii_is_digit(c))
			n = n * (hex ? 16 : 10) + (uint64_t)(c - '0');
		else if (hex && c >= 'a' && c <= 'f')
			n = n * 16 + (uint64_t)(c - 'a' + 10);
		else
			return -1;
	}
	return digits.len > (size_t)hex && n >= ' ' && n < 0x110000 ? (int32_t)n : -1;
}

static int32_t named_entity(struct view name)
{
	static const struct {
		const char *name;
		int32_t c;
	} entities[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", 0xa0},
	    {"shy", 0xad}, {"zwnj", 0x200c}, {"zwj", 0x200d}, {"copy", 0xa9}, {"reg", 0xae},
	    {"trade", 0x2122}, {"ndash", 0x2013}, {"mdash", 0x2014}, {"lsquo", 0x2018}, {"rsquo", 0x2019},
	    {"ldquo", 0x201c}, {"rdquo", 0x201d}, {"bdquo", 0x201e}, {"laquo", 0xab}, {"raquo", 0xbb},
	    {"hellip", 0x2026}, {"bull", 0x2022}, {"middot", 0xb7}, {"euro", 0x20ac}, {"pound", 0xa3},
	    {"auml", 0xe4}, {"ouml", 0xf6}, {"uuml", 0xfc}, {"Auml", 0xc4}, {"Ouml", 0xd6}, {"Uuml", 0xdc},
	    {"szlig", 0xdf}, {"eacute", 0xe9}, {"egrave", 0xe8}, {"agrave", 0xe0}, {"aacute", 0xe1},
	    {"ccedil", 0xe7}, {"ntilde", 0xf1}, {"oacute", 0xf3}, {"iacute", 0xed}, {"uacute", 0xfa},
	    {"aring", 0xe5}, {"oslash", 0xf8}, {"aelig", 0xe6}, {"ecirc", 0xea}, {"acirc", 0xe2},
	    {"ocirc", 0xf4}, {"deg", 0xb0}, {"thinsp", 0x2009}};
	for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
		if (view_equal(name, view_from_string(entities[i].name)))
			return entities[i].c;
	return -1;
}

/* At "&". */
static void entity(struct cursor *in, struct buf *out)
{
	struct view name = view_take(view_skip(in->rest, 1), ENTITY_MAX);
	ptrdiff_t end = view_find(name, ';');
	int32_t c = -1;
	if (end > 0) {
		name = view_take(name, (size_t)end);
		c = name.data[0] == '#' ? numeric_entity(view_skip(name, 1)) : named_entity(name);
	}
	if (c >= 0)
		utf8_append(out, c);
	else
		buf_append_byte(out, '&');
	in->rest = view_skip(in->rest, c >= 0 ? name.len + 2 : 1);
}

static bool is_text(char c)
{
	return c != '<' && c != '&' && c != '\r' && c != '\n';
}

int html_to_text(struct view html, struct buf *out)
{
	struct cursor in = cursor_on(html);
	while (!cursor_at_end(&in)) {
		buf_append(out, cursor_while(&in, is_text));
		char next = in.rest.len > 1 ? in.rest.data[1] : '\0';
		bool is_tag = ascii_is_alpha(next) || next == '/' || next == '!' || next == '?';
		switch (cursor_peek(&in)) {
		case '<':
			if (is_tag)
				tag(&in, out);
			else
				buf_append(out, cursor_bytes(&in, 1));
			break;
		case '&':
			entity(&in, out);
			break;
		case '\r':
		case '\n':
			cursor_bytes(&in, 1);
			buf_append_byte(out, ' ');
			break;
		default:
			break;
		}
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}
