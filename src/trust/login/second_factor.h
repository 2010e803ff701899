/*
 * What an account asks for besides the main password: codes that change with time (totp.h), passkeys
 * (webauthn.h), and recovery codes for whoever has lost both. With either of the first two the main password
 * alone opens nothing: programs get app passwords then.
 */
#ifndef TRUST_LOGIN_SECOND_FACTOR_H
#define TRUST_LOGIN_SECOND_FACTOR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "trust/login/limits.h"
#include "trust/login/totp.h"
#include "trust/login/webauthn.h"

enum {
	RECOVERY_CODES = 10,
	RECOVERY_RANDOM = 10,        /* octets of one: 80 bits, so that a fast hash is safe */
	RECOVERY_LENGTH = 16,        /* letters and digits */
	RECOVERY_TEXT_SIZE = 19 + 1, /* as it is shown, in groups of four, with a NUL */
	RECOVERY_HASH_SIZE = 32,
	SITE_MAX = 255, /* octets of a site's name: a host's */
};

struct passkey {
	uint64_t id;
	struct view name; /* the owner's, for people */
	struct view site; /* the site (relying party) that it was made for */
	struct view credential, key;
	uint32_t counter;
	int64_t created, last_used; /* seconds since 1970; 0: never used */
};

struct second_factor {
	struct view totp;   /* the secret, TOTP_SECRET_SIZE octets; empty: none */
	uint64_t totp_step; /* of the code that was used last */
	struct passkey passkeys[PASSKEYS_MAX];
	size_t passkey_count;
	unsigned char recovery[RECOVERY_CODES][RECOVERY_HASH_SIZE]; /* of those that were not used */
	size_t recovery_count;
};

/* Whether the main password alone opens nothing. */
bool second_factor_is_set(const struct second_factor *f);

/* Codes are asked for from now on. `step` is that of the code which proved it. 0 or -ENOBUFS. */
int second_factor_set_totp(struct second_factor *f, const unsigned char secret[TOTP_SECRET_SIZE],
    uint64_t step, struct arena *arena);

/* Takes a code: it is used up, so the record must be written. The results of totp_check; -EACCES without a
 * secret. */
int second_factor_take_totp(struct second_factor *f, struct view code, int64_t now);

/*
 * Adds one, under `id`; the views are copied. 0; -ENOSPC past PASSKEYS_MAX; -EEXIST for a credential that is
 * there; -EINVAL for a name or site that is empty, too long or no text; -ENOBUFS.
 */
int second_factor_add_passkey(struct second_factor *f, const struct passkey *made, struct arena *arena);

/* By what names the credential, for a site; NULL if there is none. */
struct passkey *second_factor_find_passkey(struct second_factor *f, struct view credential, struct view site);

/* False if there is none of that id. */
bool second_factor_remove_passkey(struct second_factor *f, uint64_t id);

/* Ten new codes in place of all old ones, from random octets; the texts are shown to their owner, once. */
void second_factor_make_recovery(struct second_factor *f, struct view salt,
    unsigned char random[RECOVERY_CODES][RECOVERY_RANDOM], char texts[RECOVERY_CODES][RECOVERY_TEXT_SIZE]);

/* Takes a recovery code, however it is grouped and whatever its case: it is used up. */
bool second_factor_take_recovery(struct second_factor *f, struct view salt, struct view code);

/* The last one is gone: without a second factor recovery codes open nothing, and are forgotten. */
void second_factor_tidy(struct second_factor *f);

/* All of it is gone. */
void second_factor_clear(struct second_factor *f);

/* Its part of the stored record (credentials_record.c). Reading marks the cursor for what is none. */
void second_factor_put(const struct second_factor *f, struct buf *out);
void second_factor_get(struct cursor *in, struct second_factor *f);

#endif
