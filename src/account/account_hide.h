/*
 * An account that was removed and can be brought back: to all of account/ it is one that is being erased, so
 * that mail, sessions and shares find nothing (-ENOENT); but nothing of it is erased until account_remove is
 * called.
 */
#ifndef ACCOUNT_ACCOUNT_HIDE_H
#define ACCOUNT_ACCOUNT_HIDE_H

#include "store/store.h"

/* In a `run` function of any shard's. 0 also when there is no such account: its making was cut. */
int account_hide(struct txn *t, uint64_t shard, bool hidden) __attribute__((warn_unused_result));

#endif
