/*
 * Hashes of passwords that another server made, as Dovecot writes them: {SCHEME}text. They are taken over so
 * that nobody needs a new password after a move; the first login with the right password replaces them by one
 * of our own (password.h). The text comes out of files that others wrote: each scheme has one form, and each
 * cost a limit.
 *
 *   {CRYPT}, {MD5-CRYPT}, {SHA256-CRYPT}, {SHA512-CRYPT}, {BLF-CRYPT}   crypt(3): $1$ $5$ $6$ $2a$ $2b$ $2y$
 * $y$ {SHA}, {SHA1}, {SHA256}, {SHA512}, {SSHA}, {SSHA256}, {SSHA512}     a digest, with a salt behind it or
 * none; in base64, or with .HEX behind the scheme in hex {PBKDF2} $1$salt$rounds$digest {ARGON2I}, {ARGON2ID}
 * RFC 9106 {PLAIN}, {CLEARTEXT}, {CLEAR}                                      the password itself: hashed
 * when it is read
 */
#ifndef TRUST_LOGIN_FOREIGN_HASH_H
#define TRUST_LOGIN_FOREIGN_HASH_H

#include "base/buf.h"

enum {
	FOREIGN_HASH_MAX = 240, /* octets: a salted SHA-512 and a crypt with rounds fit */
	/* A login costs a second at most, and 256 MB, as Dovecot's Argon2id does: two at once are what the
	   auth role takes. */
	FOREIGN_CRYPT_ROUNDS_MAX = 1000000, /* of SHA-2 */
	FOREIGN_BCRYPT_COST_MAX = 14,
	FOREIGN_PBKDF2_ROUNDS_MAX = 2000000,
	FOREIGN_ARGON2_KIB_MAX = 256 * 1024,
	FOREIGN_ARGON2_PASSES_MAX = 10,
	FOREIGN_ARGON2_LANES_MAX = 8
};

enum foreign_kind { FOREIGN_PLAIN, FOREIGN_CRYPT, FOREIGN_DIGEST, FOREIGN_PBKDF2, FOREIGN_ARGON2 };

struct foreign_hash {
	enum foreign_kind kind;
	const char *scheme; /* as it is shown: "SSHA256" */
	struct view text;   /* behind the scheme, of what was read */
	bool weak;          /* it can be guessed by the million: unsalted or fast */
	bool hex;
};

/* Whether a text is one of these, and not a hash of password.h. */
static inline bool foreign_hash_is(struct view text)
{
	return text.len > 0 && text.data[0] == '{';
}

/*
 * Reads one, and all of it. 0; -EOPNOTSUPP for a scheme that is not known; -EINVAL for a text that is none of
 * its scheme; -E2BIG for one whose cost is above a limit, or that is too long. `text` must live as long as
 * *h.
 */
int foreign_hash_read(struct view text, struct foreign_hash *h) __attribute__((warn_unused_result));

/* Whether the password is the hash's: 0 or -EACCES; -EINVAL when it is none; -ENOMEM. As slow as the hash
 * says. */
int foreign_hash_verify(struct view text, struct view password) __attribute__((warn_unused_result));

#endif
