/*
 * Inside account/: keys gathered in a `run` function, to be worked on afterwards, since a range must not
 * change while it is walked; and requests that go on, transaction after transaction, until nothing is left.
 */
#ifndef ACCOUNT_SLICES_H
#define ACCOUNT_SLICES_H

#include "account/account.h"

/* Leaves room below STORE_SLICE_KEYS for what a slice writes besides. */
enum { SLICE_KEYS = 900 };

struct slice {
	size_t count;
	struct account_key keys[SLICE_KEYS];
};

/* An empty one, on the heap. */
struct slice *slice_new(void) __attribute__((warn_unused_result));
void slice_free(struct slice *slice);

/* Adds the first keys of a range, until the slice holds `limit`. */
int slice_collect(struct slice *slice, struct txn *t, uint64_t shard, struct view from, struct view to,
    size_t limit) __attribute__((warn_unused_result));

/* Adds one key; false when the slice is full (or the key is none of an account's). */
bool slice_add(struct slice *slice, struct view key);

static inline struct view slice_key(const struct slice *slice, size_t i)
{
	return key_view(&slice->keys[i]);
}

/* The request's language, or the account's, in r->tag: transactions run on other threads. */
void request_take_language(struct accounts *a, struct account_request *r);

/*
 * Runs a request's transaction, again while it leaves r->more set; r->count adds up what it leaves in
 * r->counted. r->now is set; r->from is empty at first and then what the run before left in r->next.
 */
void request_commit(
    struct accounts *a, struct account_request *r, int (*run)(struct txn *t, void *arg), bool frees_space);

#endif
