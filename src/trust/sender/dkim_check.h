/*
 * The steps in which a signature is verified, of DKIM and of ARC: RFC 6376 section 6.1. Each says what is
 * wrong, or DKIM_VERIFIED: go on.
 */
#ifndef TRUST_SENDER_DKIM_CHECK_H
#define TRUST_SENDER_DKIM_CHECK_H

#include "trust/sender/dkim_lookup.h"
#include "trust/sender/dkim_mail.h"

enum {
	/* Seconds that a signer's clock may be ahead of ours. */
	DKIM_CLOCK_AHEAD = 86400
};

/* Stored with messages: a number keeps its meaning, new ones come last. */
enum dkim_cause {
	DKIM_VERIFIED,         /* pass */
	DKIM_BAD_FIELD,        /* permerror: field.fault, field.tag */
	DKIM_MALFORMED_HEADER, /* neutral */
	DKIM_HISTORIC,         /* policy: rsa-sha1 (RFC 8301 section 3.1) */
	DKIM_EXPIRED,          /* policy: x= has passed */
	DKIM_IN_FUTURE,        /* policy: t= is more than DKIM_CLOCK_AHEAD ahead */
	DKIM_NO_KEY,           /* permerror */
	DKIM_SEVERAL_KEYS,     /* permerror */
	DKIM_NO_ANSWER,        /* temperror: key.why */
	DKIM_BAD_KEY,          /* permerror, or policy for its length: key.key.fault */
	DKIM_OTHER_ALGORITHM,  /* permerror: the key is of another kind than a= */
	DKIM_STRICT_KEY,       /* permerror: t=s, and i= is below d= */
	DKIM_BODY_CHANGED,     /* fail */
	DKIM_BODY_CUT,         /* fail: it is shorter than l= */
	DKIM_WRONG_SIGNATURE,  /* fail: the signed fields were changed, or another key signed them */
	DKIM_FIELD_ADDED,      /* policy: `added` stands once more than it was signed */
	DKIM_BODY_ADDED,       /* policy: octets behind l= */
	DKIM_NO_MEMORY,        /* temperror */
	DKIM_CAUSES
};

/* What the field says by itself, at `now` in seconds since 1970. */
enum dkim_cause dkim_check_field(const struct dkim_header *h, const struct dkim_field *f, int64_t now);

/* The key is looked up and judged: false while the question is open. `*out` and `arena` as in
 * dkim_lookup_key. */
bool dkim_check_key(struct answers *answers, const struct dkim_field *f, struct arena *arena,
    struct dkim_found_key *out, enum dkim_cause *cause);

/* After the body's end; *length becomes its length. */
enum dkim_cause dkim_check_body(const struct dkim_body *b, const struct dkim_field *f, uint64_t *length);

/* Whether the signature is that of a block. */
enum dkim_cause dkim_check_block(const struct dkim_key *key, struct view block, struct view signature);

/* The same of the block that a header field signs, with what somebody may have added (*added, and l= against
 * the body's length). */
enum dkim_cause dkim_check_message(struct dkim_header *h, const struct dkim_header_field *own,
    const struct dkim_field *f, const struct dkim_key *key, uint64_t body_length, const char **added);

#endif
