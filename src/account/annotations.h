/*
 * Annotations of messages (RFC 5257): named values of a message in a mailbox, everybody's who may read it or
 * one user's own. They go with the message when it is copied or moved, and end with it.
 * Used as account.h is.
 */
#ifndef ACCOUNT_ANNOTATIONS_H
#define ACCOUNT_ANNOTATIONS_H

#include "account/account.h"
#include "mail/mail.h"

enum {
	ACCOUNT_ANNOTATIONS_MAX = 100000, /* of one account: each takes an entry of the index */
	ACCOUNT_ANNOTATIONS_READ = 1024   /* entries that one read looks at */
};

/* One value, set or removed. Its name is at most MAIL_ANNOTATION_NAME_MAX octets, in lower case. */
struct account_annotation {
	bool shared, none;
	struct view name, value;
};

/*
 * Sets values of messages, ascending UIDs; those that are not there are passed over. Each message gets all of
 * them or none. Values count for the quota. What was done before an error stays. -EMSGSIZE; -EMLINK: a
 * message would have more than MAIL_ANNOTATIONS_OF_MESSAGE, whoever they are, or the account
 * ACCOUNT_ANNOTATIONS_MAX; -EDQUOT.
 */
struct account_annotate {
	uint64_t shard;
	uint32_t mailbox;
	uint64_t user; /* whose, of those that are not shared */
	const uint32_t *uids;
	size_t uid_count;
	const struct account_annotation *entries;
	size_t entry_count;
	uint64_t unchanged_since; /* messages with a higher modseq are left alone; UINT64_MAX: none */
	uint64_t quota_default;
	uint32_t *failed;    /* these, with room for all */
	uint32_t *done_uids; /* the messages that got them, `changed` of them; the same */
	void (*done)(struct account_annotate *a, int result);
	void *arg;

	/* Results, also of what was done before an error. */
	size_t changed, failed_count;
	uint64_t modseq; /* of the last change; 0: none */

	/* Internal. */
	struct accounts *accounts;
	struct store_commit commit;
	int64_t now;
	size_t next, slice_next, slice_changed, slice_failed;
	uint64_t slice_modseq;
};

void account_annotate(struct accounts *accounts, struct account_annotate *a);

/* The annotations that a user sees, of messages from `first` to `last`, ascending. */
struct account_annotated {
	uint32_t uid;
	bool shared;
	struct view name, value;
};

struct account_annotations {
	uint64_t shard;
	uint32_t mailbox, first, last;
	uint64_t user;
	void (*done)(struct account_annotations *a, int result);
	void *arg;

	/* Results, valid until account_annotations_free when the result is 0. */
	struct account_annotated *items;
	size_t count;
	uint32_t next; /* go on from this UID; 0: that is all */

	/* Internal. */
	struct store_read read;
	struct buf *texts;
	uint32_t at; /* the message under way */
	size_t seen; /* entries */
};

void account_annotations(struct accounts *accounts, struct account_annotations *a);
void account_annotations_free(struct account_annotations *a);

#endif
