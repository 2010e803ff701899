/*
 * Inside account/: what transactions on an account's shard have in common. All of it runs in `run` functions.
 * A message's entries (M, N, C, and the counts in F and G) change together here and nowhere else.
 */
#ifndef ACCOUNT_MESSAGE_H
#define ACCOUNT_MESSAGE_H

#include "account/account.h"

/*
 * An account's head and one mailbox as a transaction changes them. Read with session_begin, changed in memory
 * by the calls below, and written once by session_end, all under one new modseq.
 */
struct account_session {
	struct txn *txn;
	uint64_t shard;
	int64_t now;
	struct account_head head;
	uint32_t mailbox_number;
	struct account_mailbox mailbox;
	char mailbox_name[ACCOUNT_MAILBOX_NAME_MAX];
	uint64_t old_modseq; /* the mailbox's C entry */
};

/* -ENOENT: no account, being removed, or no such mailbox. */
int session_begin(struct account_session *s, struct txn *t, uint64_t shard, uint32_t mailbox, int64_t now)
    __attribute__((warn_unused_result));
int session_end(struct account_session *s) __attribute__((warn_unused_result));

/* Reads the head; -ENOENT also while the account is being removed. */
int head_get(struct txn *t, uint64_t shard, struct account_head *head) __attribute__((warn_unused_result));
int head_put(struct txn *t, uint64_t shard, const struct account_head *head)
    __attribute__((warn_unused_result));

/* The number of a top-level mailbox; INBOX for an empty or unknown name. */
int mailbox_find(struct txn *t, uint64_t shard, struct view name, uint32_t *mailbox)
    __attribute__((warn_unused_result));

/*
 * Adds an email with a place in the session's mailbox. *email's blob, lengths, dates, hash and texts are
 * given; the rest is set here. The thread is that of the first known reference.
 */
int message_add(struct account_session *s, struct account_email *email, uint32_t flags,
    const uint64_t *references, size_t reference_count, uint64_t *emailid, uint32_t *uid)
    __attribute__((warn_unused_result));

/* Removes a place; with the last one the email, which becomes a tombstone and (undelete_until > 0) a U entry.
 */
int message_remove(struct account_session *s, uint32_t uid, int64_t undelete_until)
    __attribute__((warn_unused_result));

/* Entries that one message_remove writes at most, and one session_end. */
enum { MESSAGE_REMOVE_WRITES = 5, MESSAGE_ADD_WRITES = 5, SESSION_WRITES = 4 };

/* Puts an encoded value; -EMSGSIZE if it did not fit. */
int value_put(struct txn *t, uint64_t shard, struct account_key key, const struct account_value *value)
    __attribute__((warn_unused_result));
int key_get(struct txn *t, uint64_t shard, struct account_key key, struct view *value)
    __attribute__((warn_unused_result));
int key_delete(struct txn *t, uint64_t shard, struct account_key key) __attribute__((warn_unused_result));

#endif
