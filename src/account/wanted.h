/* Which mailbox is meant by whoever wants mail to be put somewhere: a delivery, a script. */
#ifndef ACCOUNT_WANTED_H
#define ACCOUNT_WANTED_H

#include "account/account.h"

/*
 * The number of the mailbox that is wanted (struct account_wanted_place), if it is there. -ENOENT: it is not;
 * with nothing but a name of the top level: never, since INBOX takes its place.
 */
int account_mailbox_wanted(struct txn *t, uint64_t shard, const struct account_wanted_place *wanted,
    uint32_t *mailbox) __attribute__((warn_unused_result));

/* The identifier of a mailbox (RFC 8474), as imap tells it: "M", the account and the mailbox. False: it is
 * none of this account. */
bool account_mailbox_id_read(struct view id, uint64_t shard, uint32_t *mailbox);

#endif
