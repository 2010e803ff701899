/*
 * The tree of an account's mailboxes. Used as account.h is. A name is one level, 1 to
 * ACCOUNT_MAILBOX_NAME_MAX octets of UTF-8 without control characters and without "/", which protocols put
 * between levels. "INBOX", in any case, is only one mailbox below the root. Common errors: -ENOENT: no such
 * account or mailbox.
 */
#ifndef ACCOUNT_MAILBOXES_H
#define ACCOUNT_MAILBOXES_H

#include "account/account.h"

/* What account_mailbox_set sets, and account_mailbox_create from the beginning. */
enum {
	MAILBOX_SET_ROLE = 1 << 0,
	MAILBOX_SET_SUBSCRIBED = 1 << 1,
	MAILBOX_SET_ORDER = 1 << 2,
	MAILBOX_SET_GRANTS = 1 << 3
};

struct account_mailbox_request {
	uint64_t shard;
	uint32_t mailbox; /* create: result */
	uint32_t parent;  /* create, rename; MAILBOX_ROOT: none */
	struct view name; /* create, rename */
	unsigned set;     /* MAILBOX_SET_*: which of these */
	uint8_t role;     /* enum mailbox_role */
	bool subscribed;
	uint32_t order;
	const struct account_grant *grants;
	size_t grant_count;
	void (*done)(struct account_mailbox_request *r, int result);
	void *arg;

	/* Results. */
	uint64_t modseq;
	uint32_t uidvalidity; /* create */

	/* Internal. */
	struct accounts *accounts;
	struct store_commit commit;
	struct account_request repair;
	int64_t now;
	uint64_t intent;
};

/*
 * -EEXIST: the name is taken; -EINVAL: no such name or role; -EMLINK: ACCOUNT_MAILBOXES_MAX,
 * ACCOUNT_DEPTH_MAX or ACCOUNT_GRANTS_MAX is reached.
 */
void account_mailbox_create(struct accounts *a, struct account_mailbox_request *r);

/* Another name, or another parent: what is below goes with it. -EPERM: INBOX; -ELOOP: below itself. */
void account_mailbox_rename(struct accounts *a, struct account_mailbox_request *r);

void account_mailbox_set(struct accounts *a, struct account_mailbox_request *r);

/*
 * Removes the mailbox and its messages, all or none; they can be brought back, into INBOX. -EPERM: INBOX;
 * -ENOTEMPTY: there are mailboxes below it.
 */
void account_mailbox_remove(struct accounts *a, struct account_mailbox_request *r);

#endif
