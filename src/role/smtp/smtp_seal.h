/*
 * Sealing what an alias leads elsewhere (ARC, RFC 8617): the next host finds the client's address, the
 * envelope and perhaps the text changed, and can believe what this server found when the message came. A row
 * of the table of hooks with its tap, behind the one that checks the sender (smtp_sender.h): without its
 * results there is nothing to seal. The alias's domain seals.
 */
#ifndef ROLE_SMTP_SMTP_SEAL_H
#define ROLE_SMTP_SMTP_SEAL_H

#include "role/smtp/smtp_hooks.h"

extern const struct smtp_tap smtp_seal_tap;

/* SMTP_AT_END: smtp_connection's message.head. */
smtp_hook smtp_seal_message;

#endif
