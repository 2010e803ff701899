/*
 * One request by HTTPS: a policy is fetched (relay_policy_fetch.h), a report is handed over
 * (report/relay_report.h).
 *
 * The addresses of the host are tried one after the other until one gives a whole response; this one counts,
 * whatever it says. The certificate must chain to a known authority and name the host; redirects are not
 * followed. Hosts are strangers' choice: only those on the public internet are connected to (relay_own.h),
 * and few at once.
 */
#ifndef ROLE_RELAY_RELAY_HTTPS_H
#define ROLE_RELAY_RELAY_HTTPS_H

#include "http/http_fetch.h"
#include "io/loop.h"

enum {
	/* Under way at once: a host may be slow on purpose, and each takes a connection and up to 200 KB. The
	   others wait. */
	RELAY_HTTPS_MAX = 50,
	/* For TCP to one address: several fit into the whole time. */
	RELAY_HTTPS_CONNECT_MS = 15 * 1000,
	/* Of what is sent: a report of a domain with many hosts and a bad day has some 100 KB when it is
	   packed. */
	RELAY_HTTPS_BODY_MAX = 4 << 20
};

struct relay_https_request {
	const char *host;                  /* A-labels; empty: there is none, which its look-up says */
	const char *whose;                 /* in words: "the policy's host" */
	struct http_fetch_request request; /* `host` is set from above; all of it stays until the end */
	size_t response_max;               /* octets of the response's body */
	/* For all: look-up, connections, TLS, response; and beforehand, for waiting to begin. */
	int64_t ms;
};

struct relay_https;

/* response: complete, valid during the call; NULL: there is none, and why says so in a few words that name no
 * address. */
typedef void (*relay_https_done)(void *arg, const struct http_fetch *response, const char *why);

/* `done` is called once, never from within, and the request is gone afterwards. */
struct relay_https *relay_https_start(
    struct loop *loop, const struct relay_https_request *r, relay_https_done done, void *arg);

/* `done` is not called any more. Not from within `done`. NULL is allowed. */
void relay_https_cancel(struct relay_https *h);

#endif
