/*
 * What is counted for TLS reports (RFC 8460): whether the connections to a domain's hosts were encrypted as
 * its policy wants it, domain by domain. Not where a setting or a route has a say, since then no policy was
 * applied. Of a policy that is only tested (MTA-STS, mode testing) it is counted what would have been if it
 * were enforced.
 */
#ifndef ROLE_RELAY_RELAY_TLS_REPORT_H
#define ROLE_RELAY_RELAY_TLS_REPORT_H

#include "process/tallies.h"
#include "role/relay/relay_reason.h"
#include "trust/route/mta_sts.h"
#include "trust/route/next_hop.h"

/* What holds for a domain, as it is counted. */
struct relay_tls_policy {
	struct buf bytes; /* empty: nothing is counted */
	/* The policy is tested: */
	bool tested;
	struct buf strangers; /* the hosts that it does not name, each with a line end */
};

void relay_tls_report_start(void);
void relay_tls_report_drain(void);

void relay_tls_policy_init(struct relay_tls_policy *p);
void relay_tls_policy_done(struct relay_tls_policy *p);
void relay_tls_policy_copy(struct relay_tls_policy *to, const struct relay_tls_policy *from);

/* Finds out what holds. policy: NULL: there is none. */
void relay_tls_report_policy(struct view domain, const struct mta_sts_policy *policy,
    const struct next_hop *hosts, struct relay_tls_policy *out);

/* A connection to one of its hosts was used: encrypted, or not. */
struct relay_peer;
void relay_tls_report_used(
    struct view domain, const struct relay_tls_policy *policy, const struct relay_peer *peer);
/* One could not be used; host: "" where the policy allows none. Causes that have nothing to do with TLS are
 * passed over. */
void relay_tls_report_failed(struct view domain, const struct relay_tls_policy *policy, const char *host,
    const struct relay_reason *why);

#endif
