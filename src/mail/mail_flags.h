/* Words that everybody uses who speaks of an account's mail: flags, rights, roles of mailboxes. */
#ifndef MAIL_MAIL_FLAGS_H
#define MAIL_MAIL_FLAGS_H

#include "base/view.h"

/*
 * Flags of a message in a mailbox: bits. What follows from its body stands among them; they never change.
 * Keywords have numbers in their account: one below FLAG_KEYWORDS has the bit FLAG_KEYWORD << number, others
 * stand in a list of numbers.
 */
#define FLAG_SEEN ((uint64_t)1 << 0)
#define FLAG_ANSWERED ((uint64_t)1 << 1)
#define FLAG_FLAGGED ((uint64_t)1 << 2)
#define FLAG_DELETED ((uint64_t)1 << 3)
#define FLAG_DRAFT ((uint64_t)1 << 4)
#define FLAG_OWN_UIDL ((uint64_t)1 << 5) /* the email has an imported UIDL: look there */
#define FLAG_BINARY                                                                                          \
	((uint64_t)1 << 6) /* its body came as BINARYMIME: it may hold NULs, and CRs and LFs alone */
#define FLAG_MORE ((uint64_t)1 << 7)           /* it has keywords without a bit */
#define FLAG_HAS_ATTACHMENT ((uint64_t)1 << 8) /* RFC 8621 section 4.1.4 */
#define FLAG_KEYWORD ((uint64_t)1 << 9)
/* What follows from the message: nobody changes it. */
#define FLAGS_OF_MESSAGE (FLAG_OWN_UIDL | FLAG_BINARY | FLAG_HAS_ATTACHMENT)
#define FLAGS_SYSTEM                                                                                         \
	(FLAG_SEEN | FLAG_ANSWERED | FLAG_FLAGGED | FLAG_DELETED | FLAG_DRAFT) /* what users change */
enum {
	FLAG_KEYWORDS = 55,
	/* Octets of a keyword's name: RFC 8621 section 4.1.1. A label in other letters than Latin ones needs
	   six for each of them. */
	MAIL_KEYWORD_MAX = 255
};

/* Rights of RFC 4314 section 2.1, by their letters. */
enum {
	RIGHT_LOOKUP = 1 << 0,    /* l */
	RIGHT_READ = 1 << 1,      /* r */
	RIGHT_SEEN = 1 << 2,      /* s */
	RIGHT_WRITE = 1 << 3,     /* w */
	RIGHT_INSERT = 1 << 4,    /* i */
	RIGHT_POST = 1 << 5,      /* p */
	RIGHT_CREATE = 1 << 6,    /* k */
	RIGHT_REMOVE = 1 << 7,    /* x: the mailbox */
	RIGHT_DELETE = 1 << 8,    /* t: messages */
	RIGHT_EXPUNGE = 1 << 9,   /* e */
	RIGHT_ADMIN = 1 << 10,    /* a */
	RIGHT_ANNOTATE = 1 << 11, /* n: annotations that are shared (RFC 5257 section 3.4) */
	RIGHT_ALL = (1 << 12) - 1
};

/* What mailboxes are for (RFC 6154, RFC 8621 section 2). */
enum mailbox_role {
	MAILBOX_ROLE_NONE,
	MAILBOX_ROLE_INBOX,
	MAILBOX_ROLE_DRAFTS,
	MAILBOX_ROLE_SENT,
	MAILBOX_ROLE_JUNK,
	MAILBOX_ROLE_TRASH,
	MAILBOX_ROLE_ARCHIVE,
	MAILBOX_ROLE_ALL,
	MAILBOX_ROLE_FLAGGED,
	MAILBOX_ROLE_IMPORTANT,
	MAILBOX_ROLE_SNOOZED, /* draft-ietf-extra-email-snooze */
	MAILBOX_ROLE_LAST = MAILBOX_ROLE_SNOOZED
};

/* Names of special uses ("\\Junk"; RFC 6154 section 2, RFC 8457), in any case; MAILBOX_ROLE_NONE. The name;
 * NULL: it has none. */
enum mailbox_role mailbox_role_of_use(struct view name);
const char *mailbox_role_use(unsigned role);

/* Of FLAGS_SYSTEM and FLAG_KEYWORD (any keyword): what may not be changed with these rights (RFC 4314 section
 * 4: \Seen takes "s", \Deleted "t", all others "w"). */
uint64_t mail_flags_denied(unsigned rights);

enum { MAILBOX_ROOT = 0, MAILBOX_INBOX = 1 };

/* The system flag of that name ("\\Seen", in any case); 0: it is none that users change. */
uint64_t mail_system_flag(struct view name);

#endif
