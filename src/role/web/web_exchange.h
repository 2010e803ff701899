/*
 * A request and its answer, from the header to the last octet: what it is for (its route), who asks
 * (web_sign.h), and what answers it. All that a route allocates ends with its function `over`, which is
 * called once for each request that the route got, whatever happens.
 */
#ifndef ROLE_WEB_WEB_EXCHANGE_H
#define ROLE_WEB_WEB_EXCHANGE_H

#include "http/http_server.h"
#include "io/network.h"
#include "role/web/web_connection.h"

struct web_exchange;
struct web_user;
struct web_sign;

enum {
	WEB_SIGNED_IN = 1 << 0, /* `begin` is called only when it is known who asks */
	/* For programs, of other sites too: who isn't signed in is told how by WWW-Authenticate; browsers let
	 * other sites' pages use it, without our cookies (CORS). */
	WEB_API = 1 << 1,
	/* Something is changed by it: a request that a browser sends by itself must come from our own pages.
	 */
	WEB_WRITES = 1 << 2
};

/* A row of a table of routes; the tables are listed in web_routes.c. */
struct web_route {
	const char *method; /* GET answers HEAD too; NULL ends a table */
	const char *path;   /* whole; or with "*" at its end: what the path begins with */
	unsigned flags;
	void (*begin)(struct web_exchange *e); /* answers now or later; may take the body */
	/* As in struct http_server_host. NULL: takes no body. */
	size_t (*body)(struct web_exchange *e, struct view bytes, bool last);
	void (*room)(struct web_exchange *e);             /* or NULL */
	void (*over)(struct web_exchange *e, bool whole); /* or NULL; the last call */
};

/* How somebody has shown who it is. */
enum web_proof { WEB_NOBODY, WEB_BY_BASIC, WEB_BY_BEARER, WEB_BY_COOKIE };

struct web_exchange {
	struct http_exchange *x;
	struct web_connection *connection;
	const struct web_route *route; /* NULL: there is none */
	struct web_user *user;         /* who asks; counted, given back at the end; NULL: not known */
	struct web_sign *sign;         /* it is being found out (web_sign.h); NULL: it is not */
	enum web_proof proof;
	bool secure;                    /* by TLS, here or at a trusted proxy */
	int64_t began;                  /* clock_monotonic_ms */
	bool begun;                     /* the route's `begin` has been called */
	void *data;                     /* the route's own */
	char client[NETWORK_TEXT_SIZE]; /* who asks, behind a trusted proxy too */
};

/* Something was done to the exchange from outside of its route's functions. */
static inline void web_exchange_touch(struct web_exchange *e)
{
	web_connection_touch(e->connection);
}

/* Whether the row serves a path. */
bool web_route_has_path(const struct web_route *route, struct view path);

/* The path that routes look at: without the prefix of a seat (web_seat.h). */
struct view web_exchange_path(const struct web_exchange *e);

/* Which of the people that this browser may have signed in asks: the number of web_seat.h. */
unsigned web_exchange_seat(const struct web_exchange *e);

/* "" or "/u/1": what stands before a path that is to lead back to the same seat. */
const char *web_exchange_prefix(const struct web_exchange *e);

/* What the path has behind the route's "*"; empty for a route without. */
struct view web_exchange_rest(const struct web_exchange *e);

/* "https://mail.example.org:8443": what the client reached us by. Never empty: without Host it is the
 * server's name. Appends to `out`. */
void web_exchange_base(const struct web_exchange *e, struct buf *out);

/* Answers with a page's or a program's error: RFC 7807 for WEB_API, else a few words. `type`: the problem's
 * type, or NULL for "about:blank"; `limit`: of RFC 8620 section 3.6.1, or NULL. */
void web_exchange_refuse(
    struct web_exchange *e, unsigned status, const char *type, const char *limit, const char *detail);
/* Adds Retry-After. */
void web_exchange_retry(struct web_exchange *e, unsigned seconds);
/* 503 with Retry-After: something of this server cannot be reached for the moment. */
void web_exchange_unavailable(struct web_exchange *e);

#endif
