/*
 * Accounts that somebody has subscribed to (account/push.h): an entry W of the ledger for each, written in
 * the commit that makes the first subscription, so that a store that begins knows whom to watch. One whose
 * account has none any more, or is gone, is of no use and does no harm: whoever finds it removes it.
 */
#ifndef LEDGER_PUSHED_H
#define LEDGER_PUSHED_H

#include "ledger/ledger.h"

enum { PUSHED_LIST_MAX = 500 /* of one pushed_list */ };

int pushed_put(struct txn *t, uint64_t account) __attribute__((warn_unused_result));
int pushed_drop(struct txn *t, uint64_t account) __attribute__((warn_unused_result));

/* Those behind `after`, ascending, at most PUSHED_LIST_MAX; fewer: there are no more. */
int pushed_list(struct txn *t, uint64_t after, uint64_t accounts[PUSHED_LIST_MAX], size_t *count)
    __attribute__((warn_unused_result));

#endif
