/* Cookies (RFC 6265bis, draft-ietf-httpbis-rfc6265bis section 4): the request's are read, an answer's are
 * written. */
#ifndef HTTP_HTTP_COOKIE_H
#define HTTP_HTTP_COOKIE_H

#include "base/buf.h"

enum {
	HTTP_COOKIES_MAX =
	    64, /* of one request: a browser keeps 50 for a host, and sends no more than its header holds */
	HTTP_COOKIE_MAX = 4096 /* octets of name and value: the least that browsers keep */
};

/*
 * Takes the next cookie off the value of the Cookie field; views into it, as they were sent, without quotes
 * around the value. What is no cookie is passed over. False at the end.
 */
bool http_cookie_next(struct view *field, struct view *name, struct view *value);

/*
 * The value of the cookie with this name. False: there is none, there is more than one with different values
 * (somebody has set another one beside it, from a neighbouring host or path), or there are more than
 * HTTP_COOKIES_MAX.
 */
bool http_cookie_get(struct view field, const char *name, struct view *value);

struct http_cookie {
	const char *name;  /* a token. "__Host-..." is taken only if it is secure and has path "/" */
	struct view value; /* without blanks, quotes, comma, semicolon, backslash */
	const char *path;
	int64_t max_age; /* seconds; 0 removes it; -1: until the browser ends */
	bool secure, http_only;
	const char *same_site; /* "Strict", "Lax" or "None" */
};

/* Appends the value of a Set-Cookie field. -EINVAL: a cookie that browsers would not take so. Or the result
 * of buf_append. */
int http_cookie_write(struct buf *out, const struct http_cookie *cookie);

#endif
