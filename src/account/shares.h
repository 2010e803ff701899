/*
 * Sharing. Whoever owns a mailbox gives rights to it (RFC 4314); those who get some have a share in their own
 * account, which says that they were invited, and whether they have accepted. A share gives no right: that is
 * the grant's, and a share without one is shown to nobody. Used as account.h is.
 */
#ifndef ACCOUNT_SHARES_H
#define ACCOUNT_SHARES_H

#include "account/account.h"

/*
 * Gives these rights in place of those that were given to the same user, group or anyone before (of the same
 * sign); 0 takes them away. A user who gets RIGHT_LOOKUP by it is invited, in the same step: -ENXIO: there is
 * no such user. -ENOENT: no such mailbox; -EMLINK: ACCOUNT_GRANTS_MAX.
 */
struct account_granting {
	uint64_t shard;
	uint32_t mailbox;
	struct account_grant grant;
	struct view address; /* the owner's, for the invitation */
	void (*done)(struct account_granting *g, int result);
	void *arg;

	/* Results. */
	bool invited; /* a user who knew nothing of the mailbox before */

	/* Internal. */
	struct store_commit commit;
	int64_t now;
};

void account_grant(struct accounts *a, struct account_granting *g);

/* A mailbox's grants. */
struct account_grants {
	uint64_t shard;
	uint32_t mailbox;
	void (*done)(struct account_grants *g, int result);
	void *arg;

	/* Results. */
	size_t count;
	struct account_grant grants[ACCOUNT_GRANTS_MAX];

	/* Internal. */
	struct store_read read;
};

void account_grants(struct accounts *a, struct account_grants *g);

/* The shares of an account: all of one moment, by owner and mailbox. */
struct account_shares {
	uint64_t shard;
	void (*done)(struct account_shares *s, int result);
	void *arg;

	/* Results, valid until account_shares_free when the result is 0. */
	struct account_share *shares;
	size_t count;

	/* Internal. */
	struct store_read read;
	struct buf *texts;
};

void account_shares(struct accounts *a, struct account_shares *s);
void account_shares_free(struct account_shares *s);

/* Sets a share's state or subscription; with a state makes it, when there is none (with the owner's address;
 * -EMLINK: ACCOUNT_SHARES_MAX); a subscription alone: -ENOENT then. */
enum { SHARE_SET_STATE = 1 << 0, SHARE_SET_SUBSCRIBED = 1 << 1 };

struct account_sharing {
	uint64_t shard;
	unsigned set;
	struct account_share share;
	void (*done)(struct account_sharing *s, int result);
	void *arg;

	/* Internal. */
	struct store_commit commit;
	int64_t now;
};

void account_share_set(struct accounts *a, struct account_sharing *s);

#endif
