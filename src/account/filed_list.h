/* What rules did with an account's mail, email by email: struct account_filed of filed.h, from outside. */
#ifndef ACCOUNT_FILED_LIST_H
#define ACCOUNT_FILED_LIST_H

#include "account/filed.h"
#include "base/arena.h"

enum { ACCOUNT_FILED_LIST_MAX = 64 /* of one call: some 200 KB of memory */ };

struct account_filed_entry {
	uint64_t emailid;
	struct account_filed filed;
};

/* In the order of emailids, which is that of arrival, or of `ids`. A damaged entry is passed over: mail does
 * not hang on it. */
struct account_filed_list {
	uint64_t shard, from; /* emails from this id on; */
	uint64_t to;          /* up to this one, which counts */
	/* Not NULL: these instead, at most ACCOUNT_FILED_LIST_MAX, whose memory lasts until `done`. */
	const uint64_t *ids;
	size_t id_count;
	void (*done)(struct account_filed_list *l, int result);
	void *arg;

	/* Results, valid until account_filed_list_free, which must follow. */
	struct account_filed_entry *entries;
	size_t count;
	bool more; /* go on with from = next */
	uint64_t next;

	/* Internal. */
	struct store_read read;
	struct arena texts;
};
/*
 * Keeps what is about to be done with an email, in place of what was kept before. -ENOENT: there is no such
 * account or email.
 */
struct account_filed_note {
	uint64_t shard, emailid;
	const struct account_place *places;
	size_t place_count; /* at most ACCOUNT_TARGET_PLACES_MAX */
	struct account_filed_reason reason;
	void (*done)(struct account_filed_note *n, int result);
	void *arg;

	/* Internal. */
	struct store_commit commit;
	int64_t now;
	struct buf reasons;
};
void account_filed_note(struct accounts *a, struct account_filed_note *n);

void account_filed_list(struct accounts *a, struct account_filed_list *l);
void account_filed_list_free(struct account_filed_list *l);

#endif
