/*
 * Private keys as they are kept elsewhere: sealed by AES-256-GCM under a secret that only this role is given,
 * bound to domain and selector. Whoever has the sealed form alone can neither read it nor pass it off as
 * another domain's.
 */
#ifndef ROLE_KEYS_SIGNING_SEAL_H
#define ROLE_KEYS_SIGNING_SEAL_H

#include <openssl/types.h>

#include "base/buf.h"

enum { SIGNING_SECRET_SIZE = 32 };

/* Appends the sealed key. 0; -EIO: the library fails. */
int signing_seal_key(const unsigned char secret[SIGNING_SECRET_SIZE], struct view domain,
    struct view selector, EVP_PKEY *key, struct buf *out);

/* The key, to be freed. -EBADMSG: it was sealed with another secret, for another name, or is damaged; -EIO:
 * the library fails, as without memory, which says nothing of the key. */
int signing_unseal(const unsigned char secret[SIGNING_SECRET_SIZE], struct view domain, struct view selector,
    struct view sealed, EVP_PKEY **out);

#endif
