/*
 * A message's entry in MAIL_MESSAGES: its UID and what was wanted of it (MAIL_WANT_*), in a compact form of
 * numbers and texts with lengths. Written by store, read by edges; the reader treats it as hostile.
 */
#ifndef MAIL_MESSAGE_WIRE_H
#define MAIL_MESSAGE_WIRE_H

#include "base/buf.h"
#include "base/cursor.h"
#include "format/message_order.h"
#include "mail/mail.h"

struct mail_message {
	uint32_t uid;
	uint64_t flags;            /* FLAG_*; FLAG_MORE: more_keywords */
	struct view more_keywords; /* numbers, 2 octets each */
	uint64_t modseq, size;
	int64_t internaldate, savedate; /* seconds since 1970 */
	uint64_t emailid, thread;
	uint64_t prefix_len; /* octets of the prefix; comes with PREFIX and STRUCTURE, whose offsets count
	                        from behind it */
	uint64_t body_error; /* errno: header, body, structure or summary could not be read; they are empty
	                        then. Comes with any of them */
	struct view summary, structure, header, body, uidl;
	struct view sender; /* empty: it was not checked */
	uint64_t contact;   /* enum mail_contact */
	/* Addresses of others, for which the sender's address or name may be taken. */
	struct view looks_like, name_of;
	struct view references;     /* hashes, 8 octets each: its own (0: none) first */
	struct message_order order; /* unknown: the header could not be read */
	struct view snooze;         /* mail/snooze.h; empty: it is not put off, and has not come back */
	bool awake;                 /* it has come back; snooze.until says when */
	bool has_body;              /* body is the whole message */
};

/* False when the buffer has no room or memory for the entry; it is then as it was, without the mark of a
 * failure. */
bool mail_message_put(struct buf *out, uint64_t want, const struct mail_message *m);

/* False at the end, and when the entry is broken (cursor_ok tells). Views point into the cursor's bytes. What
 * was not wanted is 0 or empty. */
bool mail_message_get(struct cursor *in, uint64_t want, struct mail_message *m);

#endif
