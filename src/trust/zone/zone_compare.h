/*
 * What the name servers of a zone and a resolver say, held against one another: servers that are silent, that
 * serve another zone or an older edition, and records that resolvers still have from before.
 */
#ifndef TRUST_ZONE_ZONE_COMPARE_H
#define TRUST_ZONE_ZONE_COMPARE_H

#include "trust/zone/zone_check.h"

struct zone_server {
	const char *name; /* for people: "ns1.example.org (192.0.2.1)" */
	struct answers *answers;
};

struct zone_servers {
	const char *apex; /* the zone that holds the domain's records; NULL: not found */
	const struct zone_server *items;
	size_t count;
	bool given; /* by the administrator, and not by the zone: their number says nothing */
	struct answers *resolver;
};

/*
 * Adds findings (ZONE_SERVERS) to the report. `truth` holds the questions that zone_check has asked; the
 * tables hold what each answered to those in the zone, and to the SOA of the apex.
 */
void zone_compare(const struct zone_servers *servers, const struct answers *truth, struct arena *arena,
    struct zone_report *out);

/* The same records, in any order. */
bool zone_answers_equal(const struct answer *a, const struct answer *b);

#endif
