/*
 * What a session does with the messages of an account's mailboxes: list them, learn what has changed,
 * change flags, copy and move. Used as account.h is: on the store's own event loop thread, requests are the
 * caller's and stay put until `done`, arrays too.
 *
 * A request for many messages goes in slices, so that nobody waits for it. Each slice is a step of its own,
 * with a modseq of its own; within a slice all or nothing happens. Common errors: -ENOENT: no such account
 * or mailbox; the store's.
 */
#ifndef ACCOUNT_MESSAGES_H
#define ACCOUNT_MESSAGES_H

#include "account/account.h"

/*
 * A mailbox as a session opens it: its counts, and which UIDs there are from `from` on, as ascending ranges
 * that don't touch. All that one call gives is of one moment. Neither messages nor flags are read: of a
 * mailbox from which nothing was ever removed, one entry tells all.
 */
enum { ACCOUNT_UIDS_RANGES_MAX = 65536 };

struct account_uids {
	uint64_t shard;
	uint32_t mailbox, from;
	uint64_t user;    /* whose \Seen counts; 0: the owner's */
	bool take_recent; /* whoever asks is told of the recent messages, and no later one */
	void (*done)(struct account_uids *u, int result);
	void *arg;

	/* Results, valid until account_uids_free when the result is 0. */
	struct uid_range *ranges;
	size_t count;
	uint32_t next; /* with many ranges, or gaps of millions: go on from here; 0: that is all */
	uint32_t uidnext, uidvalidity, messages, unseen, deleted;
	uint32_t recent; /* the first UID that is \Recent */
	uint64_t bytes;
	uint64_t modseq;          /* of its messages: HIGHESTMODSEQ */
	uint64_t keywords_modseq; /* of the account's names of keywords */

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	struct store_commit commit;
	size_t room;
	uint32_t chunk, taken;
};

void account_uids(struct accounts *a, struct account_uids *u);
void account_uids_free(struct account_uids *u);

/*
 * A list: messages with UIDs from `first` to `last`, ascending, as many as there is room for, at most
 * ACCOUNT_LIST_MAX, or ACCOUNT_LIST_FLAGS_MAX of their flags only. All that one call gives is of one moment.
 */
enum { ACCOUNT_LIST_MAX = 512, ACCOUNT_LIST_FLAGS_MAX = 8192 };

struct account_listed {
	uint32_t uid;
	uint64_t emailid, thread, flags, modseq, size, text_growth;
	int64_t internaldate, savedate;
};

/* What sorts and threads are made of. */
struct account_listed_order {
	struct message_order order; /* unknown: look at the summary */
	size_t hash_count;          /* of its own Message-ID (0: none), and of those it refers to */
	uint64_t hashes[ACCOUNT_HASHES_MAX];
};

struct account_list {
	uint64_t shard;
	uint32_t mailbox, first, last;
	uint64_t user;   /* whose \Seen is listed; 0: the owner's */
	bool flags_only; /* of each message only uid and flags, without FLAGS_FIXED, are set: costs a
	                    twentieth */
	struct account_listed *messages;     /* room for `room` */
	struct account_listed_order *orders; /* the same, beside the messages; NULL: not wanted, and not with
	                                        flags_only */
	size_t room;
	void (*done)(struct account_list *l, int result);
	void *arg;

	/* Results. */
	size_t count;
	bool more; /* go on with first = next; there may be more also when count is 0 */
	uint32_t next;
	uint64_t modseq; /* of the mailbox's messages: HIGHESTMODSEQ (RFC 7162 section 3.1.2.1) */
	uint32_t uidnext, uidvalidity, total;

	/* Internal. */
	struct store_read read;
};

void account_list(struct accounts *a, struct account_list *l);

/*
 * What has changed in a mailbox since a modseq: blocks of 64 UIDs, ascending, with a bit for each message
 * whose flags changed or that is gone; and the UID from which on messages have arrived. -ESTALE: the log
 * doesn't reach back so far: compare everything. A message that came and went meanwhile shows among those
 * gone.
 */
struct account_changed_block {
	uint32_t block;
	uint64_t changed, gone;
};

struct account_changes {
	uint64_t shard;
	uint32_t mailbox;
	uint64_t since;
	void (*done)(struct account_changes *c, int result);
	void *arg;

	/* Results, valid until account_changes_free when the result is 0. */
	struct account_changed_block *blocks;
	size_t count;
	uint32_t arrived; /* the first UID that is new; UINT32_MAX: none */
	uint64_t modseq;  /* up to which this is all */

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	size_t room, slice_count, slice_log;
	struct account_key from, slice_from;
	uint32_t before; /* UIDs from here on are known to be new */
	bool more, log_read;
};

void account_changes(struct accounts *a, struct account_changes *c);
void account_changes_free(struct account_changes *c);

/*
 * Makes a body durable before anything names it: an upload of a composer, a part of a message to be put
 * together. Until it expires, account_delivery.blob may name it, and so may other entries from then on.
 * -EDQUOT: ACCOUNT_KEPT_MAX bodies wait already, or more bytes than the account's quota (the given one, for
 * an account without its own).
 */
struct account_keep {
	uint64_t shard;
	struct store_upload *upload; /* the store's from the call on */
	int64_t seconds;             /* from now on */
	int64_t step;                /* above 1: it expires later, at a multiple of so many seconds */
	uint64_t quota_default;
	void (*done)(struct account_keep *k, int result);
	void *arg;

	/* Results. */
	uint64_t id;
	struct blob_id blob;
	int64_t expires;
	uint64_t size;

	/* Internal. */
	struct store_commit commit;
	struct store_read read;
	int64_t now;
};

void account_keep(struct accounts *a, struct account_keep *k);

/* A kept body by its id and expiry, as account_keep gave them; -ENOENT when it has expired. What names it
 * must follow within ACCOUNT_KEPT_GRACE_SECONDS. `upload` is not looked at. */
void account_kept(struct accounts *a, struct account_keep *k);

/*
 * Flags and keywords of messages, ascending UIDs; those that are not there are passed over, and those that
 * have the flags already are not changed. -EMLINK: the account would have too many keywords; -EINVAL: a bad
 * keyword, or too many at once.
 */
enum account_flags_how { FLAGS_ADD, FLAGS_REMOVE, FLAGS_REPLACE };

enum { ACCOUNT_FLAGS_KEYWORDS_MAX = 100 }; /* named in one request */

struct account_flags {
	uint64_t shard;
	uint32_t mailbox;
	uint64_t user; /* 0: the owner. Of others \Seen is their own; all other flags are everybody's */
	const uint32_t *uids;
	size_t uid_count;
	enum account_flags_how how;
	uint64_t flags; /* of FLAGS_SYSTEM */
	uint64_t kept;  /* these stay as they are; FLAG_KEYWORD: all keywords */
	const struct view *keywords;
	size_t keyword_count;
	uint64_t unchanged_since; /* messages with a higher modseq are left alone (RFC 7162 section 3.1.3);
	                             UINT64_MAX: none */
	uint32_t *failed;         /* these, with room for all; NULL: the caller needn't know */
	uint32_t *done_uids;      /* the messages that were changed, `changed` of them; the same */
	uint64_t *differences; /* beside done_uids: the flags of each that are not as before, without keywords
	                          that have no bit; NULL: the caller needn't know */
	void (*done)(struct account_flags *f, int result);
	void *arg;

	/* Results, also of what was done before an error. */
	size_t changed, failed_count;
	size_t refused;  /* that have as many keywords as a message may have, and got no more */
	uint64_t modseq; /* of the last change; 0: none */

	/* Internal. */
	struct accounts *accounts;
	struct store_commit commit;
	int64_t now;
	size_t next, slice_next;
	struct {
		size_t changed, failed, refused;
		uint64_t modseq;
	} slice;
};

void account_flags(struct accounts *a, struct account_flags *f);

/*
 * Copies or moves messages of a mailbox into another one (or the same): ascending UIDs, of which those that
 * are not there are passed over. Flags, keywords and annotations go with them. Each message is moved or not;
 * a copy is done whole or, whatever happens, not at all: if a crash comes between, account_begin_use takes
 * back what there is of it. -ENOENT: also no such target; -EMLINK: a message has ACCOUNT_PLACES_MAX places
 * already; -EOVERFLOW: the target's UIDs are used up; -E2BIG: more than 200,000 UIDs; -ETOOMANYREFS, -EDQUOT:
 * the account has no room for the annotations of the copies.
 */
struct account_copy {
	uint64_t shard;
	uint32_t mailbox, to;
	uint64_t user;          /* whose annotations go along; 0: nobody's */
	bool without_shared;    /* those that are shared do not */
	uint64_t quota_default; /* annotations count for the quota, as its own where the account has none */
	bool move;
	uint64_t denied; /* of FLAGS_SYSTEM: they don't go with them; FLAG_KEYWORD: no keyword does */
	const uint32_t *uids;
	size_t uid_count;
	uint32_t *copied, *new_uids; /* results, each with room for all: which were there, and what they are
	                                in the target */
	void (*done)(struct account_copy *c, int result);
	void *arg;

	/* Results: of a move also what was done before an error; of a copy that failed nothing. */
	size_t count;
	uint64_t modseq;      /* of the last one; 0: none */
	uint32_t uidvalidity; /* the target's */

	/* Internal. */
	struct accounts *accounts;
	struct store_commit commit;
	struct account_request undo;
	int64_t now;
	size_t next, slice_next, slice_count;
	uint64_t slice_modseq, intent;
	uint32_t part;
	int failure;
};

void account_copy(struct accounts *a, struct account_copy *c);

#endif
