/* Which mailboxes a command means: filter-mailboxes of RFC 5465 section 6, with subtree-one of RFC 7377. */
#ifndef IMAP_IMAP_MAILBOX_FILTER_H
#define IMAP_IMAP_MAILBOX_FILTER_H

#include "imap/imap_private.h"

enum { IMAP_FILTER_NAMES_MAX = 200 /* in one command; each is compared with every mailbox */ };

enum {
	IMAP_FILTER_SELECTED = 1 << 0,
	IMAP_FILTER_INBOXES = 1 << 1,  /* into which mail is delivered: INBOX */
	IMAP_FILTER_PERSONAL = 1 << 2, /* one's own */
	IMAP_FILTER_SUBSCRIBED = 1 << 3
};

struct imap_mailbox_filter {
	unsigned kinds; /* IMAP_FILTER_* */
	struct imap_filter_name {
		struct view name;
		unsigned levels; /* below it that are meant too: 0, 1, or UINT_MAX */
	} names[IMAP_FILTER_NAMES_MAX];
	size_t count;
};

/* One filter, added to what is in *filter. False: noted in `in`. */
bool imap_in_mailbox_filter(struct imap_in *in, struct imap_mailbox_filter *filter);

/* Whether it means the mailbox, which is called `name`. A mailbox that is none but a name is never meant. */
bool imap_filter_means(const struct imap_session *s, const struct imap_mailbox_filter *filter,
    const struct mail_mailbox *mailbox, struct view name);

#endif
