/*
 * Where mail for a domain goes: RFC 5321 section 5.1, RFC 5321 section 5.2 (IPv6), RFC 7505 (null MX), with
 * DANE's demands of each host (dane.h). Evaluation over answers.h.
 *
 * MX records in order of preference, equal ones shuffled; without any MX record the domain itself is the
 * host. A host that is ourselves goes, and so do all of the same or a worse preference (section 5.1, loops).
 * An MX record that leads to a CNAME is against RFC 2181 section 10.3 and is followed. Hosts without
 * addresses are left out; one whose addresses cannot be had now is left out as long as others are there.
 */
#ifndef TRUST_ROUTE_NEXT_HOP_H
#define TRUST_ROUTE_NEXT_HOP_H

#include "trust/route/dane.h"

enum {
	NEXT_HOP_HOSTS_MAX = 20,    /* real domains have up to ten */
	NEXT_HOP_ADDRESSES_MAX = 8, /* of one host, both families */
};

struct next_hop_request {
	struct view
	    domain;    /* A-labels, lower case (domain_normalize); or "[192.0.2.1]", "[IPv6:2001:db8::1]" */
	uint16_t port; /* goes into the addresses and into TLSA's name; 25 for mail between servers */
	bool no_mx;    /* a route to this host: its addresses alone */
	bool no_dane;  /* no TLSA questions */
	bool no_ipv6;  /* no IPv6 addresses: this machine has none */
	/* Who we are; addresses count when their port is ours too, or 0. Not looked at for a route (no_mx).
	 */
	const struct view *own_names;
	size_t own_name_count;
	const struct sockaddr_storage *own_addresses;
	size_t own_address_count;
	uint64_t seed; /* shuffles; the same in all runs of one evaluation */
};

struct next_host {
	const char *name;      /* lower case; a literal with its brackets */
	const char *canonical; /* behind CNAMEs; the same as name without any */
	uint16_t preference;   /* 0 without MX records */
	bool literal;
	bool mx_secure;      /* it came from validated MX records (or needed none: the domain itself) */
	bool address_secure; /* its addresses were validated */
	const struct sockaddr_storage *addresses; /* IPv6 first, then in turns; with the port */
	size_t address_count;
	struct dane dane;
};

enum next_hop_verdict {
	NEXT_HOP_HOSTS,     /* hosts, at least one */
	NEXT_HOP_WAIT,      /* questions are missing */
	NEXT_HOP_TEMPORARY, /* try again later */
	NEXT_HOP_PERMANENT  /* no mail can be carried there */
};

/*
 * enhanced is an RFC 3463 code. Permanent: 5.1.2 no such domain, or an address literal of another
 * kind; 5.1.10 null MX (RFC 7505); 5.4.4 no host has an address; 5.4.6 we are the best host ourselves, and
 * mail would loop. Temporary: 4.4.3 a look-up failed; 4.7.5 TLSA records cannot be had; 4.4.4 the host of a
 * route (no_mx) has no address, which is for the administrator to mend; 4.3.0 no memory. `reason` is a
 * sentence for people; it names the question that failed. The first that failed counts where several did.
 */
struct next_hop {
	const struct next_host *hosts; /* at most NEXT_HOP_HOSTS_MAX, in the order in which to try them */
	size_t count;
	bool has_mx;  /* false: implicit MX, a route, a literal */
	bool skipped; /* a host was left out since a look-up failed: the list may be longer another time */
	uint32_t ttl; /* seconds for which the hosts may be remembered; at least 1 */
	const char *enhanced;
	const char *reason;
};

/*
 * Memory comes from `arena` (64 KB are enough for any result; without room the verdict is temporary); *out is
 * set unless the verdict is NEXT_HOP_WAIT, and lives as long as arena and answers.
 */
enum next_hop_verdict next_hop_find(struct answers *answers, const struct next_hop_request *request,
    struct arena *arena, struct next_hop *out);

#endif
