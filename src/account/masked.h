/* Masked addresses of an account, as its owner sees them: entries C 'Q'. The directory has the addresses
 * themselves (directory/masked.h). For `run` functions. */
#ifndef ACCOUNT_MASKED_H
#define ACCOUNT_MASKED_H

#include "account/account.h"
#include "mail/masked.h"

struct account_masked {
	uint32_t number;
	uint8_t state;         /* enum masked_state */
	int64_t created, last; /* last: when mail came to it; 0: never, or not since this is kept */
	struct view email, for_domain, description, created_by;
};

/* Each, in the order of their making, until `visit` gives something else than 0, which is given back. One
 * that is damaged is none, and costs no other one. Texts as txn_get's. */
int account_masked_each(struct txn *t, uint64_t shard,
    int (*visit)(void *arg, const struct account_masked *m), void *arg) __attribute__((warn_unused_result));

/* How many are not deleted, and the last number that was given; damaged ones count for both. */
int account_masked_count(struct txn *t, uint64_t shard, uint64_t *living, uint32_t *last)
    __attribute__((warn_unused_result));

/* -ENOENT. */
int account_masked_get(struct txn *t, uint64_t shard, uint32_t number, struct account_masked *m)
    __attribute__((warn_unused_result));

int account_masked_put(struct txn *t, uint64_t shard, const struct account_masked *m)
    __attribute__((warn_unused_result));

#endif
