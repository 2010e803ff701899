/*
 * Sharing. Those who get rights to another's mailbox (grants.h) have a share in their own account, which says
 * that they were invited, and whether they have accepted. A share gives no right: that is the grant's, and a
 * share without one is shown to nobody. Used as account.h is.
 */
#ifndef ACCOUNT_SHARES_H
#define ACCOUNT_SHARES_H

#include "account/account.h"

struct account_change;

/* Invitations of one owner's that an account keeps: whoever shares a lot leaves room for others. */
enum { SHARE_INVITATIONS_MAX = 100 };

/*
 * Within a change of the account: it knows of the mailbox afterwards. *invited: it did not before. An account
 * that has ACCOUNT_SHARES_MAX of them, or SHARE_INVITATIONS_MAX of this owner's, has the right all the same,
 * and can ask for it. Where there is no room, shares that lead nowhere any more make some.
 */
int share_invite(struct account_change *c, uint64_t owner, uint32_t mailbox, struct view address,
    bool *invited) __attribute__((warn_unused_result));

/* Within a change of the account, which may not look up the mailbox any more: an invitation goes. What it has
 * accepted or left stays, for when it gets the right again. */
int share_withdraw(struct account_change *c, uint64_t owner, uint32_t mailbox)
    __attribute__((warn_unused_result));

/*
 * Within a change of the account, which has left a group: of its invitations those go that lead nowhere,
 * where `groups` are the groups that it is in.
 */
int shares_withdraw_ungranted(struct account_change *c, const uint64_t *groups, size_t count)
    __attribute__((warn_unused_result));

/* The mailbox goes, and with it the shares of the users who have rights to it; accounts that are gone are
 * passed over. The members of groups lose theirs when they need the room. */
int shares_end(struct txn *t, uint64_t owner, uint32_t mailbox, const struct account_mailbox *m, int64_t now)
    __attribute__((warn_unused_result));

/* Whether some grant may give the user the right to look up the mailbox: its own, a group's, or anyone's. */
bool share_is_granted(const struct account_mailbox *m, uint64_t user);

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
