/*
 * Memos: what a role has learnt and wants to know again after a restart. A memo has a kind, a name, a value
 * that only its role understands, and a time at which it is no longer of use.
 */
#ifndef LEDGER_MEMO_H
#define LEDGER_MEMO_H

#include "ledger/ledger.h"
#include "base/buf.h"

/* Kept on the disk: a number keeps its meaning. */
enum memo_kind {
	MEMO_POLICY = 1, /* relay: the MTA-STS policy of a domain */
	MEMO_HOST,       /* relay: a host that has taken mail lately */
	MEMO_ZONE,       /* relay: what a look at the records of a domain of ours has found */
	MEMO_ZONE_PLAN,  /* relay: which records it should have */
	MEMO_KINDS
};

enum {
	MEMO_NAME_MAX = 255,         /* a domain's name */
	MEMO_VALUE_MAX = 32 * 1024,  /* a policy of 100 hosts with the longest names has 26 KB */
	MEMO_NAMES_MAX = 20000,      /* of one kind: twice what relay keeps in memory of each */
	MEMO_BYTES_MAX = 32 << 20,   /* of one kind, values and names */
	MEMO_LIST_MAX = 200,         /* of one memo_list */
	MEMO_LIST_BYTES = 128 * 1024 /* the same: after the memo that reaches it no more come */
};

/* As they are given to memo_list's `visit`; views are valid during the call. */
struct memo {
	struct view name, value;
	int64_t expires; /* seconds of the wall clock */
};

/*
 * In a transaction's `run`. A name has printable ASCII alone, so that a part's number never looks like one
 * more letter of it. 0; -EINVAL: no such kind or name; -EMSGSIZE: a value that is too long; -EDQUOT: the kind
 * has all that it may have. An empty value removes; it is no error when there is none.
 */
int memo_put(struct txn *t, unsigned kind, const struct memo *memo) __attribute__((warn_unused_result));

/*
 * Memos of a kind behind a name, in the order of names, those left out that have expired by `now` or cannot
 * be read: relay waits for the others, and learns again what is lost. *more: there are others, behind the
 * last name that was looked at, which is in `last`. 0, a negative errno, or what `visit` returned.
 */
int memo_list(struct txn *t, unsigned kind, struct view after, int64_t now,
    int (*visit)(void *arg, const struct memo *memo), void *arg, struct buf *last, bool *more)
    __attribute__((warn_unused_result));

/*
 * Removes memos of any kind that have expired, or cannot be read. `at` is empty at first and says where the
 * walk is; while *more is set, another run goes on from there. A run that is repeated starts from what `at`
 * held then: give it a copy.
 */
enum { MEMO_EXPIRE_AT = MEMO_NAME_MAX + 8 /* of `at` */ };
int memo_expire(struct txn *t, int64_t now, struct buf *at, bool *more) __attribute__((warn_unused_result));

#endif
