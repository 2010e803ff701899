/* SPF records, RFC 7208 section 12 (the grammar) and section 4.6. */
#ifndef TRUST_SENDER_SPF_RECORD_H
#define TRUST_SENDER_SPF_RECORD_H

#include "base/arena.h"
#include "trust/sender/sender.h"

enum spf_mechanism { SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS };

struct spf_term {
	enum spf_mechanism mechanism;
	enum sender_result qualifier; /* what a match means */
	struct view text;             /* the whole term */
	struct view domain;           /* domain-spec, checked, with its macros; empty: the current domain */
	unsigned prefix4, prefix6;    /* bits that count; ip4 and ip6 each use their own */
	unsigned char network[16];    /* of ip4 (the first 4) and ip6 */
};

struct spf_record {
	struct spf_term *terms;
	size_t count;
	struct view redirect, exp; /* domain-spec; empty without one */
};

/* Whether a TXT record is an SPF record: section 4.5. */
bool spf_record_is(struct view text);

/*
 * The terms live in the arena and point into `text`. 0; -EINVAL: *bad is the term that is wrong; -E2BIG past
 * SPF_TERMS_MAX; -ENOMEM.
 */
int spf_record_parse(struct view text, struct arena *arena, struct spf_record *out, struct view *bad);

#endif
