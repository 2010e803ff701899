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

/* A user or group whose rights are others. */
struct account_grant_told {
	uint64_t who;
	uint32_t old_rights, new_rights;
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
	struct account_grant_told
	    groups[2 * ACCOUNT_GRANTS_MAX]; /* whose rights are others: account_tell_people */
	size_t group_count;

	/* Internal. */
	struct store_commit commit;
	int64_t now;
};

void account_grant(struct accounts *a, struct account_granting *g);

/*
 * Invites people and tells them of other rights to a mailbox, as account_grant does with users to whom they
 * are given: for the members of a group, which the directory knows. The owner, and accounts that are gone,
 * are passed over. -ENOENT: the mailbox is gone.
 */
enum { ACCOUNT_TELLING_MAX = ACCOUNT_GRANTS_MAX /* of one commit */ };

struct account_telling {
	uint64_t shard;
	uint32_t mailbox;
	struct view address; /* as in struct account_granting */
	uint64_t by;
	struct view by_address;
	uint32_t old_rights, new_rights;
	const uint64_t *people;
	size_t count; /* at most ACCOUNT_TELLING_MAX */
	void (*done)(struct account_telling *x, int result);
	void *arg;

	/* Results. */
	uint64_t invited[ACCOUNT_TELLING_MAX];
	size_t invited_count;

	/* Internal. */
	struct store_commit commit;
	int64_t now;
};

void account_tell_people(struct accounts *a, struct account_telling *x);

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
