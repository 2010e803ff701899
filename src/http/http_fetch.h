/*
 * One request over a connection that somebody else has made (TLS, for MTA-STS and for TLS reports): HTTP/1.1,
 * RFC 9110 and 9112. A pure machine: bytes go in, the response comes out. Made for small documents of one
 * kind: no redirects are followed, nothing is kept alive, no encodings beyond chunked are asked for.
 */
#ifndef HTTP_HTTP_FETCH_H
#define HTTP_HTTP_FETCH_H

#include "base/buf.h"

enum {
	HTTP_FETCH_HEADER_MAX = 16 * 1024, /* octets of status line and all header fields */
	HTTP_FETCH_TYPE_MAX = 256,
	HTTP_FETCH_LOCATION_MAX = 4096,
	HTTP_FETCH_RETRY_MAX = 24 * 3600 /* seconds that Retry-After is worth */
};

enum http_fetch_state {
	HTTP_FETCH_MORE,  /* feed it */
	HTTP_FETCH_DONE,  /* the response is complete */
	HTTP_FETCH_FAILED /* http_fetch_why says why */
};

struct http_fetch;

/* At most body_max octets of body are taken; more is a failure. Never NULL. */
struct http_fetch *http_fetch_new(size_t body_max);
void http_fetch_free(struct http_fetch *g);

struct http_fetch_request {
	const char *host, *path;  /* plain ASCII without blanks; the path with its query */
	const char *content_type; /* of a POST; NULL: a GET */
	struct view body;         /* of a POST */
	const char *const
	    *fields; /* more of them: "Name: value", without line ends; NULL at the end. NULL: none */
};

/* Appends the request. -EINVAL for a host, path or field that is none; or the result of buf_append. */
int http_fetch_ask(struct buf *out, const struct http_fetch_request *r);

/* Takes what came. All of it is taken, or the rest is of no use: the response was complete or failed. */
enum http_fetch_state http_fetch_feed(struct http_fetch *g, struct view bytes);

/* The connection has ended; orderly tells whether the peer said so in TLS. A body without a length ends here.
 */
enum http_fetch_state http_fetch_end(struct http_fetch *g, bool orderly);

/* Of a complete response; valid until the machine is freed. The header's value without blanks around it. */
unsigned http_fetch_status(const struct http_fetch *g);
struct view http_fetch_content_type(const struct http_fetch *g);
/* Retry-After in seconds (RFC 9110 section 10.2.3), HTTP_FETCH_RETRY_MAX at most; 0: there is none, or it is
 * a date. */
unsigned http_fetch_retry_after(const struct http_fetch *g);
/* Location (RFC 9110 section 10.2.2) as it was sent; empty: there is none, or one that is too long. */
struct view http_fetch_location(const struct http_fetch *g);
struct view http_fetch_body(const struct http_fetch *g);

/* Of a failure, a few words. */
const char *http_fetch_why(const struct http_fetch *g);

#endif
