/*
 * What the search keeps of an account: its segments (search/segment.h), as blobs with an entry for each, and
 * how far they reach. All of it is derived from the emails and may be dropped at any time; it is then made
 * anew. An email never changes and its id is never used again, so that "up to which id" is all that must be
 * known. Used as account.h is.
 */
#ifndef ACCOUNT_SEARCH_H
#define ACCOUNT_SEARCH_H

#include "account/account.h"

enum {
	/* Segments of one account. Merges keep them to some 40 for a million messages; with so many no more
	 * are added until some have been merged. */
	ACCOUNT_SEGMENTS_MAX = 128,
	ACCOUNT_SEGMENT_HEAD_MAX = 500,
	ACCOUNT_SEGMENT_PARTS = 2,
	/* Ids or UIDs of one call: each takes two entries to look at, of the slice that one read may take. */
	ACCOUNT_SEARCH_IDS = 500
};

struct account_segment {
	uint32_t number;
	struct blob_id parts[ACCOUNT_SEGMENT_PARTS]; /* none: the part is empty */
	size_t head_len;
	char head[ACCOUNT_SEGMENT_HEAD_MAX]; /* search's */
};

/* The state. -ENOENT: no such account. */
struct account_search {
	uint64_t shard;
	void (*done)(struct account_search *s, int result);
	void *arg;

	/* Results. */
	uint64_t covered;    /* emails up to this id are in the segments, those that were there at the time */
	uint64_t next_email; /* ids below it have been given */
	uint64_t state;      /* changes with each change of this */
	size_t count;
	struct account_segment segments[ACCOUNT_SEGMENTS_MAX]; /* ascending by number */

	/* Internal. */
	struct store_read read;
};
void account_search_read(struct accounts *a, struct account_search *s);

/*
 * Changes it: takes segments away, and adds one. -ESTALE: it is no longer in `state`; -E2BIG: too many
 * segments. The uploads are the store's from the call on.
 */
struct account_search_change {
	uint64_t shard;
	uint64_t state; /* as account_search_read gave it */
	bool drop_all;  /* whatever the state is: everything is taken away, and nothing is covered any more */
	uint64_t covered;
	uint32_t removed[ACCOUNT_SEGMENTS_MAX];
	size_t removed_count;
	bool adds;
	struct account_segment added;                        /* its head; number and parts are set here */
	struct store_upload *uploads[ACCOUNT_SEGMENT_PARTS]; /* NULL: the part is empty */
	void (*done)(struct account_search_change *c, int result);
	void *arg;

	/* Internal. */
	struct store_commit commit;
	size_t upload_of[ACCOUNT_SEGMENT_PARTS];
};
void account_search_change(struct accounts *a, struct account_search_change *c);

/* Emails by id, ascending: those behind `after`, up to `last`. There are more as long as count is `room`. */
struct account_email_ids {
	uint64_t shard, after, last;
	uint64_t *ids; /* room for `room`, at most STORE_READ_KEYS_MAX */
	size_t room;
	void (*done)(struct account_email_ids *e, int result);
	void *arg;

	/* Results. */
	size_t count;

	/* Internal. */
	struct store_read read;
};
void account_email_ids(struct accounts *a, struct account_email_ids *e);

/*
 * UIDs that emails have in a mailbox. ids: those that are asked for, at most ACCOUNT_SEARCH_IDS; an email
 * that is not there has none. uids[i] is the UID of ids[i], or 0; an email that is there several times has
 * its others in `more`, as pairs of an index and a UID.
 */
struct account_uids_of {
	uint64_t shard;
	uint32_t mailbox;
	const uint64_t *ids;
	size_t count;
	uint32_t uids[ACCOUNT_SEARCH_IDS];
	struct {
		uint32_t index, uid;
	} more[ACCOUNT_SEARCH_IDS];
	size_t more_count;
	void (*done)(struct account_uids_of *u, int result);
	void *arg;

	/* Internal. */
	struct store_read read;
};
void account_uids_of(struct accounts *a, struct account_uids_of *u);

/*
 * The other way: the emails of a mailbox, ascending by UID, those behind `after`; there may be more as long
 * as count is STORE_READ_KEYS_MAX. `down`: the last ones below `before` (0: of all), as many as that number
 * of UIDs holds; `after` is set to the UID below which to go on, less one, and is 0 when that was the last of
 * them.
 */
struct account_ids_in {
	uint64_t shard;
	uint32_t mailbox, after;
	bool down;
	uint32_t before;
	uint64_t ids[STORE_READ_KEYS_MAX];
	uint32_t uids[STORE_READ_KEYS_MAX];
	void (*done)(struct account_ids_in *i, int result);
	void *arg;

	/* Results. */
	size_t count;

	/* Internal. */
	struct store_read read;
};
void account_ids_in(struct accounts *a, struct account_ids_in *i);

/* For keys.h's account_names_blobs: the blobs of an S entry. */
void account_search_names_blobs(
    struct view key, struct view value, void (*found)(void *arg, const struct blob_id *id), void *arg);

#endif
