/* States of emails, threads and mailboxes (RFC 8620 section 1.6.2), and what has changed since one. */
#ifndef JMAP_JMAP_MAIL_STATE_H
#define JMAP_JMAP_MAIL_STATE_H

#include "jmap/jmap_private.h"
#include "mail/mail_email.h"

/* The states of an account, as one answer has them. */
struct jmap_mail_states {
	uint64_t modseqs[MAIL_STATES];
	uint64_t access;
};

/* Takes EMAIL_STATE. */
void jmap_mail_states_take(struct jmap_mail_states *states, const struct email_state *answer);

enum jmap_mail_kind { JMAP_KIND_EMAILS, JMAP_KIND_THREADS, JMAP_KIND_MAILBOXES };
struct jmap_state jmap_mail_state_of(const struct jmap_mail_states *states, enum jmap_mail_kind kind);

/* A state as text, for queries. */
enum { JMAP_STATE_TEXT_MAX = 48 };
struct view jmap_state_text(struct jmap_state state, char out[static JMAP_STATE_TEXT_MAX]);

/* Foo/changes of emails, threads and mailboxes (RFC 8620 section 5.2). */
void jmap_mail_changes(struct jmap_call *c, enum jmap_mail_kind kind);

#endif
