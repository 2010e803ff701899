/*
 * Who sent it: the verdict on a message from another server, by what its client, its envelope, its signatures
 * and its author's domain say (trust/sender). A row of the table of hooks with its tap.
 */
#ifndef ROLE_SMTP_SMTP_SENDER_H
#define ROLE_SMTP_SMTP_SENDER_H

#include "role/smtp/smtp_hooks.h"

extern const struct smtp_tap smtp_sender_tap;

/* SMTP_AT_END: writes the results into each mailbox's copy; refuses what its author's domain wants refused.
 */
smtp_hook smtp_sender_judge;

#endif
