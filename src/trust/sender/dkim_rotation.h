/*
 * The life of the keys that sign a domain's mail: which step comes next, by what is known of them and the
 * time. No side effects: whoever carries a step out asks again, until there is none.
 *
 *     made --(the domain has none that signs)--> active
 *     made as new --(the name servers show its record, or at once if that is wished)--> active
 *     active --(a younger one is active)--> replaced --(DKIM_REPLACED_SECONDS)--> retired --> gone
 *
 * A domain's first key signs before its record is published: until then its signatures prove nothing and harm
 * nothing (a verifier without a key treats them as if they were not there, RFC 6376 section 6.1), and nobody
 * has to tell the server when the record is there. A later one waits, since it takes the place of a key that
 * does prove something.
 */
#ifndef TRUST_SENDER_DKIM_ROTATION_H
#define TRUST_SENDER_DKIM_ROTATION_H

#include "format/signing_key.h"

enum {
	/*
	 * So long a key's record must be there after its last signature: mail waits in queues for five days
	 * (RFC 5321 section 4.5.4.1), and people look at what came days ago.
	 */
	DKIM_REPLACED_SECONDS = 7 * 86400,
	/* So long a retired key is still listed, that its record may be taken out of the DNS. */
	DKIM_RETIRED_SECONDS = 30 * 86400,
	/*
	 * How often the name servers are asked: of a record that they do not show first every minute, as an
	 * administrator publishes it while he waits, at last by the hour; of one that they show daily.
	 */
	DKIM_LOOK_SECONDS_MIN = 60,
	DKIM_LOOK_SECONDS_MAX = 3600,
	DKIM_LOOK_SHOWN_SECONDS = 86400
};

enum dkim_rotation_step {
	DKIM_ROTATION_NOTHING,
	DKIM_ROTATION_MAKE,     /* a key in the state `state` */
	DKIM_ROTATION_ACTIVATE, /* it signs from now on */
	DKIM_ROTATION_REPLACE,  /* it signs no more */
	DKIM_ROTATION_RETIRE,   /* its private half is forgotten */
	DKIM_ROTATION_DROP,     /* it is forgotten */
	DKIM_ROTATION_UNWISH    /* its wish has been met */
};

struct dkim_rotation {
	enum dkim_rotation_step step;
	size_t key;               /* the number of the key that it concerns */
	enum signing_state state; /* of DKIM_ROTATION_MAKE */
	int64_t at; /* of DKIM_ROTATION_ACTIVATE: the key's `active`, which is later than that of any other
	               even when the clock was set back */
};

struct dkim_rotation_terms {
	int64_t now;                   /* seconds since 1970 */
	int64_t rotate_after;          /* seconds that a key signs; 0: for ever */
	bool usable[SIGNING_KEYS_MAX]; /* whether the private half of that key can be had; false: it is of no
	                                  use */
};

/*
 * The next step for the keys of one domain (at most SIGNING_KEYS_MAX, of all algorithms) and one algorithm;
 * keys of others are passed over. Where there is no room for a key to be made, the one that was retired first
 * makes room; without such a one nothing is made until there is.
 */
struct dkim_rotation dkim_rotation_next(const struct signing_key *keys, size_t count,
    enum signing_algorithm algorithm, const struct dkim_rotation_terms *terms);

/* When the name servers are to be asked for its record next, in seconds since 1970; 0: now; INT64_MAX: never.
 */
int64_t dkim_rotation_look_at(const struct signing_key *key, int64_t now);

/*
 * A selector that none of the keys has: the day, and a letter for the algorithm ("20261129r"), with a number
 * behind it if that one is taken.
 */
void dkim_rotation_selector(const struct signing_key *keys, size_t count, enum signing_algorithm algorithm,
    int64_t now, char out[SIGNING_SELECTOR_MAX + 1]);

#endif
