/*
 * What is counted for TLS reports (RFC 8460): whether the connections to a domain's hosts were encrypted as
 * its policy wants it, domain by domain. Not where a setting or a route has a say, since then no policy was
 * applied; and not where a policy is only tested (MTA-STS, mode testing), since relay does not check
 * certificates then.
 */
#ifndef ROLE_RELAY_RELAY_TLS_REPORT_H
#define ROLE_RELAY_RELAY_TLS_REPORT_H

#include "process/tallies.h"
#include "role/relay/relay_reason.h"
#include "trust/route/mta_sts.h"
#include "trust/route/next_hop.h"

void relay_tls_report_start(void);
void relay_tls_report_drain(void);

/* Writes what holds for the domain, as it is counted; empty: nothing is counted. policy: NULL: there is none.
 */
void relay_tls_report_policy(
    struct view domain, const struct mta_sts_policy *policy, const struct next_hop *hosts, struct buf *out);

/* A connection to one of its hosts was used: encrypted, or not. */
void relay_tls_report_used(struct view domain, struct view policy, const char *host, bool tls);
/* One could not be used. Causes that have nothing to do with TLS are passed over. */
void relay_tls_report_failed(
    struct view domain, struct view policy, const char *host, const struct relay_reason *why);

#endif
