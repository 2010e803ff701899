/*
 * One fetch of an MTA-STS policy: RFC 8461 section 3.3. For relay_policy.c alone.
 *
 * The addresses of mta-sts.DOMAIN are tried one after the other until one gives a whole response; this one
 * counts, whatever it says. The certificate must chain to a known authority and name the host; redirects are
 * not followed, nothing is cached.
 */
#ifndef ROLE_RELAY_RELAY_POLICY_FETCH_H
#define ROLE_RELAY_RELAY_POLICY_FETCH_H

#include "trust/route/mta_sts.h"

enum {
	/* Under way at once: a host may be slow on purpose, and each takes a connection and up to 200 KB. The
	   others wait. */
	RELAY_POLICY_FETCHES_MAX = 50,
	/* For TCP to one address: several fit into the whole time. */
	RELAY_POLICY_CONNECT_MS = 15 * 1000,
};

/*
 * For all of one fetch: look-up, connections, TLS, response; and beforehand, for waiting to begin.
 * MTA_STS_FETCH_SECONDS; a variable for tests.
 */
extern int64_t relay_policy_fetch_ms;

struct loop;
struct relay_policy_fetch;

/* policy: valid during the call; NULL: it failed, and why says so in a few words that name no address. */
typedef void (*relay_policy_fetched)(void *arg, const struct mta_sts_policy *policy, const char *why);

/* `done` is called once, never from within, and the fetch is gone afterwards. */
struct relay_policy_fetch *relay_policy_fetch_start(
    struct loop *loop, const char *domain, relay_policy_fetched done, void *arg);

/* `done` is not called any more. Not from within `done`. NULL is allowed. */
void relay_policy_fetch_cancel(struct relay_policy_fetch *f);

#endif
