/* Which hosts take a destination's mail, and what TLS each of them must show. */
#ifndef ROLE_RELAY_RELAY_FIND_H
#define ROLE_RELAY_RELAY_FIND_H

#include "config/route.h"
#include "process/lookup.h"
#include "role/relay/relay_endpoint.h"
#include "role/relay/relay_policy.h"
#include "role/relay/relay_reason.h"
#include "role/relay/relay_tls_report.h"
#include "trust/route/next_hop.h"

enum {
	RELAY_HOSTS_MAX =
	    NEXT_HOP_HOSTS_MAX * NEXT_HOP_ADDRESSES_MAX /* of one destination, each address counted */
};

enum relay_found { RELAY_FOUND_HOSTS, RELAY_FOUND_LATER, RELAY_FOUND_NOTHING };

/*
 * The search of one destination's hosts. `done` is called later, with the endpoints in the order in which to
 * try them (the callee takes them), or with the reason: try later, or never.
 */
struct relay_search {
	struct view name, route; /* the destination's; they must live as long */
	void (*done)(struct relay_search *s, enum relay_found how, const struct relay_reason *why);
	void *arg;
	/* The domain's MTA-STS policy is left out. None is fetched; and one that is remembered would say that
	 * somebody here writes there. */
	bool no_policy;
	struct relay_endpoint **endpoints;
	size_t count;
	struct relay_tls_policy tls_policy; /* for TLS reports */

	/* Internal. */
	struct lookup lookup; /* by relay_lookup_init */
	struct relay_policy_request policy;
	struct arena arena;
	struct route target;
	struct next_hop found;
	enum tls_level level;
	uint64_t seed;
	size_t line;   /* of the settings' routes; SIZE_MAX: none */
	size_t barred; /* addresses that names may not lead us to */
	bool routed, searching;
};

void relay_search_start(struct relay_search *s);
void relay_search_end(struct relay_search *s);

#endif
