/*
 * Inside account/: the one way to change an account. A change is made in a `run` function, on one shard. It
 * reads the head and each mailbox when it is first touched, changes them in memory, and writes each once at
 * its end, all under one modseq. Counts, the log (L) and flags (O) are its business too, so that they agree
 * with the messages whoever changes them.
 *
 *     change_begin, then calls of message.h, keywords.h, mailbox.h, then change_end, unless something failed
 *
 * A change that was begun and not ended has nothing to free.
 */
#ifndef ACCOUNT_CHANGE_H
#define ACCOUNT_CHANGE_H

#include "account/account.h"

enum {
	/* That one change touches: an email may leave as many as it can be in, and come into as many. */
	CHANGE_MAILBOXES_MAX = 2 * ACCOUNT_PLACES_MAX,
	CHANGE_BLOCKS = 4, /* blocks at hand: those of a source and a target, and of the next ones */
	/* Entries that change_end writes beside what was written before: head, mailboxes, blocks, a chunk,
	 * keywords. */
	CHANGE_END_WRITES = 1 + CHANGE_MAILBOXES_MAX + 2 * CHANGE_BLOCKS + 1 + 2 * FLAG_KEYWORDS
};

struct change_mailbox {
	uint32_t number;
	bool changed;
	struct account_mailbox m; /* its name points to `name` */
	char name[ACCOUNT_MAILBOX_NAME_MAX];
};

/* The flags of a block's messages, and what has happened to them. */
struct change_block {
	uint32_t mailbox, number;
	bool flags_changed, logged;
	struct account_flags_block flags;
	struct account_log log;
};

/* UIDs that are gone, of one chunk: messages are worked on in the order of their UIDs. */
struct change_chunk {
	uint32_t mailbox, number; /* mailbox 0: none is at hand */
	bool changed;
	struct account_gone gone;
};

struct account_change {
	struct txn *txn;
	uint64_t shard;
	int64_t now;
	uint64_t user;            /* whose annotations go with what is copied; 0: nobody's */
	bool without_shared;      /* those that are shared do not */
	struct account_head head; /* modseq is this change's from the beginning */
	bool head_changed;
	uint64_t used_before; /* what counts for quotas, added up: another sum says that it changed */
	size_t writes;        /* entries put and deleted so far */

	size_t mailbox_count;
	struct change_mailbox mailboxes[CHANGE_MAILBOXES_MAX];
	size_t block_count, oldest_block;
	bool flushed; /* a block has been written already and may come again */
	struct change_block blocks[CHANGE_BLOCKS];
	struct change_chunk chunk;
	bool uses_changed;
	int32_t uses[FLAG_KEYWORDS]; /* of keywords with a bit: messages more or fewer */
};

/* 0, or -ENOENT: no account, or it is being removed. */
int change_begin(struct account_change *c, struct txn *t, uint64_t shard, int64_t now)
    __attribute__((warn_unused_result));

/* Writes what has changed; a change that changed nothing writes nothing, and its modseq is not used. */
int change_end(struct account_change *c) __attribute__((warn_unused_result));

/* The mailbox, valid until change_end. -ENOENT, also for one that is being removed; -E2BIG: more than
 * CHANGE_MAILBOXES_MAX. */
int change_mailbox(struct account_change *c, uint32_t number, struct change_mailbox **out)
    __attribute__((warn_unused_result));

/* The same, for one that is being removed as well. */
int change_any_mailbox(struct account_change *c, uint32_t number, struct change_mailbox **out)
    __attribute__((warn_unused_result));

/* What mailbox it is: they have been changed themselves, or their messages. */
void change_mark_mailbox(struct account_change *c, struct change_mailbox *m);
void change_mark_messages(struct account_change *c, struct change_mailbox *m);

/* What an account's states are of: some of it changed. Marking mailboxes and messages does it by itself. */
void change_mark_state(struct account_change *c, enum mail_state state);

/* Adds a mailbox that has just got its number, as one that was read. */
int change_add_mailbox(struct account_change *c, uint32_t number, const struct account_mailbox *m,
    struct change_mailbox **out) __attribute__((warn_unused_result));

/* Whether there is such a message, which J tells without a look at M. */
int change_has_message(struct account_change *c, const struct change_mailbox *box, uint32_t uid, bool *has)
    __attribute__((warn_unused_result));

/* The flags of a message that comes with some. The counts are the caller's, here and below. */
int change_begin_flags(struct account_change *c, uint32_t mailbox, uint32_t uid, uint64_t flags)
    __attribute__((warn_unused_result));

/* A message's flags, without FLAGS_FIXED, and their modseq; 0: they are as when it arrived, and M has that.
 */
int change_flags_of(struct account_change *c, uint32_t mailbox, uint32_t uid, uint64_t *flags,
    uint64_t *modseq) __attribute__((warn_unused_result));

/* Gives it other flags, and logs that. */
int change_set_flags(struct account_change *c, uint32_t mailbox, uint32_t uid, uint64_t flags)
    __attribute__((warn_unused_result));

/* Logs that it is gone, notes that among its mailbox's UIDs (unless these all go), and forgets its flags. */
int change_forget_message(struct account_change *c, const struct change_mailbox *box, uint32_t uid,
    const struct account_message *m) __attribute__((warn_unused_result));

/* Logs the end of an object. */
int change_log_destroyed(struct account_change *c, enum account_kind kind, uint64_t id)
    __attribute__((warn_unused_result));

/* Entries of the change's shard. change_put gives -EMSGSIZE for one that did not fit. */
int change_get(struct account_change *c, struct account_key key, struct view *value)
    __attribute__((warn_unused_result));
int change_put(struct account_change *c, struct account_key key, const struct entry *value)
    __attribute__((warn_unused_result));
int change_delete(struct account_change *c, struct account_key key) __attribute__((warn_unused_result));

/* Counters never go below zero, whatever a rebuilt index made of them. */
static inline uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* What counts for the quota: mail, and what was noted about it. */
static inline uint64_t head_bytes(const struct account_head *h)
{
	return h->bytes + h->noted_bytes;
}

/* The head has changed for itself, outside a change: modseq and the state grow. */
void head_mark_state(struct account_head *h, enum mail_state state);

/* Reads the head; -ENOENT also while the account is being removed. */
int head_get(struct txn *t, uint64_t shard, struct account_head *head) __attribute__((warn_unused_result));
int head_put(struct txn *t, uint64_t shard, const struct account_head *head)
    __attribute__((warn_unused_result));

int value_put(struct txn *t, uint64_t shard, struct account_key key, const struct entry *value)
    __attribute__((warn_unused_result));
int key_get(struct txn *t, uint64_t shard, struct account_key key, struct view *value)
    __attribute__((warn_unused_result));
int key_delete(struct txn *t, uint64_t shard, struct account_key key) __attribute__((warn_unused_result));

/* An O entry, as a read sees it. No entry: known is 0. */
int flags_block_get(struct txn *t, uint64_t shard, uint32_t mailbox, uint32_t block,
    struct account_flags_block *out) __attribute__((warn_unused_result));

/* The same of a J entry. No entry: none are gone. */
int gone_get(struct txn *t, uint64_t shard, uint32_t mailbox, uint32_t chunk, struct account_gone *out)
    __attribute__((warn_unused_result));

/* G, of one that is not being removed. The name points into the transaction. */
int mailbox_get(struct txn *t, uint64_t shard, uint32_t number, struct account_mailbox *m)
    __attribute__((warn_unused_result));

#endif
