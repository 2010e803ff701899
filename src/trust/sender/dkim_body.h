/*
 * Hashes of a body that streams by, for all signatures at once: RFC 6376 sections 3.4.3 to 3.4.5 and 3.7.
 * Each canonicalisation in use runs once; a signature that covers a part (l=) takes the running hash as it
 * stands there. The hash is SHA-256, the only one that RFC 8301 leaves.
 *
 * Lines end with CRLF; a CR, LF or NUL on its own is an octet like any other.
 */
#ifndef TRUST_SENDER_DKIM_BODY_H
#define TRUST_SENDER_DKIM_BODY_H

#include <openssl/types.h>

#include "trust/sender/dkim_header.h"

enum {
	DKIM_HASH_SIZE = 32,
	/* Lengths of one canonicalisation: one for each signature that is looked at, and those of ARC. */
	DKIM_CUTS_MAX = 32,
};

#define DKIM_WHOLE UINT64_MAX /* a length: all of the body */

struct dkim_cut {
	uint64_t length;
	bool done;
	unsigned char digest[DKIM_HASH_SIZE];
};

struct dkim_body_stream {
	EVP_MD_CTX *hash; /* NULL: this canonicalisation is not in use */
	uint64_t length;  /* octets hashed */
	struct dkim_cut cuts[DKIM_CUTS_MAX];
	size_t cut_count;
	uint64_t next;        /* the smallest length of a cut that is not done */
	uint64_t lines;       /* line ends held back, since only empty lines may follow */
	bool after_cr, blank; /* a CR, a run of blanks before it: held back too */
};

struct dkim_body {
	struct dkim_body_stream streams[2]; /* by enum dkim_canon */
	bool failed;                        /* no memory: there are no digests */
};

void dkim_body_init(struct dkim_body *b);
void dkim_body_done(struct dkim_body *b);

/* Before the first octet: this much will be asked for. 0; -E2BIG past DKIM_CUTS_MAX. */
int dkim_body_want(struct dkim_body *b, enum dkim_canon canon, uint64_t length);

void dkim_body_feed(struct dkim_body *b, struct view bytes);
void dkim_body_end(struct dkim_body *b);

/*
 * After the end: the digest of the first `length` octets, DKIM_HASH_SIZE octets. NULL without memory, and
 * where it was not asked for. A body that is shorter is hashed whole.
 */
const unsigned char *dkim_body_digest(const struct dkim_body *b, enum dkim_canon canon, uint64_t length);

/* Octets of the whole body in that form. */
uint64_t dkim_body_length(const struct dkim_body *b, enum dkim_canon canon);

#endif
