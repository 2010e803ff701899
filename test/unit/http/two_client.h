/* A client of HTTP/2 for tests, over nghttp2, wired to a struct http_world: both are machines, so no socket
 * is needed. */
#ifndef TEST_UNIT_HTTP_TWO_CLIENT_H
#define TEST_UNIT_HTTP_TWO_CLIENT_H

#include <nghttp2/nghttp2.h>

#include "http_world.h"

enum { TWO_STREAMS = 400 };

struct two_answer {
	unsigned status, interim;
	struct buf body, fields; /* "name: value\n" */
	bool ended, closed;
	uint32_t code; /* of its reset */
};

struct two_client {
	nghttp2_session *session;
	struct http_world *world;
	struct two_answer answers[TWO_STREAMS]; /* by stream / 2 */
	uint32_t goaway;                        /* its code + 1 */
	size_t pings, settings;
	struct buf upload; /* what is sent as the body, if there is one */
	bool upload_waits; /* the end of the body is not said */
	size_t piece;      /* octets that the server gets at a time */
};

/* The world must be open. */
void two_client_open(struct two_client *c, struct http_world *w);
void two_client_close(struct two_client *c);

/* The same as CONNECT with ":protocol: websocket" (RFC 8441); what is in `upload` is sent, and no end. */
int32_t two_client_open_websocket(struct two_client *c, const char *path);
/* More was put into `upload`. */
void two_client_send(struct two_client *c, int32_t stream);
/* Sends a request; fields: pairs of strings, NULL at the end. body: NULL for none. The stream. */
int32_t two_client_ask(
    struct two_client *c, const char *method, const char *path, const char *const *fields, const char *body);
/* All that both have to say. */
void two_client_run(struct two_client *c);
/* One flight from the server alone. */
void two_client_hear(struct two_client *c);
struct two_answer *two_client_answer(struct two_client *c, int32_t stream);

#endif
