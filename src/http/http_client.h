/*
 * One request over a connection that somebody else has made (TLS, for MTA-STS and for TLS reports): HTTP/1.1,
 * RFC 9110 and 9112. A pure machine: bytes go in, the response comes out. Made for small documents of one
 * kind: no redirects are followed, nothing is kept alive, no encodings beyond chunked are asked for.
 */
#ifndef HTTP_HTTP_CLIENT_H
#define HTTP_HTTP_CLIENT_H

#include "base/buf.h"

enum {
	HTTP_HEADER_MAX = 16 * 1024, /* octets of status line and all header fields */
	HTTP_CONTENT_TYPE_MAX = 256
};

enum http_exchange_state {
	HTTP_EXCHANGE_MORE,  /* feed it */
	HTTP_EXCHANGE_DONE,  /* the response is complete */
	HTTP_EXCHANGE_FAILED /* http_exchange_why says why */
};

struct http_exchange;

/* At most body_max octets of body are taken; more is a failure. Never NULL. */
struct http_exchange *http_exchange_new(size_t body_max);
void http_exchange_free(struct http_exchange *g);

struct http_request {
	const char *host, *path;  /* plain ASCII without blanks; the path with its query */
	const char *content_type; /* of a POST; NULL: a GET */
	struct view body;         /* of a POST */
};

/* Appends the request. -EINVAL for a host or path that is none; or the result of buf_append. */
int http_exchange_request(struct buf *out, const struct http_request *r);

/* Takes what came. All of it is taken, or the rest is of no use: the response was complete or failed. */
enum http_exchange_state http_exchange_feed(struct http_exchange *g, struct view bytes);

/* The connection has ended; orderly tells whether the peer said so in TLS. A body without a length ends here.
 */
enum http_exchange_state http_exchange_end(struct http_exchange *g, bool orderly);

/* Of a complete response; valid until the machine is freed. The header's value without blanks around it. */
unsigned http_exchange_status(const struct http_exchange *g);
struct view http_exchange_content_type(const struct http_exchange *g);
struct view http_exchange_body(const struct http_exchange *g);

/* Of a failure, a few words. */
const char *http_exchange_why(const struct http_exchange *g);

#endif
