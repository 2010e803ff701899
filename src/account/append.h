/*
 * New messages of a session: all of them or none (RFC 3502), perhaps in the place of another message of the
 * account (RFC 8508). Used as account.h is.
 */
#ifndef ACCOUNT_APPEND_H
#define ACCOUNT_APPEND_H

#include "account/annotations.h"
#include "account/messages.h"

enum { ACCOUNT_APPEND_MAX = 100 };

struct account_append {
	uint64_t shard;
	/* Each with its upload and one target, this account; their `done` is not called. The uploads are the
	 * store's from the call on. */
	struct account_delivery **messages;
	/* Annotations of each message, whose `user` sets them; NULL: none. They count with quota_default. */
	const struct account_annotate **annotations;
	size_t count;     /* 1 to ACCOUNT_APPEND_MAX */
	uint32_t mailbox; /* whose state is given back */
	struct view path; /* the same by its path, of which the number is a result; or empty */
	uint32_t replace_mailbox, replace; /* a message that goes in the same step; 0: none */
	/*
	 * Messages of another account, whose bodies are named by their `blob`, without uploads: one for each
	 * message, and where it is. A move takes them out of their mailbox in the same step. One that is gone
	 * by then: -ESTALE, since its body may be.
	 *
	 * Their annotations go along: what is shared, unless source_without_shared, and what is source_user's
	 * (0: nobody's). When these are too many for one step it takes fewer messages: `count` is then less
	 * than it was, and `more` is set of a copy.
	 */
	uint64_t source_shard;
	const uint64_t *source_emails; /* NULL: they come with uploads */
	uint32_t source_mailbox;
	const uint32_t *source_uids;
	uint64_t source_user;
	bool source_without_shared, move;
	/* More of the same copy follow, or went before. What was added is an intent to remove it until the
	 * last step withdraws that. The caller sets `more`, keeps the others, and ends with
	 * account_append_undo when it cannot go on. */
	bool more;
	uint32_t part;   /* 0 at first: steps so far */
	uint64_t intent; /* of use when part isn't 0 */
	void (*done)(struct account_append *a, int result);
	void *arg;

	/* Results: of the mailbox, behind the new messages, whose UIDs stand in their targets. */
	uint32_t uidvalidity, uidnext;
	uint64_t modseq, source_modseq; /* source_modseq: of a move */

	/* Internal. */
	struct accounts *accounts;
	struct store_commit commit;
	struct account_keep keep;
	size_t kept; /* messages whose body is durable already */
	int64_t now;
	bool bodies_with_commit;
};

/* Steps of one copy: each may add some dozens of messages, and the last one withdraws the intents of all. */
enum { ACCOUNT_APPEND_STEPS_MAX = 900 };

/* How many of the messages, at least one, a step of many takes: what mail is waiting for isn't kept from it.
 */
size_t account_append_fit(const struct account_append *append);

/* Nobody goes on with a copy of several steps: whoever begins to use the account removes what there is. */
void account_append_leave(struct accounts *a, const struct account_append *append);

/*
 * Results are those of account_deliver, and -ENOENT: no such mailbox; -ESTALE: the message to be replaced is
 * gone; -E2BIG: so many messages, or keywords, don't fit one step; -ETOOMANYREFS: the account would have more
 * than ACCOUNT_ANNOTATIONS_MAX.
 */
void account_append(struct accounts *a, struct account_append *append);

#endif
