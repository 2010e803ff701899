/*
 * Parts of a request's target (RFC 9112 section 3.2, RFC 3986): the path is decoded once and checked, so that
 * who reads it later cannot understand it in another way; queries are decoded name by name.
 */
#ifndef HTTP_HTTP_URL_H
#define HTTP_HTTP_URL_H

#include "base/buf.h"

/*
 * Appends the path, percent-decoded once. -EINVAL: it does not begin with "/", has an octet that no target
 * has, an escape that is none, a control character or NUL, is not UTF-8, or has a segment "." or ".." after
 * decoding. Otherwise the result of buf_append. On failure nothing is appended.
 */
int http_path_decode(struct buf *out, struct view path);

/* Whether each octet may stand in a target or query: visible ASCII without what no URL has ("<>\^`{|} and #).
 */
bool http_target_is_plain(struct view v);

/* Whether it is "host", "host:port", "[v6]" or "[v6]:port": a name of letters, digits, "-", "_" and ".", or
 * an address. */
bool http_authority_is_valid(struct view authority);
/* The host of it, without port; with the brackets of an address. */
struct view http_authority_host(struct view authority);

/* Takes the next name=value off a query (or an urlencoded form); as they were sent. False at the end. */
bool http_query_next(struct view *query, struct view *name, struct view *value);

/* Appends a name or value decoded: "+" is a space, "%41" is "A". -EINVAL for an escape that is none or for
 * what is not UTF-8. */
int http_query_decode(struct buf *out, struct view v);

/*
 * Appends the decoded value of the first parameter with this name. -ENOENT: there is none; -EINVAL as above,
 * or the result of buf_append.
 */
int http_query_get(struct view query, const char *name, struct buf *out);

/* Appends text escaped as one segment of a path, or as a value of a query: all but unreserved characters (RFC
 * 3986 section 2.3). */
int http_url_escape(struct buf *out, struct view text);

#endif
