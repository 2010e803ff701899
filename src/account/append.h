/*
 * New messages of a session: all of them or none (RFC 3502), perhaps in the place of another message of the
 * account (RFC 8508). Used as account.h is.
 */
#ifndef ACCOUNT_APPEND_H
#define ACCOUNT_APPEND_H

#include "account/messages.h"

enum { ACCOUNT_APPEND_MAX = 100 };

struct account_append {
	uint64_t shard;
	/* Each with its upload and one target, this account; their `done` is not called. The uploads are the
	 * store's from the call on. */
	struct account_delivery **messages;
	size_t count;                      /* 1 to ACCOUNT_APPEND_MAX */
	uint32_t mailbox;                  /* whose state is given back */
	uint32_t replace_mailbox, replace; /* a message that goes in the same step; 0: none */
	/* Messages of another account whose bodies are named by their `blob`, without uploads: one for each
	 * message. One that is gone by then: -ESTALE, since its body may be. */
	uint64_t source_shard;
	const uint64_t *source_emails; /* NULL: they come with uploads */
	void (*done)(struct account_append *a, int result);
	void *arg;

	/* Results: of the mailbox, behind the new messages, whose UIDs stand in their targets. */
	uint32_t uidvalidity, uidnext;
	uint64_t modseq;

	/* Internal. */
	struct accounts *accounts;
	struct store_commit commit;
	struct account_keep keep;
	size_t kept; /* messages whose body is durable already */
	int64_t now;
	bool bodies_with_commit;
};

/*
 * Results are those of account_deliver, and -ENOENT: no such mailbox; -ESTALE: the message to be replaced is
 * gone; -E2BIG: so many messages, or keywords, don't fit one step.
 */
void account_append(struct accounts *a, struct account_append *append);

#endif
