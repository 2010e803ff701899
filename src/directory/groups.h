/*
 * Groups of users: lists of accounts that rights are given to (RFC 4314). They have a name like an address,
 * in a domain of ours, and take no mail. Used inside store `run` functions, as directory.h is; addresses are
 * given in any form.
 */
#ifndef DIRECTORY_GROUPS_H
#define DIRECTORY_GROUPS_H

#include "directory/directory.h"

enum {
	DIRECTORY_GROUP_MEMBERS_MAX = 1000,
	DIRECTORY_GROUPS_OF_ACCOUNT_MAX =
	    100 /* all of them are looked at whenever another's mailbox is used */
};

/* Adds a member; the first one makes the group. -ENOENT: no such domain; -ENXIO: no such account; -EMLINK:
 * one of the limits. */
int directory_group_add(struct txn *t, struct view group, struct view member)
    __attribute__((warn_unused_result));

/* Takes a member out. With the last one the group goes: one of that name that is made later is another.
 * -ENOENT. */
int directory_group_remove(struct txn *t, struct view group, struct view member)
    __attribute__((warn_unused_result));

/* The group's number, which grants name. -ENOENT. */
int directory_group_number(struct txn *t, struct view group, uint64_t *number)
    __attribute__((warn_unused_result));

/* Its name; and the address of the account of a shard. -ENOENT. The view is as in directory.h. */
int directory_group_name(struct txn *t, uint64_t number, struct view *group)
    __attribute__((warn_unused_result));
int directory_account_address(struct txn *t, uint64_t shard, struct view *address)
    __attribute__((warn_unused_result));

/* All accounts, by their shards, from behind `after`: at most STORE_READ_KEYS_MAX a call. visit as in
 * txn_range. */
int directory_number_each(struct txn *t, uint64_t after, int (*visit)(void *arg, uint64_t shard), void *arg)
    __attribute__((warn_unused_result));

/* The groups that an account is in: at most DIRECTORY_GROUPS_OF_ACCOUNT_MAX numbers. */
int directory_groups_of(struct txn *t, uint64_t shard, uint64_t *numbers, size_t *count)
    __attribute__((warn_unused_result));

/* Lists, in order, from behind `after` (empty: from the start): groups of a domain, members of a group. */
int directory_group_each(struct txn *t, struct view domain, struct view after,
    int (*visit)(void *arg, struct view group, uint64_t members), void *arg)
    __attribute__((warn_unused_result));
int directory_member_each(struct txn *t, struct view group, struct view after,
    int (*visit)(void *arg, struct view member), void *arg) __attribute__((warn_unused_result));

/* For directory_account_add and _delete: the account's address by its number; its memberships go with it. */
int directory_account_name_put(struct txn *t, uint64_t shard, const struct address *address)
    __attribute__((warn_unused_result));
/* The account has another address: in the lists of its groups as well. */
int directory_member_rename(struct txn *t, uint64_t shard, const struct address *address)
    __attribute__((warn_unused_result));
int directory_account_name_delete(struct txn *t, uint64_t shard) __attribute__((warn_unused_result));

#endif
