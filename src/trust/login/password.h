/*
 * Passwords that people choose: Argon2id (RFC 9106), through libsodium. Each call takes some 20 ms and 19
 * MiB: callers run it in worker threads, two at once at most. The functions keep no state and may run at the
 * same time.
 */
#ifndef TRUST_LOGIN_PASSWORD_H
#define TRUST_LOGIN_PASSWORD_H

#include "base/buf.h"

/*
 * Appends the encoded hash ("$argon2id$v=19$m=...") of the prepared password. 0; -EINVAL for a password that
 * can't be prepared (saslprep.h); -ENOMEM; the result of buf_append.
 */
int password_hash(struct view password, struct buf *hash);

/*
 * Whether the password is the hash's: 0 or -EACCES, compared in constant time; -EINVAL when the hash is none;
 * -ENOMEM. A password that can't be prepared takes as long as one that is wrong. The hash may be one of
 * another server, too (foreign_hash.h).
 */
int password_verify(struct view hash, struct view password);

/* For an account that doesn't exist: takes as long as password_verify. -EACCES, or -ENOMEM. */
int password_verify_nobody(struct view password);

/* Whether the hash was made with other costs than today's, or by another server: then it is made again at the
 * next login. */
bool password_hash_is_outdated(struct view hash);

#endif
