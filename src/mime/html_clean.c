/* Tags and text of HTML, read as browsers read them and written anew: html_clean.h. */
#include "mime/html_clean.h"

#include <errno.h>

#include "base/cursor.h"
#include "base/utf8.h"

enum { TAG_NAME_MAX = 24 };

struct attribute {
	struct view name, value; /* the name in lower case, the value as it stands */
};

struct tag {
	char name_text[TAG_NAME_MAX];
	struct view name; /* in lower case; empty: it is longer than any that is known */
	struct attribute attributes[HTML_ATTRIBUTES_MAX];
	char names[HTML_ATTRIBUTES_MAX][TAG_NAME_MAX];
	size_t attribute_count;
};

struct cleaning {
	struct view rest;
	struct buf *out;
	struct buf decoded, css;
	unsigned open, over; /* elements that lie in each other; those that lie too deep */
	/* Names whose end tag was looked for in vain: nothing behind has it either. */
	char without_end[HTML_CONTENTS_GO_MAX][TAG_NAME_MAX];
	size_t without_end_len[HTML_CONTENTS_GO_MAX], without_end_count;
};

/* https://infra.spec.whatwg.org/#ascii-whitespace */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static struct view lower(struct view name, char *to)
{
	if (name.len > TAG_NAME_MAX)
		return (struct view){0};
	for (size_t i = 0; i < name.len; i++)
		to[i] = ascii_lower(name.data[i]);
	return view_of(to, name.len);
}

/* ---- addresses ---- */

static bool is_link(struct view address)
{
	while (address.len && (unsigned char)address.data[0] <= ' ')
		address = view_skip(address, 1);
	return view_starts(address, VIEW("#")) || view_starts_nocase(address, VIEW("http:")) ||
	       view_starts_nocase(address, VIEW("https:")) || view_starts_nocase(address, VIEW("mailto:")) ||
	       view_starts_nocase(address, VIEW("tel:"));
}

/* ---- values ---- */

static int32_t number_of(struct view digits)
{
	int32_t n = 0;
	bool hex = digits.len && ascii_lower(digits.data[0]) == 'x';
	if (digits.len <= (size_t)hex)
		return -1;
	for (size_t i = hex; i < digits.len && n <= 0x10ffff; i++) {
		char c = ascii_lower(digits.data[i]);
		if (!ascii_is_digit(c) && !(hex && c >= 'a' && c <= 'f'))
			return -1;
		n = n * (hex ? 16 : 10) + (ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	return n > 0 && n <= 0x10ffff ? n : -1;
}

static int32_t character_of(struct view name)
{
	static const struct {
		const char *name;
		int32_t c;
	} list[] = {{"quot", '"'}, {"amp", '&'}, {"apos", '\''}, {"lt", '<'}, {"gt", '>'}, {"nbsp", 0xa0}};
	if (name.len && name.data[0] == '#')
		return number_of(view_skip(name, 1));
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
		if (view_equal(name, view_from_string(list[i].name)))
			return list[i].c;
	return -1;
}

/*
 * A value without its character references. False if one of them is not known here: browsers know 2,231, some
 * without their semicolon, and whoever hides CSS behind them has nothing good in mind.
 */
static bool decode(struct view value, struct buf *out)
{
	enum { REFERENCE_MAX = 12 };
	buf_clear(out);
	while (value.len) {
		ptrdiff_t at = view_find(value, '&');
		size_t plain = at < 0 ? value.len : (size_t)at;
		buf_append(out, view_take(value, plain));
		value = view_skip(value, plain);
		if (value.len == 0)
			break;
		char next = value.len > 1 ? value.data[1] : '\0';
		if (next != '#' && !ascii_is_alnum(next)) {
			buf_append_byte(out, '&');
			value = view_skip(value, 1);
			continue;
		}
		struct view name = view_take(view_skip(value, 1), REFERENCE_MAX);
		ptrdiff_t end = view_find(name, ';');
		int32_t c = end < 0 ? -1 : character_of(view_take(name, (size_t)end));
		if (c < 0 || utf8_append(out, c) != 0)
			return false;
		value = view_skip(value, (size_t)end + 2);
	}
	return !buf_failed(out);
}

/* In quotes. `text`: it is text, whose "&" begins no character reference. */
static void put_value(struct buf *out, struct view value, bool text)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];
		if (c == '"')
			buf_append(out, VIEW("&quot;"));
		else if (c == '<')
			buf_append(out, VIEW("&lt;"));
		else if (c == '&' && text)
			buf_append(out, VIEW("&amp;"));
		else if (c != '\0')
			buf_append_byte(out, c);
	}
}

static void put_attribute(struct buf *out, struct view name, struct view value, bool text)
{
	buf_append_byte(out, ' ');
	buf_append(out, name);
	buf_append(out, VIEW("=\""));
	put_value(out, value, text);
	buf_append_byte(out, '"');
}

/* ---- attributes ---- */

static void put_address(struct buf *out, struct view name, struct view remote_name, struct view value)
{
	enum html_address address = html_address_of(value);
	if (address == HTML_ADDRESS_REMOTE)
		put_attribute(out, remote_name, value, false);
	else if (address != HTML_ADDRESS_NONE)
		put_attribute(out, name, value, false);
}

static void put_style(struct cleaning *c, struct view value)
{
	struct view remote = {0};
	if (!decode(value, &c->decoded))
		return;
	buf_clear(&c->css);
	if (css_clean(buf_view(&c->decoded), true, &c->css, &remote) != 0)
		return;
	put_attribute(c->out, VIEW("style"), buf_view(&c->css), true);
	if (remote.len)
		put_attribute(c->out, VIEW("data-remote-background"), remote, true);
}

static void put_attributes(struct cleaning *c, const struct tag *tag)
{
	for (size_t i = 0; i < tag->attribute_count; i++) {
		const struct attribute *a = &tag->attributes[i];
		switch (html_attribute_of(tag->name, a->name)) {
		case HTML_ATTRIBUTE_STAYS:
			put_attribute(c->out, a->name, a->value, false);
			break;
		case HTML_ATTRIBUTE_LINK:
			if (is_link(a->value))
				put_attribute(c->out, a->name, a->value, false);
			break;
		case HTML_ATTRIBUTE_SOURCE:
			put_address(c->out, a->name, VIEW("data-remote-src"), a->value);
			break;
		case HTML_ATTRIBUTE_BACKGROUND:
			put_address(c->out, a->name, VIEW("data-remote-background"), a->value);
			break;
		case HTML_ATTRIBUTE_STYLE:
			put_style(c, a->value);
			break;
		case HTML_ATTRIBUTE_GOES:
			break;
		}
	}
}

/* Of what it says of the document, only that it brings colours for a dark background. */
static void put_meta(struct cleaning *c, const struct tag *tag)
{
	struct view name = {0}, content = {0};
	for (size_t i = 0; i < tag->attribute_count; i++) {
		const struct attribute *a = &tag->attributes[i];
		if (view_equal(a->name, VIEW("name")))
			name = a->value;
		else if (view_equal(a->name, VIEW("content")))
			content = a->value;
	}
	if (!view_equal_nocase(name, VIEW("color-scheme")) &&
	    !view_equal_nocase(name, VIEW("supported-color-schemes")))
		return;
	buf_append(c->out, VIEW("<meta"));
	put_attribute(c->out, VIEW("name"), name, false);
	put_attribute(c->out, VIEW("content"), content, false);
	buf_append_byte(c->out, '>');
}

/* ---- reading tags: https://html.spec.whatwg.org/#tokenization ---- */

static struct view until(struct view *rest, const char *ends)
{
	size_t n = 0;
	while (n < rest->len) {
		char c = rest->data[n];
		bool end = is_blank(c);
		for (const char *e = ends; *e; e++)
			end = end || c == *e;
		if (end)
			break;
		n++;
	}
	struct view found = view_take(*rest, n);
	*rest = view_skip(*rest, n);
	return found;
}

static void skip_blanks(struct view *rest)
{
	while (rest->len && is_blank(rest->data[0]))
		*rest = view_skip(*rest, 1);
}

static bool starts_with(struct view rest, char c)
{
	return rest.len && rest.data[0] == c;
}

/* Behind "=". False: the text ends within it. */
static bool read_value(struct view *rest, struct view *value)
{
	skip_blanks(rest);
	char quote = rest->len ? rest->data[0] : '\0';
	if (quote != '"' && quote != '\'') {
		*value = until(rest, ">");
		return rest->len > 0;
	}
	*rest = view_skip(*rest, 1);
	ptrdiff_t end = view_find(*rest, quote);
	if (end < 0)
		return false;
	*value = view_take(*rest, (size_t)end);
	*rest = view_skip(*rest, (size_t)end + 1);
	return true;
}

static bool has_attribute(const struct tag *tag, struct view name)
{
	for (size_t i = 0; i < tag->attribute_count; i++)
		if (view_equal(tag->attributes[i].name, name))
			return true;
	return false;
}

static void keep_attribute(struct tag *tag, struct view name, struct view value)
{
	if (tag->attribute_count == HTML_ATTRIBUTES_MAX)
		return;
	name = lower(name, tag->names[tag->attribute_count]);
	/* Of two with one name the first counts. */
	if (name.len && !has_attribute(tag, name))
		tag->attributes[tag->attribute_count++] = (struct attribute){.name = name, .value = value};
}

/* Behind "<" or "</". False: the text ends within the tag, which is none then. */
static bool read_tag(struct view *rest, struct tag *tag)
{
	tag->attribute_count = 0;
	tag->name = lower(until(rest, "/>"), tag->name_text);
	for (;;) {
		struct view value = {0};
		while (rest->len && (is_blank(rest->data[0]) || rest->data[0] == '/'))
			*rest = view_skip(*rest, 1);
		if (rest->len == 0)
			return false;
		if (starts_with(*rest, '>')) {
			*rest = view_skip(*rest, 1);
			return true;
		}
		/* A "=" in front is a part of the name. */
		const char *from = rest->data;
		if (starts_with(*rest, '='))
			*rest = view_skip(*rest, 1);
		until(rest, "/>=");
		struct view name = view_of(from, (size_t)(rest->data - from));
		struct view behind = *rest;
		skip_blanks(&behind);
		if (starts_with(behind, '=')) {
			*rest = view_skip(behind, 1);
			if (!read_value(rest, &value))
				return false;
		}
		keep_attribute(tag, name, value);
	}
}

/* Where the end tag with this name begins, or the end of the text. */
static size_t find_end(struct view text, struct view name)
{
	size_t from = 0;
	for (;;) {
		struct view rest = view_skip(text, from);
		ptrdiff_t at = view_find(rest, '<');
		if (at < 0)
			return text.len;
		from += (size_t)at;
		rest = view_skip(text, from);
		char next = rest.len > 2 + name.len ? rest.data[2 + name.len] : '\0';
		if (rest.len > 1 && rest.data[1] == '/' && view_starts_nocase(view_skip(rest, 2), name) &&
		    (is_blank(next) || next == '/' || next == '>'))
			return from;
		from++;
	}
}

/* ---- elements ---- */

/* Looking to the end of the text once for each name keeps the time linear. */
static bool is_without_end(const struct cleaning *c, struct view name)
{
	for (size_t i = 0; i < c->without_end_count; i++)
		if (view_equal(view_of(c->without_end[i], c->without_end_len[i]), name))
			return true;
	return false;
}

static void drop_contents(struct cleaning *c, struct view name, bool raw)
{
	if (!raw && is_without_end(c, name))
		return;
	size_t end = find_end(c->rest, name);
	if (end < c->rest.len || raw) {
		c->rest = view_skip(c->rest, end);
	} else if (c->without_end_count < HTML_CONTENTS_GO_MAX) {
		c->without_end_len[c->without_end_count] =
		    lower(name, c->without_end[c->without_end_count]).len;
		c->without_end_count++;
	}
}

static void put_sheet(struct cleaning *c, struct view name)
{
	struct view sheet = view_take(c->rest, find_end(c->rest, name)), remote = {0};
	c->rest = view_skip(c->rest, sheet.len);
	buf_append(c->out, VIEW("<style>"));
	css_clean(sheet, false, c->out, &remote);
	buf_append(c->out, VIEW("</style>"));
}

static void put_start(struct cleaning *c, const struct tag *tag, bool empty)
{
	if (!empty && !html_end_is_optional(tag->name)) {
		if (c->open == HTML_NESTING_MAX) {
			c->over++;
			return;
		}
		c->open++;
	}
	buf_append_byte(c->out, '<');
	buf_append(c->out, tag->name);
	put_attributes(c, tag);
	buf_append_byte(c->out, '>');
}

static void start_tag(struct cleaning *c, const struct tag *tag)
{
	switch (html_fate_of(tag->name)) {
	case HTML_STAYS:
		put_start(c, tag, false);
		break;
	case HTML_STAYS_EMPTY:
		put_start(c, tag, true);
		break;
	case HTML_CONTENTS_GO:
		drop_contents(c, tag->name, false);
		break;
	case HTML_RAW_GOES:
		drop_contents(c, tag->name, true);
		break;
	case HTML_STYLE:
		put_sheet(c, tag->name);
		break;
	case HTML_META:
		put_meta(c, tag);
		break;
	case HTML_TAG_GOES:
		break;
	}
}

static void end_tag(struct cleaning *c, struct view name)
{
	if (html_fate_of(name) != HTML_STAYS)
		return;
	if (!html_end_is_optional(name)) {
		if (c->over) {
			c->over--;
			return;
		}
		if (c->open)
			c->open--;
	}
	buf_append(c->out, VIEW("</"));
	buf_append(c->out, name);
	buf_append_byte(c->out, '>');
}

/* At "<!" or "<?". */
static void comment(struct cleaning *c)
{
	struct view in = view_skip(c->rest, 4);
	if (!view_starts(c->rest, VIEW("<!--"))) {
		ptrdiff_t end = view_find(c->rest, '>');
		c->rest = view_skip(c->rest, end < 0 ? c->rest.len : (size_t)end + 1);
		return;
	}
	if (view_starts(in, VIEW(">")) || view_starts(in, VIEW("->"))) {
		c->rest = view_skip(in, starts_with(in, '>') ? 1 : 2);
		return;
	}
	for (;;) {
		ptrdiff_t at = view_find(in, '-');
		in = view_skip(in, at < 0 ? in.len : (size_t)at);
		if (in.len == 0 || view_starts(in, VIEW("-->")) || view_starts(in, VIEW("--!>")))
			break;
		in = view_skip(in, 1);
	}
	c->rest = view_skip(in, view_starts(in, VIEW("-->")) ? 3 : 4);
}

/* At "<". */
static void markup(struct cleaning *c, struct tag *tag)
{
	char next = c->rest.len > 1 ? c->rest.data[1] : '\0';
	char behind = c->rest.len > 2 ? c->rest.data[2] : '\0';
	bool end = next == '/';
	if (next == '!' || next == '?') {
		comment(c);
	} else if (ascii_is_alpha(end ? behind : next)) {
		struct view rest = view_skip(c->rest, end ? 2 : 1);
		bool whole = read_tag(&rest, tag);
		c->rest = whole ? rest : (struct view){0};
		if (whole && end)
			end_tag(c, tag->name);
		else if (whole)
			start_tag(c, tag);
	} else if (end && c->rest.len > 2) {
		ptrdiff_t close = view_find(c->rest, '>');
		c->rest = view_skip(c->rest, close < 0 ? c->rest.len : (size_t)close + 1);
	} else {
		buf_append(c->out, VIEW("&lt;"));
		c->rest = view_skip(c->rest, 1);
	}
}

/* Character references stay as they are: what they stand for is text, whoever reads them. */
static void put_text(struct buf *out, struct view text)
{
	while (text.len) {
		ptrdiff_t at = view_find(text, '\0');
		size_t plain = at < 0 ? text.len : (size_t)at;
		buf_append(out, view_take(text, plain));
		text = view_skip(text, at < 0 ? text.len : plain + 1);
	}
}

int html_clean(struct view html, struct buf *out)
{
	struct cleaning c = {.rest = html, .out = out};
	struct tag tag;
	/* A style may be as long as the text, and css_clean makes it longer by little. */
	buf_init(&c.decoded, html.len + 1);
	buf_init(&c.css, CSS_GROWTH * (html.len + 1));
	while (c.rest.len && !buf_failed(out)) {
		ptrdiff_t at = view_find(c.rest, '<');
		size_t plain = at < 0 ? c.rest.len : (size_t)at;
		put_text(out, view_take(c.rest, plain));
		c.rest = view_skip(c.rest, plain);
		if (c.rest.len)
			markup(&c, &tag);
	}
	buf_done(&c.decoded);
	buf_done(&c.css);
	return buf_failed(out) ? -ENOBUFS : 0;
}
