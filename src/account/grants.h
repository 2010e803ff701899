/*
 * A mailbox's access list (RFC 4314): whoever owns the mailbox, or has RIGHT_ADMIN, gives rights to it. Used
 * as account.h is.
 */
#ifndef ACCOUNT_GRANTS_H
#define ACCOUNT_GRANTS_H

#include "account/account.h"

/* Other rights of one user, group or anyone, of the same sign as its grant: what it has, without `take`, and
 * with `give`. */
struct account_grant_change {
	struct account_grant grant; /* kind, who, negative */
	uint32_t give, take;
	bool visible; /* whoever has any right gets RIGHT_LOOKUP, and whoever has none but that loses it */
};

/*
 * Changes grants, all in one step. A user who gets RIGHT_LOOKUP is invited (shares.h); a user whose rights
 * are others afterwards is told so (share_notes.h). -ENXIO: there is no such user (`failed`); -ENOENT: no
 * such mailbox; -EMLINK: ACCOUNT_GRANTS_MAX.
 */
struct account_granting {
	uint64_t shard;
	uint32_t mailbox;
	struct view address; /* the owner's, for the invitation */
	uint64_t by;         /* the account of whoever does it; 0: an administrator */
	struct view by_address;
	const struct account_grant_change *changes;
	size_t count;
	bool replace; /* users and groups that are not named lose what was given to them */
	void (*done)(struct account_granting *g, int result);
	void *arg;

	/* Results. */
	uint64_t failed;
	uint64_t invited[ACCOUNT_GRANTS_MAX]; /* users who knew nothing of the mailbox before */
	size_t invited_count;

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

#endif
