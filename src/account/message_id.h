/* The Message-ID of an email, as its summary has it. */
#ifndef ACCOUNT_MESSAGE_ID_H
#define ACCOUNT_MESSAGE_ID_H

#include "account/account.h"

/*
 * For `run` functions: the identifier without its brackets, and when the email came. *len 0: it has none, or
 * a summary that is not in the index, or it is longer than `room`. -ENOENT: there is no such email, -EBADMSG.
 */
int account_message_id(struct txn *t, uint64_t shard, uint64_t emailid, char *out, size_t room, size_t *len,
    int64_t *received) __attribute__((warn_unused_result));

#endif
