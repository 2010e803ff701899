/* The arithmetic of SCRAM: RFC 5802 section 3, RFC 7677. */
#ifndef TRUST_LOGIN_SCRAM_H
#define TRUST_LOGIN_SCRAM_H

#include "base/view.h"

enum scram_hash { SCRAM_SHA_1, SCRAM_SHA_256 };

enum { SCRAM_KEY_MAX = 32 };

/* Octets of a hash's output: 20 or 32. */
size_t scram_key_size(enum scram_hash hash);

/* What a server keeps of a password: it can check a proof and prove itself, but not log in elsewhere. */
struct scram_verifier {
	unsigned char stored_key[SCRAM_KEY_MAX], server_key[SCRAM_KEY_MAX];
};

/*
 * The keys of a password, which is prepared with SASLprep here. Takes `iterations` times two hashes: some
 * milliseconds. 0; -EINVAL for a password that can't be prepared or a number of iterations out of range;
 * -ENOMEM. client_key may be NULL.
 */
int scram_keys(enum scram_hash hash, struct view password, struct view salt, uint32_t iterations,
    struct scram_verifier *verifier, unsigned char client_key[SCRAM_KEY_MAX]);

/* HMAC(key, text), into out. */
void scram_hmac(enum scram_hash hash, struct view key, struct view text, unsigned char out[SCRAM_KEY_MAX]);

/* Whether a client's proof belongs to the verifier, for this AuthMessage; compared in constant time. */
bool scram_proof_matches(
    enum scram_hash hash, const struct scram_verifier *verifier, struct view auth_message, struct view proof);

/* ClientProof, which the client sends. */
void scram_proof(enum scram_hash hash, const unsigned char client_key[SCRAM_KEY_MAX],
    const struct scram_verifier *verifier, struct view auth_message, unsigned char proof[SCRAM_KEY_MAX]);

/*
 * Text in which "=" and "," are written "=3D" and "=2C" (saslname, section 5.1). Decoding gives -EINVAL for
 * other uses of "=", else the result of buf_append.
 */
struct buf;
int scram_name_encode(struct view name, struct buf *out);
int scram_name_decode(struct view text, struct buf *out);

/* Takes the attribute "<name>=value" off the front of *rest, up to the next comma. False if another comes
 * next. */
bool scram_attribute(struct view *rest, char name, struct view *value);

#endif
