/*
 * Annotations that others set in the selected mailbox (RFC 5257 section 4.4): their entries are told, not
 * their values, to a client that asked for it with SELECT (ANNOTATE) or NOTIFY.
 */
#ifndef IMAP_IMAP_NOTED_H
#define IMAP_IMAP_NOTED_H

#include "imap/imap_private.h"

/* What the watch of the selected mailbox says: kept until it can be told, which is at once in IDLE. */
void imap_noted(struct imap_session *s, const struct mail_noted *noted);

/* Tells what was kept: between two responses. */
void imap_noted_tell(struct imap_session *s);
void imap_noted_forget(struct imap_session *s);

#endif
