/*
 * Private keys that are not in this process. An OpenSSL provider ("postrider") makes an EVP_PKEY out of a
 * public key and a number; whatever OpenSSL wants signed with it goes, as a whole block, to the signer.
 * Private to src/io.
 */
#ifndef IO_TLS_REMOTE_H
#define IO_TLS_REMOTE_H

#include <openssl/types.h>

#include "io/tls.h"

/* tls_shake.c: asks the signer, and waits in the handshake's fiber. 0, *len the signature's length, or a
 * negative errno. */
int tls_shake_sign(tls_sign sign, void *arg, unsigned key, struct view algorithm, bool pss, struct view tbs,
    char *signature, size_t *len);

/* Loads the provider beside OpenSSL's own. 0 or -ENOTSUP. */
int tls_remote_install(tls_sign sign, void *arg);

/* A key of its own (EVP_PKEY_free it), or NULL when its kind is not served. */
EVP_PKEY *tls_remote_key(EVP_PKEY *public_key, unsigned number);

#endif
