/*
 * HTML made harmless: what comes out is read here in the strictest way, which knows no second reading: each
 * "<" begins a known tag whose values are in quotes, and nothing in it loads by itself. Cleaned once more it
 * stays what it is, but for the addresses that were put aside.
 */
#include "fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "mime/html_clean.h"

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_is_digit(c) || c == '-';
}

static bool is_value(char c)
{
	return c != '"' && c != '<';
}

static void check_attribute(struct view element, struct view name, struct view value)
{
	if (view_equal(name, VIEW("data-remote-src")) || view_equal(name, VIEW("data-remote-background"))) {
		check(html_address_of(value) == HTML_ADDRESS_REMOTE);
		return;
	}
	if (view_equal(element, VIEW("meta")))
		return;
	enum html_attribute a = html_attribute_of(element, name);
	check(a != HTML_ATTRIBUTE_GOES);
	if (a == HTML_ATTRIBUTE_SOURCE || a == HTML_ATTRIBUTE_BACKGROUND)
		check(html_address_of(value) == HTML_ADDRESS_PART ||
		      html_address_of(value) == HTML_ADDRESS_INSIDE);
}

static bool is_css_name(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || c == '\\' || (unsigned char)c >= 0x80;
}

/* Every url( holds what the message has in itself; functions that load by a string are not there. */
static void check_css(struct view css)
{
	bool in_name = false;
	for (size_t i = 0; i < css.len; i++) {
		struct view at = view_skip(css, i);
		char c = css.data[i];
		check(!view_starts(at, VIEW("</")));
		if (c == '\\') {
			/* An escape ends with a space, and is a part of the name. */
			ptrdiff_t space = view_find(at, ' ');
			check(space > 0);
			i += (size_t)space;
			in_name = true;
			continue;
		}
		if (c == '"') {
			/* No quote is in a string, since each is written as an escape. */
			ptrdiff_t end = view_find(view_skip(at, 1), '"');
			check(end >= 0);
			for (size_t k = 1; k <= (size_t)end; k++)
				check(at.data[k] != '\n' && at.data[k] != '\r' && at.data[k] != '\f');
			i += (size_t)end + 1;
			in_name = false;
			continue;
		}
		if (!in_name && view_starts_nocase(at, VIEW("url(")))
			check(html_address_of(view_skip(at, 5)) == HTML_ADDRESS_PART ||
			      html_address_of(view_skip(at, 5)) == HTML_ADDRESS_INSIDE);
		check(in_name || (!view_starts_nocase(at, VIEW("image-set(")) &&
		                     !view_starts_nocase(at, VIEW("image("))));
		check(!view_starts_nocase(at, VIEW("@import")) || (at.len > 7 && is_css_name(at.data[7])));
		in_name = is_css_name(c) || c == '@';
	}
}

static void check_tag(struct cursor *in)
{
	bool end = cursor_accept(in, '/');
	struct view name = cursor_while(in, is_name);
	enum html_fate fate = html_fate_of(name);
	check(fate == HTML_STAYS || fate == HTML_STAYS_EMPTY || fate == HTML_STYLE || fate == HTML_META);
	while (cursor_accept(in, ' ')) {
		struct view attribute = cursor_while(in, is_name);
		check(attribute.len > 0 && cursor_accept(in, '=') && cursor_accept(in, '"'));
		struct view value = cursor_while(in, is_value);
		check(cursor_accept(in, '"') && !end);
		check_attribute(name, attribute, value);
	}
	check(cursor_accept(in, '>'));
	if (fate != HTML_STYLE || end)
		return;
	const char *close = memmem(in->rest.data, in->rest.len, "</style>", strlen("</style>"));
	check(close != NULL);
	size_t len = (size_t)(close - in->rest.data);
	check_css(view_take(in->rest, len));
	in->rest = view_skip(in->rest, len);
}

static void check_html(struct view html)
{
	struct cursor in = cursor_on(html);
	check(view_find(html, '\0') < 0);
	while (!cursor_at_end(&in)) {
		ptrdiff_t at = view_find(in.rest, '<');
		in.rest = view_skip(in.rest, at < 0 ? in.rest.len : (size_t)at);
		if (cursor_accept(&in, '<'))
			check_tag(&in);
	}
}

/* A sheet's bytes are its own: whether they are HTML no reader asks. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once, twice, css;
	struct view remote;
	buf_init(&once, 8 * size + 100);
	buf_init(&twice, 8 * size + 100);
	buf_init(&css, CSS_GROWTH * size + 100);
	if (html_clean(view_of(data, size), &once) == 0) {
		check_html(buf_view(&once));
		check(html_clean(buf_view(&once), &twice) == 0);
		check_html(buf_view(&twice));
		check(buf_view(&twice).len <= buf_view(&once).len);
	}
	check(css_clean(view_of(data, size), true, &css, &remote) == 0);
	check_css(buf_view(&css));
	check(remote.len == 0 || html_address_of(remote) == HTML_ADDRESS_REMOTE);
	buf_done(&once);
	buf_done(&twice);
	buf_done(&css);
	return 0;
}
