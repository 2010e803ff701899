/* The items of STATUS, which LIST gives too (RFC 9051 section 6.3.11, RFC 5819). */
#ifndef IMAP_IMAP_STATUS_H
#define IMAP_IMAP_STATUS_H

#include "imap/imap_private.h"

/* "(MESSAGES UNSEEN)" as bits, 0 when it is wrong. */
uint32_t imap_in_status_items(struct imap_in *in);

/* "* STATUS name (MESSAGES 5 ...)". */
void imap_put_status(struct imap_session *s, const struct mail_mailbox *mailbox, uint32_t items);

/* What the session enables by asking for these (RFC 7162 section 3.1.7). */
void imap_status_enables(struct imap_session *s, uint32_t items);

#endif
