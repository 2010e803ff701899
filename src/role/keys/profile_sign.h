/*
 * Signs Apple's profiles of mail accounts (process/mail_profile.h): CMS SignedData (RFC 5652 section 5) with
 * the certificate of this host. The asker gives an address alone: the profile is made here, of the settings.
 * So nothing is signed that this server would not tell anybody about itself.
 */
#ifndef ROLE_KEYS_PROFILE_SIGN_H
#define ROLE_KEYS_PROFILE_SIGN_H

#include <openssl/evp.h>

#include "config/settings.h"
#include "process/link.h"

/* A start or a reload: the settings stay where they are, the certificates are forgotten. */
void profile_sign_begin(const struct settings *settings);
/* A certificate with its chain, in the order of the settings, and its key, which is borrowed for the call.
 * The first one that is for this host, and whose key CMS of mail programs knows, is used. */
void profile_sign_chain(struct view pem, EVP_PKEY *key);

/* Appends the signed profile of an address, in DER. 0; -ENOENT: no certificate fits now; -EINVAL: no address
 * that a profile is signed for; -EAGAIN: too many in this second. */
int profile_sign_make(struct view address, struct buf *out) __attribute__((warn_unused_result));

/* MESSAGE_SIGN_PROFILE. */
void profile_sign_answer(struct link *link, struct channel_frame *frame, const void *message);

#endif
