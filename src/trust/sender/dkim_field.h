/*
 * The field DKIM-Signature (RFC 6376 section 3.5, with RFC 8616 for domains that are not ASCII), and those of
 * ARC that have its form: ARC-Message-Signature and ARC-Seal (RFC 8617 sections 4.1.2 and 4.1.3).
 */
#ifndef TRUST_SENDER_DKIM_FIELD_H
#define TRUST_SENDER_DKIM_FIELD_H

#include "base/arena.h"
#include "trust/sender/dkim_body.h"
#include "trust/sender/tag_list.h"

enum {
	/* Names in h=. Real ones have up to 60, with all that are signed twice against additions. */
	DKIM_NAMES_MAX = 500,
	/* Octets of a signature: RSA of 8192 bits, though none above 4096 is verified. */
	DKIM_SIGNATURE_MAX = 1024,
};

enum dkim_algorithm {
	DKIM_RSA_SHA256,
	DKIM_ED25519_SHA256, /* RFC 8463 */
	DKIM_RSA_SHA1,       /* historic: RFC 8301 section 3.1 */
	DKIM_ALGORITHM_UNKNOWN
};

/* What is wrong with a field; `tag` of struct dkim_field says where. Stored with messages: a number keeps its
 * meaning, new ones come last. */
enum dkim_fault {
	DKIM_FIELD_GOOD,
	DKIM_FIELD_SYNTAX,      /* no tag list */
	DKIM_FIELD_DUPLICATE,   /* a tag stands twice */
	DKIM_FIELD_MISSING,     /* a tag that must be there is not */
	DKIM_FIELD_VALUE,       /* of a tag: not of its form */
	DKIM_FIELD_VERSION,     /* v= is not 1 */
	DKIM_FIELD_UNSUPPORTED, /* of a tag: an algorithm, canonicalisation or way to the key that we don't
	                           know */
	DKIM_FIELD_IDENTITY,    /* i= lies outside d= (section 6.1.1) */
	DKIM_FIELD_FROM,        /* h= does not name From */
	DKIM_FIELD_EXPIRY,      /* x= is not behind t= */
	DKIM_FIELD_FORBIDDEN,   /* a tag or name that must not be there (ARC) */
	DKIM_FIELD_MEMORY,      /* no verdict: out of memory */
	DKIM_FAULTS
};

enum dkim_field_kind { DKIM_SIGNATURE, ARC_MESSAGE_SIGNATURE, ARC_SEAL };

/* cv= of ARC-Seal */
enum arc_cv { ARC_CV_NONE, ARC_CV_PASS, ARC_CV_FAIL };

#define DKIM_NO_TIME INT64_MIN /* t= or x= is not there */

struct dkim_field {
	enum dkim_fault fault;
	const char *tag; /* that the fault speaks of; "" if none */

	/* Set as far as they could be read, also in a field with a fault. */
	enum dkim_algorithm algorithm;
	struct view algorithm_text; /* a= as written */
	enum dkim_canon header_canon, body_canon;
	const char *domain, *selector; /* A-labels, lower case; "" if they could not be read */
	struct view identity;          /* i= decoded, its domain in A-labels; empty without one */
	struct view text;              /* b= as written: tells signatures of one message apart */
	struct view cut;               /* what of the field is empty when it is signed: b= */
	struct view signature;         /* b= decoded */
	struct view body_hash;         /* bh= decoded: DKIM_HASH_SIZE octets */
	struct view names;             /* h= as written; tag_entry_next takes it apart */
	uint64_t length;               /* l=, or DKIM_WHOLE */
	int64_t signed_at, expires;    /* t=, x=: seconds since 1970, or DKIM_NO_TIME */
	unsigned instance;             /* i= of ARC */
	enum arc_cv cv;
};

/*
 * Reads the body of a field. Views point into it, or into `arena`, which takes some 3 KB for each. Unknown
 * tags are passed over. Any field gives a result; *out is set whole.
 */
void dkim_field_parse(
    enum dkim_field_kind kind, struct view body, struct arena *arena, struct dkim_field *out);

#endif
