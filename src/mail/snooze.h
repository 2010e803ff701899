/*
 * An email that is put off (draft-ietf-extra-email-snooze): it lies in the mailbox of the role "snoozed" and
 * comes back by itself when its time has come. What is to become of it travels in EMAIL_SET, EMAIL_IMPORT and
 * EMAIL_GET, and stands in the account, in the form that is written here.
 */
#ifndef MAIL_SNOOZE_H
#define MAIL_SNOOZE_H

#include "base/buf.h"
#include "mail/mail_flags.h"

enum {
	/* Octets of the names of keywords that are added, and of those that are taken away: some ten each,
	   and an entry of the account holds them both. */
	SNOOZE_KEYWORDS_MAX = 700,
	SNOOZE_BYTES_MAX = 2 * SNOOZE_KEYWORDS_MAX + 100
};

struct mail_snooze {
	int64_t until;                             /* seconds since 1970; of one that has come back: when */
	uint32_t mailbox;                          /* where it is put then; 0: INBOX */
	uint64_t add_flags, remove_flags;          /* of FLAGS_SYSTEM, without FLAG_DELETED */
	struct view add_keywords, remove_keywords; /* names with one space between them */
	/* A reminder: it lies in the mailbox of the role besides where it lies, and comes to `mailbox` only
	   if nobody has answered it by then (account/answered.h). */
	bool unless_answered;
};

/* The result of buf_append; -ENOBUFS: too many keywords. */
int mail_snooze_put(struct buf *out, const struct mail_snooze *s) __attribute__((warn_unused_result));

/* The whole text is one. False: it is none. Views point into it. */
bool mail_snooze_get(struct view text, struct mail_snooze *s);

#endif
