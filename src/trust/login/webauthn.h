/*
 * Passkeys: what a browser hands over when a credential is made and when somebody signs in with it (W3C Web
 * Authentication level 2, sections 7.1 and 7.2), as pure functions. Signatures are ES256, EdDSA (Ed25519) or
 * RS256. Of attestations "none" and "packed" by the credential's own key are taken: we ask for none, and
 * judge nobody by the maker of a device.
 */
#ifndef TRUST_LOGIN_WEBAUTHN_H
#define TRUST_LOGIN_WEBAUTHN_H

#include "base/arena.h"

enum {
	WEBAUTHN_CHALLENGE_SIZE = 32,
	/* Octets of what names a credential: the limit of the standard (section 4, Credential ID). */
	WEBAUTHN_ID_MAX = 1023,
	/* Octets of a public key: RSA of 4096 bits has 526. */
	WEBAUTHN_KEY_MAX = 600,
	/* Octets of what a browser says: client data are some 200, an attestation some 1,500. */
	WEBAUTHN_CLIENT_DATA_MAX = 4096,
	WEBAUTHN_ATTESTATION_MAX = 16 * 1024,
	WEBAUTHN_SIGNATURE_MAX = 1024,
};

/* COSE's numbers of the algorithms (RFC 9053, RFC 8812), as they are offered. */
enum { WEBAUTHN_ES256 = -7, WEBAUTHN_EDDSA = -8, WEBAUTHN_RS256 = -257 };

struct webauthn_expected {
	struct view challenge; /* the octets that were given out */
	struct view origin;    /* "https://mail.example.org", with its port where that is not 443 */
	struct view rp_id;     /* "mail.example.org" */
	bool verified;         /* the authenticator must have looked who its user is: by PIN, finger, face */
};

struct webauthn_credential {
	struct view id, key; /* key: the COSE key, encoded */
	uint32_t counter;
	bool verified;
};

enum webauthn_fault {
	WEBAUTHN_GOOD,
	WEBAUTHN_MALFORMED,   /* not what a browser says */
	WEBAUTHN_TYPE,        /* said for the other ceremony */
	WEBAUTHN_CHALLENGE,   /* an answer to another question */
	WEBAUTHN_ORIGIN,      /* said to another site, or within another's frame */
	WEBAUTHN_SITE,        /* the authenticator's key is another site's */
	WEBAUTHN_ABSENT,      /* nobody has touched it */
	WEBAUTHN_UNVERIFIED,  /* it has not looked who its user is */
	WEBAUTHN_ALGORITHM,   /* none that was offered, or a key that is none */
	WEBAUTHN_ATTESTATION, /* a kind that was not asked for, or a false one */
	WEBAUTHN_SIGNATURE,   /* not made with this key */
	WEBAUTHN_COUNTER,     /* it counted backwards: a copy of this key is about */
	WEBAUTHN_MEMORY,      /* our own trouble */
};

/* For the log: "challenge". */
const char *webauthn_fault_name(enum webauthn_fault fault);

/* A credential was made. *made points into `attestation`; it is untouched on failure. */
enum webauthn_fault webauthn_register(const struct webauthn_expected *expected, struct view client_data,
    struct view attestation, struct webauthn_credential *made);

/*
 * Somebody signs in: *credential is as it was kept; on success its counter and whether the user was verified
 * are as they are now.
 */
enum webauthn_fault webauthn_assert(const struct webauthn_expected *expected, struct view client_data,
    struct view authenticator_data, struct view signature, struct webauthn_credential *credential);

/* webauthn_key.c: whether it is a key of one of the algorithms, well formed, of a sound size. */
enum webauthn_fault webauthn_key_check(struct view key, int64_t *algorithm);
enum webauthn_fault webauthn_key_verify(struct view key, struct view message, struct view signature);

#endif
