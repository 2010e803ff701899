/* What Email/set shares with the other methods that make Emails. */
#ifndef JMAP_JMAP_EMAIL_SET_H
#define JMAP_JMAP_EMAIL_SET_H

#include "jmap/jmap_mail_state.h"

void jmap_email_set(struct jmap_call *c);
void jmap_email_import(struct jmap_call *c);
void jmap_email_copy(struct jmap_call *c);
void jmap_mailbox_set(struct jmap_call *c);

/* The state of Emails, or of Mailboxes, in an answer to EMAIL_STATES. */
struct jmap_state jmap_state_told(const struct email_state *answer, enum jmap_mail_kind kind);

#endif
