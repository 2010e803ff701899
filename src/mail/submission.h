/*
 * What an account sends: JMAP's EmailSubmission (RFC 8621 section 7), as questions on the account's channel,
 * as mail/mail.h has them; each ends with MAIL_DONE.
 *
 * A submission is an entry of the account and, while it may still be taken back, a record of the queue for
 * the destination "@submit", both written in one commit. When its time has come relay completes and signs the
 * message, and hands it to store; the commit that takes it removes the record and makes the submission final.
 * So a message is sent once or is still pending, whatever ends in between.
 */
#ifndef MAIL_SUBMISSION_H
#define MAIL_SUBMISSION_H

#include "base/buf.h"
#include "base/cursor.h"

enum submission_type {
	/* Questions. */
	SUBMISSION_CREATE = 1400, /* struct submission_create */
	SUBMISSION_GET,           /* SUBMISSION_ENTRY for each */
	SUBMISSION_CHANGES,       /* SUBMISSION_CHANGED */
	SUBMISSION_CANCEL,        /* struct submission_number */
	SUBMISSION_REMOVE,        /* struct submission_number */
	SUBMISSION_RECEIPT,       /* struct submission_receipt */

	/* Answers. */
	SUBMISSION_ENTRY,
	SUBMISSION_CHANGED,
	SUBMISSION_INVALID,
	SUBMISSION_TYPES_END
};

enum {
	SUBMISSION_RECIPIENTS_MAX = 100, /* of one: what RFC 5321 section 4.5.3.1.8 asks of every server */
	/* Kept in an account; beyond, the oldest that is not pending makes room: the mail itself is in Sent.
	 */
	SUBMISSION_COUNT_MAX = 1000,
	SUBMISSION_ADDRESS_MAX = 320,    /* octets: 64 and 255, and the "@" */
	SUBMISSION_PARAMETERS_MAX = 600, /* octets of an address's parameters, as they were given */
	SUBMISSION_REPLY_MAX = 500,      /* octets of what a host said */
	SUBMISSION_RECIPIENTS_BYTES_MAX = 256 * 1024,          /* octets of a list of recipients */
	SUBMISSION_AUTHORS_MAX = 16 * 1024,                    /* octets of the addresses in From */
	SUBMISSION_NUMBERS_MAX = 2 * SUBMISSION_COUNT_MAX * 8, /* octets of a list of numbers */
	/* Octets of a receipt: one that returns a message of usual size has room, and travels in a frame. */
	SUBMISSION_RECEIPT_MAX = 512 * 1024,
	/* Whom a receipt may go to. Who asks for one names himself, or himself and an assistant. */
	SUBMISSION_RECEIPT_RECIPIENTS_MAX = 5,
};

/* RFC 8621 section 7: undoStatus. */
enum submission_undo {
	SUBMISSION_PENDING,
	SUBMISSION_FINAL,
	SUBMISSION_CANCELED,
	SUBMISSION_UNDO_LAST = SUBMISSION_CANCELED
};

/* And DeliveryStatus's `delivered`. */
enum submission_delivered {
	SUBMISSION_QUEUED,
	SUBMISSION_YES,
	SUBMISSION_NO,
	SUBMISSION_UNKNOWN,
	SUBMISSION_DELIVERED_LAST = SUBMISSION_UNKNOWN
};

/* A recipient, in a list of them. */
struct submission_recipient {
	struct view address;    /* without brackets */
	struct view parameters; /* JSON of its parameters, as they were given; empty: none were */
	struct view orcpt;      /* xtext, or empty */
	uint64_t notify;        /* NOTIFY_* of format/outcome.h */
	uint64_t delivered;     /* enum submission_delivered; in answers */
	struct view reply;      /* "250 2.0.0 ok", likewise; empty: nobody said anything yet */
};

/* The result of buf_append. */
int submission_recipient_put(struct buf *out, const struct submission_recipient *r);
/* False at the end, and when what stands there is broken (cursor_ok tells). Views point into the cursor's
 * bytes. */
bool submission_recipient_get(struct cursor *in, struct submission_recipient *r);

/*
 * Sends an email of the account. Done: number: the submission's; messages: the email's thread; uidnext: when
 * it is sent; modseq: the state. -ENOENT: no such email. -ENXIO: no such identity. -EPERM: `sender` is none
 * of the account's addresses; -EACCES: one of `authors` is none. -EADDRNOTAVAIL: mail for some recipients
 * goes nowhere: SUBMISSION_INVALID says which, before the end. -EMLINK: SUBMISSION_COUNT_MAX, and all are
 * pending; -EUSERS: too many within a minute. -EMSGSIZE: it fits no record of the queue.
 */
struct submission_create {
	uint64_t email, identity;
	uint64_t send_at; /* seconds since 1970; 0: at once; at most the setting hold_max ahead (-EINVAL) */
	uint64_t ret, utf8, requiretls, has_priority;
	int64_t priority;
	struct view sender;     /* MAIL FROM; empty: the null path, as of receipts */
	struct view envid;      /* xtext, or empty */
	struct view parameters; /* JSON of MAIL FROM's, as they were given; empty: none were */
	struct view authors;    /* the addresses in From, a line each */
	struct view recipients; /* of struct submission_recipient */
};

/* Places in the list of recipients, from 0: 8 octets each. */
struct submission_invalid {
	struct view places;
};

/* These (8 octets each), or all: empty. without_recipients: for lists, which need none. Done: modseq: the
 * state. */
struct submission_get {
	uint64_t without_recipients;
	struct view numbers;
};
struct submission_entry {
	uint64_t number, email, thread, identity;
	uint64_t created, modseq; /* of its beginning, and of its last change */
	uint64_t send_at, undo;   /* undo: enum submission_undo */
	struct view sender, parameters, recipients;
	struct view queue; /* by this id queue and trace know the message */
};

/*
 * Numbers, 8 octets each, of those that were made, changed or removed since a state; each in one of the
 * lists. Done: modseq: the state. -ESTALE: it is not known so far back.
 */
struct submission_changes {
	uint64_t since;
};
struct submission_changed {
	struct view created, updated, destroyed;
};

/*
 * Sends a receipt (RFC 8098) for an email of the account, with the null path as its sender. The email gets
 * the keyword $MDNSent (RFC 3503) in the commit that queues the receipt: so one is sent once. No submission
 * is made of it. Done: modseq: the state of emails. -ENOENT: no such email. -EALREADY: it has the keyword.
 * -EACCES: `author` or `reader` is none of the account's addresses. -EADDRNOTAVAIL: mail for a recipient goes
 * nowhere. -EUSERS: too many within an hour.
 */
struct submission_receipt {
	uint64_t email, utf8, eight_bit; /* it needs SMTPUTF8, 8BITMIME */
	struct view author;              /* the address in From */
	struct view reader;              /* for whom the receipt is issued */
	struct view recipients;          /* one a line */
	struct view message;             /* all of it */
};

/* CANCEL: -EBUSY: it is on its way already, or was cancelled. REMOVE: what is pending is sent all the same.
 * -ENOENT. Done: modseq: the state. */
struct submission_number {
	uint64_t number;
};

#endif
