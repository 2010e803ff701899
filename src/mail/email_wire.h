/*
 * Entries of mail_email.h's frames, in a compact form of numbers and texts with lengths. The reader treats
 * them as hostile.
 */
#ifndef MAIL_EMAIL_WIRE_H
#define MAIL_EMAIL_WIRE_H

#include "mail/mail_email.h"
#include "mail/message_wire.h"

/* EMAIL_ENTRIES: an email. The message's emailid is always set, its uid 0; flags are those of all places,
 * modseq the highest of them, savedate the earliest. */
struct email_entry {
	size_t mailbox_count;
	uint32_t mailboxes[EMAIL_PLACES_MAX]; /* ascending, each once */
	struct mail_message message;
};

/* As mail_message_put and mail_message_get. */
bool email_entry_put(struct buf *out, uint64_t want, const struct email_entry *e);
bool email_entry_get(struct cursor *in, uint64_t want, struct email_entry *e);

/* EMAIL_ROWS: a place of an email. */
struct email_row {
	uint64_t id, thread;
	uint32_t mailbox;
	uint64_t flags;             /* FLAG_*; FLAG_MORE: more_keywords; FLAG_HAS_ATTACHMENT */
	struct view more_keywords;  /* numbers, 2 octets each */
	uint64_t size;              /* octets as they are sent */
	int64_t received;           /* internaldate, seconds since 1970 */
	int64_t snoozed;            /* until when it is put off here, or when it came back here; 0: neither */
	struct message_order order; /* unknown: EMAIL_GET with MAIL_WANT_ORDER tells it */
};

bool email_row_put(struct buf *out, const struct email_row *row); /* the result as above */
bool email_row_get(struct cursor *in, struct email_row *row);

/* EMAIL_SET: what to do with an email. */
enum {
	EMAIL_CHANGE_DESTROY = 1 << 0, /* nothing else then */
	/* What is added is all that it has then. */
	EMAIL_CHANGE_ALL_FLAGS = 1 << 1, /* flags and keywords */
	EMAIL_CHANGE_ALL_MAILBOXES = 1 << 2,
	/*
	 * `snooze` says until when it is put off. Unless its mailboxes are changed as well, so that they have
	 * Snoozed among them (else EDOM), it goes from the mailbox that it will come back to into Snoozed,
	 * which is made if there is none.
	 */
	EMAIL_CHANGE_SNOOZE = 1 << 3,
	/* It is put off no longer. Unless its mailboxes are changed as well it goes back to where it was to
	 * go. */
	EMAIL_CHANGE_UNSNOOZE = 1 << 4,
	/* Store's own: its time has come. `snooze` is the place where it lies, mailbox and UID, 4 octets
	 * each, and the time, 8 octets. */
	EMAIL_CHANGE_WAKE = 1 << 5,
	/* It was destroyed, and comes back into these mailboxes, or INBOX, as an email of another id.
	 * `snooze` is until when that can be, 8 octets. ENOENT: it cannot. Nothing else then. */
	EMAIL_CHANGE_RESTORE = 1 << 6
};
struct email_change {
	uint64_t id, what;
	uint64_t add_flags, remove_flags;            /* of FLAGS_SYSTEM */
	struct view add_keywords, remove_keywords;   /* names with one space between them */
	struct view add_mailboxes, remove_mailboxes; /* numbers, 4 octets each */
	struct view snooze;                          /* mail/snooze.h */
};

bool email_change_put(struct buf *out, const struct email_change *c);
bool email_change_get(struct cursor *in, struct email_change *c);

#endif
