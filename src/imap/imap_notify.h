/*
 * NOTIFY (RFC 5465): the client is told of changes without asking, between commands and in IDLE. What tells
 * it of the selected mailbox is imap_sync; of others it gets STATUS and LIST, from the account's list of
 * mailboxes. Here: what its files share.
 */
#ifndef IMAP_IMAP_NOTIFY_H
#define IMAP_IMAP_NOTIFY_H

#include "imap/imap_private.h"

/* Fetches the messages from this UID on, as MessageNew wants them; then `then`. The items live as long as
 * NOTIFY is on. */
void imap_notify_fetch(
    struct imap_session *s, struct view items, uint32_t from, void (*then)(struct imap_session *s));

#endif
