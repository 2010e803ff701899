/*
 * Inside account/: what one transaction cannot hold is first written down as an intent (I). From then on it
 * is decided. It is applied in transactions of which each removes the messages that it can hold; whoever
 * finds an intent goes on with it (account_repair), and the last one removes it. Applying is idempotent,
 * since a message that is already gone is passed over.
 */
#ifndef ACCOUNT_INTENT_H
#define ACCOUNT_INTENT_H

#include "account/message.h"

enum {
	REMOVE_WRITES =
	    MESSAGE_REMOVE_FEW + 2, /* with an O and an L entry, when each is in a block of its own */
	REMOVE_AT_ONCE = (STORE_WRITE_KEYS_MAX - CHANGE_END_WRITES) / REMOVE_WRITES
};

int intent_put(struct txn *t, uint64_t shard, uint64_t id, uint32_t part, const struct account_intent *intent)
    __attribute__((warn_unused_result));

/* Until when mail that is deleted now can come back; 0: not at all. */
int64_t undelete_until(const struct accounts *a, int64_t now);

/* Notes a message that goes in this change; `removed` may be NULL. */
void intent_note_removed(struct account_removed *removed, const struct account_change *c, uint32_t uid);

#endif
