/*
 * How many mails the rules of an account have sent on in the hour that it is: one entry of the account, which
 * a run function reads, and counts on in the commit that sends them. So the limit that store sets holds
 * whatever ends in between. It stands in no state and no log.
 */
#ifndef ACCOUNT_SENT_ON_H
#define ACCOUNT_SENT_ON_H

#include "account/account.h"

enum {
	ACCOUNT_SENT_ON_HOUR = 3600, /* seconds; an hour begins with the first mail behind the last one */
	ACCOUNT_SENT_ON_WRITES = 1   /* entries that account_sent_on_add changes */
};

/* Of an hour that has passed, or that begins later than `now`, since the clock was set back: none. A damaged
 * entry says none as well: it only bounds. */
int account_sent_on(struct txn *t, uint64_t shard, int64_t now, uint64_t *count)
    __attribute__((warn_unused_result));

/* -ENOENT: no such account. */
int account_sent_on_add(struct txn *t, uint64_t shard, int64_t now, uint64_t more)
    __attribute__((warn_unused_result));

#endif
