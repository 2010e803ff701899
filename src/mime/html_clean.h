/*
 * HTML of a message without anything that runs, asks or loads by itself. It is the first of the webmail's
 * layers (doc/security.md); each of them is enough alone.
 *
 * What comes out is written anew, token by token: elements and attributes of a list, values in quotes, no "<"
 * that begins nothing. So two parsers cannot read it in two ways, and what the list does not name is not
 * there. The text of unknown elements stays; that of scripts, forms' lists and embedded things goes.
 */
#ifndef MIME_HTML_CLEAN_H
#define MIME_HTML_CLEAN_H

#include "base/buf.h"

enum {
	/* Attributes of one element: more than any program writes. What is behind them is dropped. */
	HTML_ATTRIBUTES_MAX = 64,
	/* Elements that lie in each other. Browsers stop at 512, and take long for more. What is deeper loses
	   its tags. */
	HTML_NESTING_MAX = 400,
	/* Elements whose contents go (html_names.c has their list). */
	HTML_CONTENTS_GO_MAX = 8,
	/* CSS grows by this at most: an escape of one octet is written with five. */
	CSS_GROWTH = 5
};

/*
 * Appends the HTML to *out. An address that a browser would load stands in an attribute that no browser
 * knows: data-remote-src for a picture's, data-remote-background for what lies behind an element. Pictures of
 * the message itself ("cid:", "data:image/...") stay where they are. 0, -ENOBUFS past the limit of *out, or
 * -ENOMEM.
 */
int html_clean(struct view html, struct buf *out);

/*
 * Appends CSS to *out: rules and functions that load are replaced by "none" or dropped, escapes of letters
 * are read, comments go. `declarations`: of a style attribute, otherwise a sheet. *remote is set to the first
 * address of a background, if it is on another host; it points into css. The result of buf_append.
 */
int css_clean(struct view css, bool declarations, struct buf *out, struct view *remote);

/* ---- the lists: html_names.c ---- */

/* What becomes of an element with this name, in lower case. */
enum html_fate {
	HTML_TAG_GOES, /* it is not known, or it asks for something; what is in it stays */
	HTML_STAYS,
	HTML_STAYS_EMPTY, /* it has no contents and no end tag */
	HTML_CONTENTS_GO, /* up to its end tag, if it has one */
	HTML_RAW_GOES,    /* up to its end tag or the end, and no tag is read in it */
	HTML_STYLE,
	HTML_META
};

enum html_fate html_fate_of(struct view name);

/* Elements whose end tag may be left out: they do not count as open ones. */
bool html_end_is_optional(struct view name);

enum html_attribute {
	HTML_ATTRIBUTE_GOES,
	HTML_ATTRIBUTE_STAYS,
	HTML_ATTRIBUTE_LINK,
	HTML_ATTRIBUTE_SOURCE,
	HTML_ATTRIBUTE_BACKGROUND,
	HTML_ATTRIBUTE_STYLE
};

/* What becomes of an attribute of an element; both names in lower case. */
enum html_attribute html_attribute_of(struct view element, struct view name);

/* What an address in HTML or CSS leads to. */
enum html_address {
	HTML_ADDRESS_NONE,   /* to nothing that may be shown: scripts, files, relative ones */
	HTML_ADDRESS_PART,   /* "cid:": a part of the message, by its Content-ID */
	HTML_ADDRESS_INSIDE, /* "data:image/...": it holds the picture itself */
	HTML_ADDRESS_REMOTE  /* "http:", "https:" and "//": on a host */
};

enum html_address html_address_of(struct view address);

#endif
