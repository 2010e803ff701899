/*
 * A connection of the web role: a stream on one side, the HTTP machine (http/http_server.h) on the other, and
 * the deadlines between them. What becomes of each request is in web_serve.h.
 */
#ifndef ROLE_WEB_WEB_CONNECTION_H
#define ROLE_WEB_WEB_CONNECTION_H

#include "edge/edge_connection.h"
#include "http/http_server.h"

struct web_connection {
	struct edge_connection edge; /* the first member */
	struct http_server *http;
	struct loop_task settle; /* at the end of the turn: see web_connection_touch */
	enum http_phase phase;   /* at the last look */
	uint64_t requests;       /* likewise */
	uint64_t bytes;          /* of the body, or of the output, when the deadline was set */
	int64_t looked;          /* for stalled answers: clock_monotonic_ms */
	bool draining;
};

extern const struct edge_protocol web_protocol;

/* Something was done to one of its exchanges outside of what the machine calls: it is carried on at the end
 * of the turn. */
static inline void web_connection_touch(struct web_connection *c)
{
	if (!c->edge.ending)
		loop_task_schedule(&c->settle);
}

#endif
