/*
 * Subscriptions to what changes in an account (mail/push.h): entries of the account, C 'P' number, and C 'T'
 * number for what they want to know of emails (mail/email_push.h), where they want that. They stand
 * in no state and no log: a client finds its own again by its device's id. Numbers are random. Functions for
 * `run`; those that may refuse do so before they write.
 */
#ifndef ACCOUNT_PUSH_H
#define ACCOUNT_PUSH_H

#include "account/account.h"
#include "mail/push.h"

enum {
	ACCOUNT_PUSH_WRITES = 2 * PUSH_COUNT_MAX + 2, /* entries that one function changes at most */
	ACCOUNT_PUSH_NUMBERS = 1 << 30                /* numbers are from 1 to this */
};

/* Any of them: for whoever is not one of the account's sessions. */
#define ACCOUNT_PUSH_ANY UINT64_MAX

struct account_push {
	uint64_t number;
	uint64_t session; /* what it was made with: right.h's; 0: a password */
	int64_t expires;
	bool verified, all_types;
	struct view url, device, types;
	struct view point, auth; /* empty: not encrypted */
	struct view code;
	bool emails;                        /* it has a C 'T' entry */
	struct view email_json, email_form; /* of one that is added; else account_push_emails has them */
};

/* Each of them until `visit` gives something else than 0, which is given back; in the order of their numbers.
 * Texts as txn_get's. One that is damaged is none, and costs no other one. */
int account_push_each(struct txn *t, uint64_t shard, int (*visit)(void *arg, const struct account_push *p),
    void *arg) __attribute__((warn_unused_result));

/* What a subscription wants to know of emails: the client's words, and their form. Texts as txn_get's.
 * -ENOENT.
 */
int account_push_emails(struct txn *t, uint64_t shard, uint64_t number, struct view *json, struct view *form)
    __attribute__((warn_unused_result));

/* Adds one; those that have expired make room. -EMLINK; -EEXIST: its number is taken; -EINVAL: past a limit;
 * -ENOENT: no such account. */
int account_push_add(struct txn *t, uint64_t shard, int64_t now, const struct account_push *p)
    __attribute__((warn_unused_result));

/* As struct push_update has it; *expires: what it is now. -ENOENT also for another session's, and for one
 * that has expired. */
int account_push_update(struct txn *t, uint64_t shard, int64_t now, uint64_t session,
    const struct push_update *m, int64_t *expires) __attribute__((warn_unused_result));

/* -ENOENT also for another session's. */
int account_push_remove(struct txn *t, uint64_t shard, uint64_t session, uint64_t number)
    __attribute__((warn_unused_result));

/* Removes those that have expired, and all that `session` has made (ACCOUNT_PUSH_ANY: of none). *left: how
 * many there are behind it, those that are damaged as well, which stay. */
int account_push_sweep(struct txn *t, uint64_t shard, int64_t now, uint64_t session, bool all, size_t *left)
    __attribute__((warn_unused_result));

#endif
