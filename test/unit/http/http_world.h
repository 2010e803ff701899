/*
 * A host for the server's machine, as tests of all kinds need it: it answers by path, notes what it sees, and
 * can be told to go on later.
 *
 *   /hello        200 "hello\n"            /large?N     200, N octets of text, known length
 *   /echo         takes the body, and answers with it
 *   /count        takes the body, and answers with its length
 *   /deny         401, without the body    /small       takes at most 10 octets of body, else 413
 *   /stream       200 of unknown length; http_world_write, http_world_end go on with it
 *   /wait         no answer before http_world_end
 *   /hold         takes the body in pieces of 5 octets, each after a settle
 *   /part         says that 10 octets come, and writes 5
 *   /fail         aborts at once           /odd         adds fields that must not be sent
 *   /ws           a WebSocket that echoes; subprotocol "talk"
 *   anything else 404
 */
#ifndef TEST_UNIT_HTTP_HTTP_WORLD_H
#define TEST_UNIT_HTTP_HTTP_WORLD_H

#include "http/http_server.h"

enum { HTTP_WORLD_NOW = 784111777 }; /* Sun, 06 Nov 1994 08:49:37 GMT */

struct http_world {
	struct http_server *server;
	struct buf out, log;        /* log: a line for each thing that happened */
	struct http_exchange *open; /* the last one that waits */
	struct http_websocket *ws;
	int64_t now;
	unsigned requests, over, whole, messages, closed;
	uint64_t body_octets;
	bool quiet; /* no log */
};

/* Output takes 64 MB at most. Begin with zeroes. */
void http_world_open(struct http_world *w, const struct http_server_config *config);
void http_world_close(struct http_world *w);

/* Feeds all, in pieces of so many octets, as a driver would: what is not taken comes again. Returns how many
 * octets are left that it does not take. */
size_t http_world_feed(struct http_world *w, struct view bytes, size_t piece);

void http_world_write(struct http_world *w, const char *text);
void http_world_end(struct http_world *w);
void http_world_abort(struct http_world *w);
/* The exchange that takes nothing takes again. */
void http_world_go_on(struct http_world *w);

#endif
