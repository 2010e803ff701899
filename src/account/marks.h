/*
 * What an account remembers for its rules, each for a while: whom they have answered (RFC 5230 section 4.2),
 * and which messages they have seen (RFC 7352 section 3). A mark is a name in two parts: the handle, which
 * the rule gives, and who was answered, or the message's id. A run function reads and sets marks, in the
 * commit that does what they are about. They stand in no state and no log: no mail program is told of them.
 */
#ifndef ACCOUNT_MARKS_H
#define ACCOUNT_MARKS_H

#include "account/account.h"
#include "base/arena.h"

enum account_mark_kind { MARK_ANSWERED, MARK_SEEN, MARK_KINDS };

enum {
	/* Of one kind: RFC 5230 section 4.2 asks for 1,000 at least. Above it those go first that would have
	 * ended first. */
	ACCOUNT_MARKS_MAX = 10000,
	ACCOUNT_MARK_HANDLE_MAX = 256, /* octets: SIEVE_HANDLE_MAX */
	ACCOUNT_MARK_WHO_MAX = 320,    /* an address of SMTP; ids are no longer */
	ACCOUNT_MARK_WRITES = 6,       /* entries that marks_set changes at most */
	/* A mark that was made so far ahead of the clock is of a clock that was set back: it counts for
	   nothing. */
	ACCOUNT_MARK_SLACK = 86400
};

struct account_mark {
	uint8_t kind;            /* enum account_mark_kind */
	struct view handle, who; /* at most the limits; of whom it is about case counts: fold it before */
	int64_t since, until;    /* seconds since 1970 */
	uint64_t times;          /* so often it was set */
};

/* Whether there is a mark of this name that has not ended. A damaged one is none. */
int marks_find(struct txn *t, uint64_t shard, const struct account_mark *name, int64_t now, bool *found)
    __attribute__((warn_unused_result));

/* Sets it, in place of one of the same name; `times` counts on by itself. -ENOENT: no such account;
 * -EMSGSIZE: past a limit. */
int marks_set(struct txn *t, uint64_t shard, const struct account_mark *mark)
    __attribute__((warn_unused_result));

/* Drops marks that have ended, at most a slice of them. *more: there may be further ones. */
int marks_drop(struct txn *t, uint64_t shard, int64_t now, bool *more) __attribute__((warn_unused_result));

/* Whether one has ended: a look at one entry. */
int marks_ended(struct txn *t, uint64_t shard, int64_t now, bool *any) __attribute__((warn_unused_result));

/*
 * Those of a kind that have not ended, in no order, from outside: whom an account has answered. The marks
 * live until account_marks_free.
 */
struct account_marks {
	uint64_t shard;
	uint8_t kind;
	struct view handle; /* only those that begin so; the caller's */
	int64_t now;
	void (*done)(struct account_marks *m, int result);
	void *arg;

	/* Results. */
	struct account_mark *marks;
	size_t count;

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	struct arena texts;
	struct account_key from, next;
	size_t seen, before;
};
void account_marks(struct accounts *a, struct account_marks *m);
void account_marks_free(struct account_marks *m);

#endif
