/*
 * The tree of an account's mailboxes. Used as account.h is. A name is one level, 1 to
 * ACCOUNT_MAILBOX_NAME_MAX octets of UTF-8 without control characters; a path has "/" between the names of
 * its levels. Names are kept in NFC, so that those that differ only in their form are the same. "INBOX", in
 * any case, is only one mailbox below the root. Common errors: -ENOENT: no such account or mailbox.
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

struct account_who;

struct account_mailbox_request {
	uint64_t shard;
	uint32_t mailbox; /* create: result */
	struct view
	    path; /* create, rename: parents that are missing are made as well; set, when mailbox is 0 */
	uint32_t parent; /* the same when path is empty; MAILBOX_ROOT: none */
	struct view name;
	unsigned set; /* MAILBOX_SET_*: which of these */
	uint8_t role; /* enum mailbox_role */
	bool subscribed;
	uint32_t order;
	const struct account_grant *grants;
	size_t grant_count;
	bool only_empty; /* remove: -EBUSY while there are messages in it that are not marked as \Deleted */
	const struct account_who *who; /* create, rename: who asks; NULL: the owner. Others need RIGHT_CREATE
	                                  to the nearest mailbox above the path, or: -EACCES */
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

/* ---- the list ---- */

/* Who looks at an account's mailboxes: a user, by the account's number, and the groups that it is in. */
struct account_who {
	uint64_t user;
	const uint64_t *groups;
	size_t group_count;
};

struct account_tree_mailbox {
	uint32_t number, parent; /* number 0: a subscription to a path without a mailbox */
	struct view path;
	uint64_t changed; /* the modseq of its last change, of itself, its path or its messages */
	uint32_t rights;  /* of whoever looks */
	uint32_t uidvalidity, uidnext, recent, messages, unseen, deleted, order;
	uint64_t bytes, deleted_bytes, modseq, messages_modseq;
	uint8_t role;
	bool subscribed, shared; /* shared: somebody else has rights to it */
};

/*
 * All mailboxes, sorted by path, those below one right behind it; or one alone. They are of one moment unless
 * there are more than a thousand. `unseen` is the owner's, or, of one alone, that of whoever looks.
 */
struct account_tree {
	uint64_t shard;
	uint32_t only;                 /* this mailbox alone; 0: all */
	const struct account_who *who; /* NULL: the owner. Others see only those for which they have
	                                  RIGHT_LOOKUP, and no subscriptions */
	void (*done)(struct account_tree *t, int result);
	void *arg;

	/* Results, valid until account_tree_free when the result is 0. */
	struct account_tree_mailbox *mailboxes;
	size_t count;
	uint64_t modseq, mailboxes_modseq; /* of the account; the highest `changed` of any mailbox */

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	struct account_key from, slice_from;
	size_t room, seen, slice_count, slice_text;
	struct buf *texts; /* names, then paths */
	bool more;
	unsigned phase;
};

void account_tree(struct accounts *a, struct account_tree *t);
void account_tree_free(struct account_tree *t);

/* Looks at one mailbox: -ENOENT, also for a mailbox of an account that is gone. */
struct account_access {
	uint64_t shard;
	uint32_t mailbox;
	const struct account_who *who;
	void (*done)(struct account_access *x, int result);
	void *arg;

	uint32_t rights; /* result */

	/* Internal. */
	struct store_read read;
};

void account_access(struct accounts *a, struct account_access *x);

/* What somebody else may do with a mailbox (RFC 4314 section 5.2): what grants to the user, its groups and
 * anyone give, without what negative ones take away. who NULL: the owner, who may do everything. */
uint32_t account_rights(const struct account_mailbox *m, const struct account_who *who);

/*
 * The new mailbox has its parent's grants (RFC 4314 section 5.1.1 leaves that to us), and is subscribed if
 * its name was. -EEXIST: the name is taken (by the mailbox that `mailbox` then names); -EINVAL: no such name
 * or role, or another mailbox has the role; -EMLINK: ACCOUNT_MAILBOXES_MAX, ACCOUNT_DEPTH_MAX or
 * ACCOUNT_GRANTS_MAX is reached.
 */
void account_mailbox_create(struct accounts *a, struct account_mailbox_request *r);

/* Another name, or another parent: what is below goes with it, and so does its subscription. -EPERM: INBOX;
 * -ELOOP: below itself. */
void account_mailbox_rename(struct accounts *a, struct account_mailbox_request *r);

/*
 * A path that has no mailbox can be subscribed, and nothing else (RFC 9051 section 6.3.7): -EINVAL: it is too
 * long for that (ACCOUNT_PATH_KEPT_MAX); -EMLINK: ACCOUNT_SUBSCRIPTIONS_MAX. A role that another mailbox has:
 * -EINVAL.
 */
void account_mailbox_set(struct accounts *a, struct account_mailbox_request *r);

/*
 * Removes the mailbox and its messages, all or none; they can be brought back, into a mailbox of its path, or
 * into INBOX when that cannot be made. Its name stays subscribed. -EPERM: INBOX; -ENOTEMPTY: there are
 * mailboxes below it.
 */
void account_mailbox_remove(struct accounts *a, struct account_mailbox_request *r);

#endif
