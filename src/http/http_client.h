/*
 * One GET over a connection that somebody else has made (TLS, for MTA-STS): HTTP/1.1, RFC 9110 and 9112. A
 * pure machine: bytes go in, the response comes out. Made for small documents of one kind: no redirects are
 * followed, nothing is kept alive, no encodings beyond chunked are asked for.
 */
#ifndef HTTP_HTTP_CLIENT_H
#define HTTP_HTTP_CLIENT_H

#include "base/buf.h"

enum {
	HTTP_HEADER_MAX = 16 * 1024, /* octets of status line and all header fields */
	HTTP_CONTENT_TYPE_MAX = 256
};

enum http_get_state {
	HTTP_GET_MORE,  /* feed it */
	HTTP_GET_DONE,  /* the response is complete */
	HTTP_GET_FAILED /* http_get_why says why */
};

struct http_get;

/* At most body_max octets of body are taken; more is a failure. Never NULL. */
struct http_get *http_get_new(size_t body_max);
void http_get_free(struct http_get *g);

/* Appends the request; host and path are plain ASCII without blanks (-EINVAL). The result of buf_append. */
int http_get_request(struct buf *out, const char *host, const char *path);

/* Takes what came. All of it is taken, or the rest is of no use: the response was complete or failed. */
enum http_get_state http_get_feed(struct http_get *g, struct view bytes);

/* The connection has ended; orderly tells whether the peer said so in TLS. A body without a length ends here.
 */
enum http_get_state http_get_end(struct http_get *g, bool orderly);

/* Of a complete response; valid until the machine is freed. The header's value without blanks around it. */
unsigned http_get_status(const struct http_get *g);
struct view http_get_content_type(const struct http_get *g);
struct view http_get_body(const struct http_get *g);

/* Of a failure, a few words. */
const char *http_get_why(const struct http_get *g);

#endif
