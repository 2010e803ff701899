/*
 * Inside account/: \Seen of users who share a mailbox. Each has its own, in the owner's account (P); the
 * owner's is the one among the flags. A user is named by its account's number.
 */
#ifndef ACCOUNT_SEEN_H
#define ACCOUNT_SEEN_H

#include "account/change.h"

/* A chunk at hand, for messages in the order of their UIDs. Zeroed to begin with. */
struct seen_chunk {
	uint64_t user; /* 0: the owner: nothing is read or written */
	uint32_t mailbox, number;
	bool read, changed;
	struct account_gone seen;
};

/* Lays the user's \Seen over a message's flags. */
int seen_overlay(struct txn *t, uint64_t shard, struct seen_chunk *s, uint32_t uid, uint64_t *flags)
    __attribute__((warn_unused_result));

/* Sets it, within a change, and seen_write at its end. */
int seen_set(struct account_change *c, struct seen_chunk *s, uint32_t uid, bool seen)
    __attribute__((warn_unused_result));
int seen_write(struct account_change *c, struct seen_chunk *s) __attribute__((warn_unused_result));

/* How many of the mailbox's messages the user has not seen. Right up to SEEN_CHUNKS_MAX chunks with messages
 * that it has seen: four million UIDs. */
enum { SEEN_CHUNKS_MAX = STORE_READ_KEYS_MAX / 2 };
int seen_count_unseen(struct txn *t, uint64_t shard, uint32_t mailbox, uint64_t user, uint32_t messages,
    uint32_t *unseen) __attribute__((warn_unused_result));

#endif
