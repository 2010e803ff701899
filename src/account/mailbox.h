/* Inside account/: the tree of mailboxes within a change. */
#ifndef ACCOUNT_MAILBOX_H
#define ACCOUNT_MAILBOX_H

#include "account/change.h"

/* The number of the mailbox of that name below a parent. INBOX has its name in any case (RFC 9051
 * section 5.1). -ENOENT. */
int mailbox_find(struct txn *t, uint64_t shard, uint32_t parent, struct view name, uint32_t *mailbox)
    __attribute__((warn_unused_result));

/* A top-level mailbox for mail that comes in; INBOX for an empty or unknown name. */
int mailbox_for_delivery(struct txn *t, uint64_t shard, struct view name, uint32_t *mailbox)
    __attribute__((warn_unused_result));

#endif
