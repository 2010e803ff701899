/*
 * Acts (mail/act.h): entries of the account. C 'A' number: the act. C 'B' number chunk: emails of its list
 * that are still to come. C 'D' number part: changes that undo what was done. A step changes as many emails
 * as fit in one commit, and in the same commit takes them out of the list and writes what undoes it: whenever
 * it ends, the act goes on where it was.
 */
#ifndef ACCOUNT_ACTS_H
#define ACCOUNT_ACTS_H

#include "account/email_set.h"
#include "mail/act.h"

struct account_act {
	uint64_t number;
	uint8_t state; /* enum act_state */
	int64_t created, ended;
	uint64_t total, finished, failed, undone;
	uint64_t last; /* the highest id of the list; of one that is undone the time when that was ordered */
	uint32_t chunks, parts; /* numbers that are given next */
	struct view change;
	char text[ACT_CHANGE_MAX];
};

struct account_change;
int act_get(struct txn *t, uint64_t shard, uint64_t number, struct account_act *out)
    __attribute__((warn_unused_result));

/* One request of a session. */
enum account_act_verb { ACCOUNT_ACT_BEGIN, ACCOUNT_ACT_STOP, ACCOUNT_ACT_UNDO };
struct account_act_request {
	uint64_t shard, number; /* 0: a new one; result */
	enum account_act_verb verb;
	bool more;
	struct view change;  /* the caller's until done */
	const uint64_t *ids; /* likewise */
	size_t count;
	void (*done)(struct account_act_request *r, int result);
	void *arg;

	/* Result. */
	bool works; /* there is something to be done for it now */

	/* Internal. */
	struct accounts *accounts;
	struct store_commit commit;
	int64_t now;
};
void account_act(struct accounts *a, struct account_act_request *r);

/* All of an account, ascending; or one. -ENOENT: no such account. */
struct account_acts {
	uint64_t shard, number;
	void (*done)(struct account_acts *l, int result);
	void *arg;
	struct account_act list[ACT_COUNT_MAX]; /* without texts */
	size_t count;
	struct store_read read;
};
void account_acts(struct accounts *a, struct account_acts *l);

/*
 * Does what comes next of the account's first act that is running or undoing. `working`: there may be more to
 * do. Events as account_email_set's, which the caller frees.
 */
struct account_act_step {
	uint64_t shard;
	uint64_t quota_default;
	void (*done)(struct account_act_step *s, int result);
	void *arg;

	/* Results. */
	bool working;
	bool passed_over; /* a damaged email, or a part of the list that cannot be read */
	struct account_email_set set;

	/* Internal. From step to step `alone` stays: the emails of a piece are done one by one. */
	bool alone, unreadable;
	uint32_t alone_piece;
	struct accounts *accounts;
	struct store_read read;
	struct store_commit commit;
	struct account_act act;
	uint32_t piece; /* the chunk, or the part */
	struct buf changes;
	int *results;
	int64_t now;
};
void account_act_step(struct accounts *a, struct account_act_step *s);

/* Whether an act's time is over; and forgets one, at most a slice of it, for upkeep. *more: there is more. */
int acts_expired(struct txn *t, uint64_t shard, int64_t now, bool *found) __attribute__((warn_unused_result));
int acts_forget(struct txn *t, uint64_t shard, int64_t now, bool *more) __attribute__((warn_unused_result));

#endif
