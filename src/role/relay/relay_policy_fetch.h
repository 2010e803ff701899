/*
 * One fetch of an MTA-STS policy: RFC 8461 section 3.3. For relay_policy.c alone.
 *
 * By relay_https.h, from mta-sts.DOMAIN; nothing is cached.
 */
#ifndef ROLE_RELAY_RELAY_POLICY_FETCH_H
#define ROLE_RELAY_RELAY_POLICY_FETCH_H

#include "trust/route/mta_sts.h"

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
