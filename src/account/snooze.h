/*
 * Emails that are put off (mail/snooze.h), and those that have come back: an entry for each place, C 'Z', and
 * one under the time at which something is to be done with it, C 'W'. An entry is bound to the place: UIDs
 * are never used again, so an email that was moved or deleted meanwhile, by whatever protocol, is put off no
 * longer, and what is left of the entry goes when its time comes.
 *
 * Those that came back are known for a while, since lists show them where they would stand had they come
 * then.
 */
#ifndef ACCOUNT_SNOOZE_H
#define ACCOUNT_SNOOZE_H

#include "account/account.h"
#include "mail/snooze.h"

enum {
	ACCOUNT_SNOOZES_MAX = 10000,        /* of one account, of both kinds: some years of busy mornings */
	ACCOUNT_AWAKE_SECONDS = 90 * 86400, /* so long it is known that an email came back */
	ACCOUNT_SNOOZE_WRITES = 6           /* entries that a change of one writes at most */
};

struct account_snooze {
	struct account_place place; /* mailbox 0: none */
	uint64_t email;
	bool awake;           /* it has come back here at s.until */
	struct mail_snooze s; /* its texts are in `texts` */
	char texts[SNOOZE_BYTES_MAX];
};

/* When something is to be done with it. */
static inline int64_t account_snooze_due(const struct account_snooze *z)
{
	return z->awake ? z->s.until + ACCOUNT_AWAKE_SECONDS : z->s.until;
}

struct account_change;

/* What is known of a place. -ENOENT; also when it is damaged. */
int snooze_get(struct txn *t, uint64_t shard, struct account_place place, struct account_snooze *out)
    __attribute__((warn_unused_result));

/* Adds it at its place, where none is. -EDQUOT: ACCOUNT_SNOOZES_MAX. */
int snooze_add(struct account_change *c, const struct account_snooze *z) __attribute__((warn_unused_result));
int snooze_drop(struct account_change *c, const struct account_snooze *z) __attribute__((warn_unused_result));
/* Forgets that something was to be done with a place whose entry is gone. */
int snooze_forget_time(struct account_change *c, struct account_place place, int64_t time)
    __attribute__((warn_unused_result));

/* Only the time of those in [from, to) of a mailbox's UIDs, ascending: for lists. A reminder has none: it
 * stands in Sent by the time at which it was sent. */
struct account_snooze_time {
	uint32_t uid;
	int64_t until;
};
int snooze_times(struct txn *t, uint64_t shard, uint32_t mailbox, uint32_t from, uint32_t to,
    struct account_snooze_time *out, size_t room, size_t *count) __attribute__((warn_unused_result));

/*
 * Places with something to be done at `now`, the first by time; and when there is something next, if not now
 * (0: never). Used as account.h is. -ENOENT: no such account.
 */
enum { ACCOUNT_DUE_MAX = 200 /* as many are woken in a step */ };
struct account_due {
	uint64_t shard;
	int64_t now;
	void (*done)(struct account_due *d, int result);
	void *arg;

	struct account_place places[ACCOUNT_DUE_MAX];
	int64_t times[ACCOUNT_DUE_MAX];   /* under which they stand */
	uint64_t emails[ACCOUNT_DUE_MAX]; /* 0: its entry is gone or damaged */
	size_t count;
	int64_t next;
	bool acts; /* acts (acts.h) are at work, or were when store ended */

	/* Internal. */
	struct store_read read;
};
void account_due(struct accounts *a, struct account_due *d);

/* While acts are at work somebody looks every so often whether they still are. */
enum { ACCOUNT_ACTS_LOOK_SECONDS = 10 };

/* The same first time within a transaction, and a look at acts; 0: there is none. -ENOENT: no such account.
 */
int account_due_first(struct txn *t, uint64_t shard, int64_t now, int64_t *at)
    __attribute__((warn_unused_result));

#endif
