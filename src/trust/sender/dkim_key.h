/*
 * Key records (RFC 6376 section 3.6.1) and what is done with keys: RSA (RFC 8301) and Ed25519 (RFC 8463). The
 * hash of what is signed is SHA-256; Ed25519 signs that hash as its message (RFC 8463 section 3).
 */
#ifndef TRUST_SENDER_DKIM_KEY_H
#define TRUST_SENDER_DKIM_KEY_H

#include "trust/sender/dkim_field.h"

enum {
	/* RFC 8301 section 3.2: shorter keys prove nothing. Longer ones than 4096 bits need not be verified,
	   and would let a stranger choose how long we compute. */
	DKIM_RSA_BITS_MIN = 1024,
	DKIM_RSA_BITS_MAX = 4096,
	/* Octets of an RSA exponent, for the same reason. Nearly all are 65537. */
	DKIM_RSA_EXPONENT_MAX = 8,
	DKIM_ED25519_SIZE = 32
};

enum dkim_key_kind { DKIM_KEY_RSA, DKIM_KEY_ED25519 };

/* What is wrong with a record. Stored with messages: a number keeps its meaning, new ones come last. */
enum dkim_key_fault {
	DKIM_KEY_GOOD,
	DKIM_KEY_NONE,        /* the text is no key record at all */
	DKIM_KEY_SYNTAX,      /* it is one, and broken */
	DKIM_KEY_REVOKED,     /* p= is empty */
	DKIM_KEY_UNSUPPORTED, /* k= is an algorithm that we don't know */
	DKIM_KEY_HASH,        /* h= does not allow SHA-256 */
	DKIM_KEY_SERVICE,     /* s= does not allow e-mail */
	DKIM_KEY_BROKEN,      /* p= is no key of that algorithm; also an RSA exponent that none has */
	DKIM_KEY_SHORT,       /* RSA below DKIM_RSA_BITS_MIN */
	DKIM_KEY_LONG, /* RSA above DKIM_RSA_BITS_MAX, or with an exponent of more than DKIM_RSA_EXPONENT_MAX
	                */
	DKIM_KEY_MEMORY, /* no verdict: out of memory */
	DKIM_KEY_FAULTS
};

/* A public key; views point into what it was read from, or its arena. */
struct dkim_key {
	enum dkim_key_fault fault;
	enum dkim_key_kind kind;
	unsigned bits;
	bool testing;      /* t=y: the domain tries DKIM out */
	bool strict;       /* t=s: i= must be of d= itself */
	struct view n, e;  /* RSA: big-endian, without zeros in front */
	struct view point; /* Ed25519 */
	struct view notes; /* n=, for people, as written */
};

/* Reads the text of a TXT record, its strings joined; memory comes from `arena`, some 1 KB. */
void dkim_key_parse(struct view text, struct arena *arena, struct dkim_key *out);

enum dkim_check {
	DKIM_CHECK_GOOD,
	DKIM_CHECK_BAD,
	DKIM_CHECK_MEMORY /* not known: out of memory */
};

/* Whether `signature` is the key's, under a digest of DKIM_HASH_SIZE octets; the key must be good. */
enum dkim_check dkim_key_verify(
    const struct dkim_key *key, const unsigned char *digest, struct view signature);

/*
 * Signs what dkim_sign.h and arc_seal.h have written into a block: RSA with SHA-256, or Ed25519, as the
 * private key is. *len is the room in `out` and becomes the signature's length. 0; -EINVAL: another kind of
 * key, or one that is too short; -ENOBUFS; -EIO when the library fails.
 */
int dkim_key_sign(EVP_PKEY *key, struct view block, unsigned char *out, size_t *len);

/* Appends the record that publishes a private key's public half: "v=DKIM1; k=rsa; p=...". 0; -EINVAL; the
 * result of buf_append. */
int dkim_key_record(EVP_PKEY *key, struct buf *out);

/* SHA-256. False when the library fails: out of memory. */
bool dkim_digest(struct view octets, unsigned char digest[DKIM_HASH_SIZE]);

#endif
