/*
 * What a user was told of sharing (RFC 9670 section 3): that somebody has given it other rights to a mailbox.
 * Entries C 'V'. So many are kept, the newest ones. For `run` functions, but for what takes struct accounts.
 */
#ifndef ACCOUNT_SHARE_NOTES_H
#define ACCOUNT_SHARE_NOTES_H

#include "account/account.h"
#include "mail/sharing.h"

struct account_change;

struct account_share_note {
	uint64_t number; /* ascending: a newer one has a higher one */
	int64_t created;
	uint64_t modseq;
	uint64_t by; /* an account; 0: an administrator */
	struct view by_address;
	uint64_t owner;
	uint32_t mailbox, old_rights, new_rights;
	struct view path; /* of one that is too long for an entry the last level alone */
};

/* Within a change. number and modseq are set here. */
int share_note_add(struct account_change *c, struct account_share_note *note)
    __attribute__((warn_unused_result));

/* Each, the oldest first, until `visit` gives something else than 0, which is given back; *state: the modseq
 * of the last change of any. One that is damaged is none. -ENOENT: no such account. */
int account_share_notes_each(struct txn *t, uint64_t shard, uint64_t *state,
    int (*visit)(void *arg, const struct account_share_note *note), void *arg)
    __attribute__((warn_unused_result));

/* -ENOENT. *state as above, afterwards. */
int account_share_note_remove(struct txn *t, uint64_t shard, int64_t now, uint64_t number, uint64_t *state)
    __attribute__((warn_unused_result));

#endif
