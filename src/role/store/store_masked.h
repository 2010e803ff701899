/* What is noted of masked addresses (mail/masked.h) when mail comes to them. */
#ifndef ROLE_STORE_STORE_MASKED_H
#define ROLE_STORE_STORE_MASKED_H

#include "account/account.h"

enum { STORE_MASKED_WRITES = 1 /* entries that one recipient changes at most */ };

/* Within the delivery's transaction, behind what may refuse it: mail for `given`, a recipient as its sender
 * wrote it, lies in this account now. Whatever is no masked address of the account changes nothing. */
int store_masked_heard(struct txn *t, uint64_t shard, struct view given, int64_t now)
    __attribute__((warn_unused_result));

#endif
