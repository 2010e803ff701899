/*
 * Making keys on a thread: RSA takes 50 to 500 ms, and handshakes must not wait so long. One at a time.
 */
#ifndef ROLE_KEYS_SIGNING_MAKE_H
#define ROLE_KEYS_SIGNING_MAKE_H

#include <openssl/types.h>

#include "format/signing_key.h"
#include "io/loop.h"

/* Bits of the modulus: RFC 8301 section 3.2 demands 1024 bits at least and recommends 2048; longer ones do
 * not fit a TXT record's single datagram, and cost four times the time. */
enum { SIGNING_RSA_BITS = 2048 };

/* Before the confinement. 0 or a negative errno. */
int signing_make_start(struct loop *loop);

/* Makes a key. `done` is called later with it, to be freed by then, or with NULL. Only when none is being
 * made. */
void signing_make(enum signing_algorithm algorithm, void (*done)(EVP_PKEY *key));

/* Before the process ends: waits until no key is being made, for exit() takes OpenSSL away from the thread
 * that makes one. Nothing is made after it. */
void signing_make_stop(void);

#endif
