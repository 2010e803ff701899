/*
 * Inside account/: what one transaction cannot hold is first written down as an intent (I). From then on it
 * is decided. It is applied in transactions of which each removes the messages that it can hold, and the last
 * one removes the intent. Applying is idempotent, since a message that is already gone is passed over.
 *
 * Whoever begins to use an account goes on with the intents that it finds, but not with those that this
 * process is working on: whoever asked for these is to be told of all that went. One that fails midway is
 * left, and then taken up by whoever comes next.
 */
#ifndef ACCOUNT_INTENT_H
#define ACCOUNT_INTENT_H

#include "account/message.h"

enum {
	REMOVE_WRITES =
	    MESSAGE_REMOVE_FEW + 3, /* with an O, an L and a J entry, when each is in a chunk of its own */
	REMOVE_AT_ONCE = (STORE_WRITE_KEYS_MAX - CHANGE_END_WRITES) / REMOVE_WRITES
};

int intent_put(struct txn *t, uint64_t shard, uint64_t id, uint32_t part, const struct account_intent *intent)
    __attribute__((warn_unused_result));

/* This process has stopped working on an intent that it had begun. On the loop's thread. */
void intent_leave(struct accounts *a, uint64_t shard, uint64_t id);

/* Until when mail that is deleted now can come back; 0: not at all. */
int64_t undelete_until(const struct accounts *a, int64_t now);

/* Room to remove one message more? Keywords beyond those with a bit are what makes one large. */
bool intent_has_room(const struct account_change *c);

/* Notes a message that goes in this change; `removed` may be NULL. */
void intent_note_removed(struct account_removed *removed, const struct account_change *c, uint32_t uid);

#endif
