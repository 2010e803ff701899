/*
 * As whom an account sends (mail/identity.h): entries of the account, of which those that follow from its
 * addresses are kept in step with them by account_identities_follow. Functions for `run`; those that may
 * refuse do so before they write.
 */
#ifndef ACCOUNT_IDENTITIES_H
#define ACCOUNT_IDENTITIES_H

#include "account/account.h"
#include "base/arena.h"
#include "mail/identity.h"

struct account_identity {
	uint64_t number, created, modseq;
	bool derived; /* of an address that leads to the account */
	struct view name, email, reply_to, bcc;
	uint32_t text_len, html_len; /* octets of the signatures */
	struct view text, html;      /* account_identities: these */
};

/* Without its signatures; texts as txn_get's. -ENOENT. */
int account_identity_get(struct txn *t, uint64_t shard, uint64_t number, struct account_identity *out)
    __attribute__((warn_unused_result));

/*
 * Makes one (*number 0), or sets those members of one that `has` has (IDENTITY_HAS_*). -ENOENT; -EMLINK:
 * IDENTITY_COUNT_MAX; -EINVAL: past a limit. *modseq: the state.
 */
int account_identity_set(struct txn *t, uint64_t shard, int64_t now, uint64_t *number, unsigned has,
    const struct account_identity *with, uint64_t *modseq) __attribute__((warn_unused_result));

/* -ENOENT; -EPERM: it is derived. */
int account_identity_remove(struct txn *t, uint64_t shard, int64_t now, uint64_t number, uint64_t *modseq)
    __attribute__((warn_unused_result));

/* Makes those of these addresses that are missing, and removes those of others. Nothing is written when there
 * is nothing to do, and past IDENTITY_COUNT_MAX none is made. -EROFS: there is something to do, and it is a
 * read. */
int account_identities_follow(struct txn *t, uint64_t shard, int64_t now, const struct view *addresses,
    size_t count) __attribute__((warn_unused_result));

/* All of them, which changed behind `since`. One that is damaged is none, and costs no other one. -ENOENT: no
 * such account. */
struct account_identities {
	uint64_t shard, since;
	void (*done)(struct account_identities *s, int result);
	void *arg;

	/* Results, valid until account_identities_free when the result is 0. */
	struct account_identity *list; /* ascending by number */
	size_t count;
	uint64_t state; /* head.identities_modseq */

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	struct arena *arena;
	size_t at;
};

void account_identities(struct accounts *a, struct account_identities *s);
void account_identities_free(struct account_identities *s);

#endif
