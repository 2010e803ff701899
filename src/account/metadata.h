/*
 * Metadata of an account and of its mailboxes (RFC 5464): named values. Those whose name begins with
 * "/private/" are a user's own, all others everybody's who may see the mailbox. Used as account.h is.
 */
#ifndef ACCOUNT_METADATA_H
#define ACCOUNT_METADATA_H

#include "account/account.h"

enum {
	ACCOUNT_METADATA_NAME_MAX = 190,        /* octets: a key holds it */
	ACCOUNT_METADATA_INLINE_MAX = 1700,     /* of a value: an entry holds it; others are blobs */
	ACCOUNT_METADATA_VALUE_MAX = 64 * 1024, /* RFC 5464 section 4.3 lets us say so */
	ACCOUNT_METADATA_MAX = 1000,            /* of one account, mailboxes and all */
	ACCOUNT_METADATA_LISTED = 200           /* of one answer: as many as a mailbox has with one prefix */
};

/*
 * Sets a value, or removes it. Values count for the quota. -EMSGSIZE: name or value is too long; -EMLINK:
 * ACCOUNT_METADATA_MAX; -EDQUOT; -ENOENT: no such mailbox.
 */
struct account_metadata_set {
	uint64_t shard;
	uint32_t mailbox;        /* 0: the account's own */
	uint64_t user;           /* whose, of private ones */
	struct view name, value; /* the caller's until done; name in lower case */
	bool none;
	uint64_t quota_default;
	void (*done)(struct account_metadata_set *m, int result);
	void *arg;

	/* Internal. */
	struct store_commit commit;
	int64_t now;
};

void account_metadata_set(struct accounts *a, struct account_metadata_set *m);

/* The value of a name and of those up to `depth` levels below it, in order of their names. */
struct account_metadata_value {
	struct view name, value;
	struct blob_id blob; /* internal, as the next */
	size_t blob_len;
};

struct account_metadata {
	uint64_t shard;
	uint32_t mailbox;
	uint64_t user;
	struct view name; /* the caller's until done */
	unsigned depth;   /* 0, 1; more: all */
	void (*done)(struct account_metadata *m, int result);
	void *arg;

	/* Results, valid until account_metadata_free when the result is 0. */
	struct account_metadata_value *values;
	size_t count;

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	struct store_blob_read blobs;
	struct store_blob_part *parts;
	char *bytes;
	struct buf *texts;
};

void account_metadata(struct accounts *a, struct account_metadata *m);

/* Whether the account, or any of its mailboxes, has a shared value of this name. */
struct account_metadata_any {
	uint64_t shard;
	struct view name; /* the caller's until done; not "/private/..." */
	void (*done)(struct account_metadata_any *m, int result);
	void *arg;

	bool found; /* result */

	struct store_read read; /* internal */
};

void account_metadata_any(struct accounts *a, struct account_metadata_any *m);

void account_metadata_free(struct account_metadata *m);

#endif
