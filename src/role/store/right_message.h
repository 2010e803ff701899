/* What is known of a message, put together for MAIL_MESSAGES and EMAIL_ENTRIES: what stands in the index, and
 * what is read with its body. */
#ifndef ROLE_STORE_RIGHT_MESSAGE_H
#define ROLE_STORE_RIGHT_MESSAGE_H

#include "account/messages.h"
#include "base/buf.h"
#include "mail/message_wire.h"

enum {
	MESSAGE_FRAME_BYTES = 128 * 1024,  /* entries that go together; one more may come on top */
	MESSAGE_ENTRIES_BYTES = 960 * 1024 /* of a frame at most: process/messages_mailbox.c */
};

struct right_message {
	uint64_t want, body_max;
	bool own; /* it is the session's own account: MAIL_WANT_CONTACT is told */
	struct buf texts;
	size_t keywords;                         /* octets of texts that are the keywords without a bit */
	char references[8 * ACCOUNT_HASHES_MAX]; /* of the message that is answered */
};

void right_message_init(struct right_message *r, uint64_t want, uint64_t body_max);
void right_message_done(struct right_message *r);

/* Begins a message, whose flags are set, FLAG_MORE if `more` isn't NULL and empty. What is put into it lives
 * until the next one begins. */
void right_message_begin(struct right_message *r, const struct account_more *more, struct mail_message *m);
void right_message_order(struct right_message *r, const struct message_order *order, const uint64_t *hashes,
    size_t hash_count, struct mail_message *m);

/* What stands with the email, behind one more read, or why it can't be had: everything but -ENOENT. Flags and
 * size are set. */
void right_message_email(struct right_message *r, const struct account_fetched *e, struct mail_message *m);

/* Leaves out what made an entry too large: whoever wants that reads the message. */
void right_message_shorten(struct mail_message *m);

/* Whether something is wanted that stands with the email. */
bool right_message_needs_email(uint64_t want);

/* The fetch that brings it, of these emails. */
struct account_fetch right_message_fetch(
    const struct right_message *r, uint64_t shard, const uint64_t *emails, size_t count);

#endif
