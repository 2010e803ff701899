/*
 * Signing what users send elsewhere, and telling them when others would not believe it: rows of the table of
 * hooks with their tap.
 *
 * The signature is that of the author's domain, if it is one that the user may write from: then it is aligned
 * (RFC 9989 section 4.10.2), and forwarding does not break it. An author who is none of ours is signed for by
 * the domain of the envelope's sender, which is proven to be the user's; that is not aligned, so it is asked
 * what the author's domain wants done with such mail.
 *
 * A message that stays here is not signed: its way is known, and says who has sent it.
 */
#ifndef ROLE_SMTP_SMTP_SIGN_H
#define ROLE_SMTP_SMTP_SIGN_H

#include "role/smtp/smtp_hooks.h"

extern const struct smtp_tap smtp_sign_tap;

/* SMTP_AT_HEADER, when the authors have been accepted: chooses whose domain signs. */
smtp_hook smtp_sign_choose;

/* SMTP_AT_END: has it signed (smtp_connection's message.head and .signer), and refuses what its author's
 * domain wants refused when it comes like this. */
smtp_hook smtp_sign_message;

#endif
