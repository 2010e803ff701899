/* What was deleted of an account and can be brought back, from outside: emails (U) and mailboxes (C 'R'). */
#ifndef ACCOUNT_HISTORY_H
#define ACCOUNT_HISTORY_H

#include "account/account.h"
#include "base/arena.h"

enum { ACCOUNT_HISTORY_MAX = 200 /* emails of one call: half of what a read looks at */ };

/* By this a deleted email is named: its number, and when it is erased. */
struct account_history_id {
	uint64_t emailid;
	int64_t expiry;
};

struct account_history_entry {
	struct account_history_id id;
	uint32_t mailbox;
	uint64_t flags, size;
	int64_t deleted, received; /* received: internaldate */
	struct view summary;       /* with `summaries`; empty: it stands behind the body */
};

/* In the order in which they are erased, or of `ids`. A damaged entry is passed over. */
struct account_history {
	uint64_t shard;
	const struct account_history_id *ids; /* NULL: all; else these, whose memory lasts until `done` */
	size_t id_count;                      /* of them at most ACCOUNT_HISTORY_MAX are looked at */
	struct account_key from;              /* of all: empty at first; then `next` of the call before */
	bool summaries;
	void (*done)(struct account_history *h, int result);
	void *arg;

	/* Results, valid until account_history_free, which must follow. */
	struct account_history_entry *entries;
	size_t count;
	bool more;
	struct account_key next;

	/* Internal. */
	struct store_read read;
	struct arena texts;
};
void account_history(struct accounts *a, struct account_history *h);
void account_history_free(struct account_history *h);

/* Mailboxes that were removed; those whose time is over are passed over. */
struct account_history_mailbox {
	uint32_t mailbox;
	uint8_t role;
	int64_t until;
	struct view path;
};
struct account_history_mailboxes {
	uint64_t shard;
	int64_t now;
	void (*done)(struct account_history_mailboxes *h, int result);

	/* As above: account_history_mailboxes_free must follow. */
	struct account_history_mailbox *entries;
	size_t count;

	/* Internal. */
	size_t room;
	struct store_read read;
	struct arena texts;
};
void account_history_mailboxes(struct accounts *a, struct account_history_mailboxes *h);
void account_history_mailboxes_free(struct account_history_mailboxes *h);

/*
 * Brings emails back, in as many steps as it takes. results, of id_count, are 0 or a negative errno: -ENOENT:
 * it is not there any more; -EDQUOT; -EBADMSG: damaged; -ENXIO: there is no such mailbox; -ECANCELED: an
 * error of the store came before its turn. emailids: their new numbers, 0: it did not come back.
 */
struct account_restore {
	uint64_t shard;
	const struct account_history_id *ids; /* the caller's, until `done` */
	size_t id_count;
	uint32_t mailbox;                /* 0: where each lay */
	uint64_t quota_default;          /* of an account without its own; 0: no limit */
	uint64_t quota_messages_default; /* the same, of messages */
	uint64_t *emailids;
	int *results;
	void (*done)(struct account_restore *r, int result);

	/* Internal. */
	struct accounts *accounts;
	struct store_commit commit;
	int64_t now;
	size_t finished, reached; /* before this transaction; in it */
};
void account_restore(struct accounts *a, struct account_restore *r);

#endif
