/* The key of a signature: RFC 6376 sections 3.6.2 and 6.1.2. Evaluation over trust/dns/answers.h. */
#ifndef TRUST_SENDER_DKIM_LOOKUP_H
#define TRUST_SENDER_DKIM_LOOKUP_H

#include "trust/dns/answers.h"
#include "trust/sender/dkim_key.h"

enum dkim_lookup {
	DKIM_LOOKUP_KEY,         /* there is one key record; whether it is good, key.fault says */
	DKIM_LOOKUP_WAIT,        /* the question is on the list */
	DKIM_LOOKUP_NONE,        /* no key record there */
	DKIM_LOOKUP_SEVERAL,     /* more than one, and nothing says which counts (section 3.6.2.2) */
	DKIM_LOOKUP_UNAVAILABLE, /* the answer cannot be had now, or DNSSEC says that it is forged */
	DKIM_LOOKUP_MEMORY
};

struct dkim_found_key {
	char name[DNS_NAME_SIZE]; /* that was asked for: SELECTOR._domainkey.DOMAIN; always set */
	struct dkim_key key;
	bool secure;     /* the answer was validated by DNSSEC */
	struct view why; /* of DKIM_LOOKUP_UNAVAILABLE; may be empty */
};

/* Puts the question on the list, unless it is there; whether it is answered. */
bool dkim_lookup_ask(struct answers *answers, const struct dkim_field *field);

/* `field` has its domain and selector. Memory comes from `arena`, *out lives as long as it and the answers.
 */
enum dkim_lookup dkim_lookup_key(
    struct answers *answers, const struct dkim_field *field, struct arena *arena, struct dkim_found_key *out);

#endif
