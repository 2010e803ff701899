/* Which elements, attributes and addresses of HTML a message keeps: html_clean.h. The lists are in the order
 * of the alphabet. */
#include "mime/html_clean.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LEN = 24 };

static int compare(const void *key, const void *item)
{
	const struct view *name = key;
	return view_compare(*name, view_from_string(*(const char *const *)item));
}

#define IS_IN(name, list)                                                                                    \
	((name).len <= NAME_MAX_LEN &&                                                                       \
	    bsearch(&(name), (list), sizeof(list) / sizeof(list)[0], sizeof(list)[0], compare) != NULL)

static const char *const stay[] = {"a", "abbr", "acronym", "address", "article", "aside", "b", "bdi", "bdo",
    "big", "blockquote", "body", "caption", "center", "cite", "code", "colgroup", "dd", "del", "details",
    "dfn", "dir", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4",
    "h5", "h6", "head", "header", "hgroup", "html", "i", "ins", "kbd", "li", "main", "map", "mark", "menu",
    "nav", "nobr", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "span",
    "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr",
    "tt", "u", "ul", "var"};

static const char *const stay_empty[] = {"area", "br", "col", "hr", "img", "wbr"};

static const char *const contents_go[] = {
    "applet", "audio", "math", "object", "select", "svg", "template", "video"};

/* https://html.spec.whatwg.org/#parsing-html-fragments: within them no tags are read. */
static const char *const raw_goes[] = {
    "iframe", "noembed", "noframes", "noscript", "script", "textarea", "title", "xmp"};

enum html_fate html_fate_of(struct view name)
{
	if (view_equal(name, VIEW("style")))
		return HTML_STYLE;
	if (view_equal(name, VIEW("meta")))
		return HTML_META;
	return IS_IN(name, stay)          ? HTML_STAYS
	       : IS_IN(name, stay_empty)  ? HTML_STAYS_EMPTY
	       : IS_IN(name, contents_go) ? HTML_CONTENTS_GO
	       : IS_IN(name, raw_goes)    ? HTML_RAW_GOES
	                                  : HTML_TAG_GOES;
}

bool html_end_is_optional(struct view name)
{
	static const char *const list[] = {"body", "caption", "colgroup", "dd", "dt", "head", "html", "li",
	    "p", "rp", "rt", "tbody", "td", "tfoot", "th", "thead", "tr"};
	return IS_IN(name, list);
}

static const char *const attributes[] = {"abbr", "align", "alink", "alt", "bgcolor", "border", "cellpadding",
    "cellspacing", "class", "clear", "color", "colspan", "compact", "coords", "datetime", "dir", "face",
    "headers", "height", "hidden", "hspace", "id", "lang", "link", "noshade", "nowrap", "open", "reversed",
    "role", "rowspan", "rules", "scope", "shape", "size", "span", "start", "summary", "text", "title", "type",
    "usemap", "valign", "value", "vlink", "vspace", "width"};

/* A name that HTML knows no other use of (https://www.w3.org/TR/wai-aria/). */
static bool is_aria(struct view name)
{
	if (!view_starts(name, VIEW("aria-")) || name.len > NAME_MAX_LEN)
		return false;
	for (size_t i = 5; i < name.len; i++)
		if (!ascii_is_alpha(name.data[i]))
			return false;
	return true;
}

enum html_attribute html_attribute_of(struct view element, struct view name)
{
	bool link = view_equal(element, VIEW("a")) || view_equal(element, VIEW("area"));
	bool named = view_equal(element, VIEW("a")) || view_equal(element, VIEW("map"));
	if (view_equal(name, VIEW("style")))
		return HTML_ATTRIBUTE_STYLE;
	if (view_equal(name, VIEW("href")))
		return link ? HTML_ATTRIBUTE_LINK : HTML_ATTRIBUTE_GOES;
	if (view_equal(name, VIEW("src")))
		return view_equal(element, VIEW("img")) ? HTML_ATTRIBUTE_SOURCE : HTML_ATTRIBUTE_GOES;
	if (view_equal(name, VIEW("background")))
		return HTML_ATTRIBUTE_BACKGROUND;
	if (view_equal(name, VIEW("name")))
		return named ? HTML_ATTRIBUTE_STAYS : HTML_ATTRIBUTE_GOES;
	return IS_IN(name, attributes) || is_aria(name) ? HTML_ATTRIBUTE_STAYS : HTML_ATTRIBUTE_GOES;
}

/* ---- addresses ---- */

enum html_address html_address_of(struct view address)
{
	static const char *const pictures[] = {"png", "jpeg", "jpg", "gif", "webp", "avif", "bmp", "svg+xml"};
	while (address.len && (unsigned char)address.data[0] <= ' ')
		address = view_skip(address, 1);
	if (view_starts_nocase(address, VIEW("cid:")))
		return HTML_ADDRESS_PART;
	if (view_starts_nocase(address, VIEW("http://")) || view_starts_nocase(address, VIEW("https://")) ||
	    view_starts(address, VIEW("//")))
		return HTML_ADDRESS_REMOTE;
	if (!view_starts_nocase(address, VIEW("data:image/")))
		return HTML_ADDRESS_NONE;
	address = view_skip(address, VIEW("data:image/").len);
	for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++) {
		struct view type = view_from_string(pictures[i]);
		char next = address.len > type.len ? address.data[type.len] : '\0';
		if (view_starts_nocase(address, type) && (next == ';' || next == ','))
			return HTML_ADDRESS_INSIDE;
	}
	return HTML_ADDRESS_NONE;
}
