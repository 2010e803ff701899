/*
 * An SPF record with all that it includes, laid out flat: which networks it allows, and how many of the ten
 * look-ups it takes (RFC 7208 section 4.6.4). For the owner, who wants to see more than the first error; what
 * a receiver concludes is spf_check's. Evaluation over trust/dns/answers.h.
 */
#ifndef TRUST_ZONE_SPF_CHAIN_H
#define TRUST_ZONE_SPF_CHAIN_H

#include "trust/dns/answers.h"

enum {
	SPF_CHAIN_MAX = 200,        /* lines; some 40 records of five terms */
	SPF_CHAIN_LOOKUPS_MAX = 40, /* past it nobody wants to know how far it is too much */
	SPF_CHAIN_DEPTH_MAX = 12    /* a receiver stops at ten */
};

enum spf_chain_kind {
	SPF_CHAIN_RECORD,  /* of `domain`; text is the record */
	SPF_CHAIN_TERM,    /* takes a look-up; what it leads to follows, one deeper */
	SPF_CHAIN_NETWORK, /* text: "192.0.2.0/24" */
	SPF_CHAIN_PROBLEM  /* text: a sentence */
};

struct spf_chain_line {
	enum spf_chain_kind kind;
	unsigned depth;
	struct view domain, text;
};

struct spf_chain {
	struct spf_chain_line lines[SPF_CHAIN_MAX];
	size_t count;
	unsigned lookups, voids;
	bool open; /* some term depends on the message, so it cannot be laid out (macros, exists, ptr) */
	bool incomplete; /* lines were left out, or memory ran short */
	bool unseen;     /* something could not be looked up */
	bool broken;     /* a record of it cannot be read, or there are several */
};

/* False: answers are missing. Texts live as long as the arena. */
bool spf_chain_walk(struct answers *answers, const char *domain, struct arena *arena, struct spf_chain *out);

#endif
