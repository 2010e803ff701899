/*
 * File links of an account (mail/file_link.h): entries C 'U'. Each names its blob by itself, so that the
 * upload that it was made of may go. For `run` functions.
 */
#ifndef ACCOUNT_FILE_LINK_H
#define ACCOUNT_FILE_LINK_H

#include "account/account.h"
#include "mail/file_link.h"

/* Each, those whose time is over too, in the order of their making, until `visit` gives something else than
 * 0, which is given back. One that is damaged is none, and costs no other one; the log names the shard.
 * Texts as txn_get's. -ENOENT: no such account. */
int account_file_links_each(
    struct txn *t, uint64_t shard, int (*visit)(void *arg, const struct account_file_link *l), void *arg)
    __attribute__((warn_unused_result));

/* How many there are whose time is not over at `now`, and the octets of their files together. One that is
 * damaged counts, without octets. */
int account_file_links_sum(struct txn *t, uint64_t shard, int64_t now, uint64_t *count, uint64_t *bytes)
    __attribute__((warn_unused_result));

/* -ENOENT: there is none, or its time is over at `now`. */
int account_file_link_get(struct txn *t, uint64_t shard, uint32_t number, int64_t now,
    struct account_file_link *l) __attribute__((warn_unused_result));

/* Changes one that there is. Its texts must not be those of a txn_get. */
int account_file_link_put(struct txn *t, uint64_t shard, const struct account_file_link *l)
    __attribute__((warn_unused_result));

/*
 * Makes one of what is kept under `kept_id` and `kept_expires` (account_keep). The caller gives secret, name,
 * type, created (now) and expires; number, size and blob are set here. space: what the files of all may take
 * together. -ENOENT: nothing is kept so (any more); -EDQUOT: `space`; -EMLINK: FILE_LINKS_MAX.
 */
int account_file_link_make(struct txn *t, uint64_t shard, uint64_t kept_id, int64_t kept_expires,
    uint64_t space, struct account_file_link *l) __attribute__((warn_unused_result));

/* Also one that cannot be read. -ENOENT: there is none. */
int account_file_link_remove(struct txn *t, uint64_t shard, uint32_t number)
    __attribute__((warn_unused_result));

/* For upkeep: whether some have been over for so long that nobody fetches them any more; and drops them, a
 * slice at a time. *more: there are (more) of these. */
int account_file_links_expired(struct txn *t, uint64_t shard, int64_t now, bool *more)
    __attribute__((warn_unused_result));
int account_file_links_drop(struct txn *t, uint64_t shard, int64_t now, uint64_t *dropped, bool *more)
    __attribute__((warn_unused_result));

#endif
