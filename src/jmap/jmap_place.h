/*
 * What an Email has beside its message (RFC 8621 section 4.1.1), as clients set it: keywords, mailboxIds.
 * Read into the forms of mail/mail_email.h.
 */
#ifndef JMAP_JMAP_PLACE_H
#define JMAP_JMAP_PLACE_H

#include "jmap/jmap_private.h"

enum {
	/* Of one Email: beyond what is kept of one message (tooManyKeywords), whoever they are. */
	JMAP_KEYWORDS_OF_EMAIL = 250
};

/* Why a set of keywords or mailboxes cannot be. */
enum jmap_place_error {
	JMAP_PLACE_OK,
	JMAP_PLACE_WRONG,    /* invalidProperties */
	JMAP_PLACE_TOO_MANY, /* tooManyKeywords, tooManyMailboxes */
	JMAP_PLACE_MEMORY
};

/* Adds a keyword to flags or names (with one space between them, lower case). WRONG: it is none. */
enum jmap_place_error jmap_keyword_add(struct view keyword, uint64_t *flags, struct buf *names);

/* The keyword that is this flag of IMAP; empty: none is. */
struct view jmap_keyword_of_flag(uint64_t flag);

/* String[Boolean], with true alone. */
enum jmap_place_error jmap_keywords_read(const json_t *value, uint64_t *flags, struct buf *names);

/* The mailbox of an id, or of a creation reference, in the call's account. 0: it is none. */
uint64_t jmap_mailbox_number(struct jmap_call *c, struct view id);

/* Id[Boolean], with true alone: numbers, 4 octets each; at least one. */
enum jmap_place_error jmap_mailbox_ids_read(struct jmap_call *c, const json_t *value, struct buf *numbers);

#endif
