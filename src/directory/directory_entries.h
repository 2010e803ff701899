/* Inside account/: keys and entries of the directory shard, for names that are in their normal form already.
 */
#ifndef DIRECTORY_DIRECTORY_ENTRIES_H
#define DIRECTORY_DIRECTORY_ENTRIES_H

#include "directory/directory.h"
#include "base/cursor.h"

struct directory_key {
	char data[STORE_KEY_MAX];
	size_t len;
};

static inline struct view directory_key_view(const struct directory_key *k)
{
	return view_of(k->data, k->len);
}

/* A letter and a name, or a letter, domain, NUL and local part. */
struct directory_key directory_letter_key(char letter, struct view rest);
struct directory_key directory_address_key(char letter, const struct address *a);
void directory_key_add(struct directory_key *k, struct view part);
struct directory_key directory_number_key(char letter, uint64_t number);
struct directory_key directory_pair_key(char letter, uint64_t a, uint64_t b);

/* A number that no account and no group ever had, as an account's shard. */
int directory_next_number(struct txn *t, uint64_t *shard) __attribute__((warn_unused_result));

/* The keys of one domain's accounts ('a'), aliases ('l') or masked addresses ('o'). */
void directory_domain_range(
    char letter, struct view domain, struct directory_key *from, struct directory_key *to);

/*
 * rename_follow.c: aliases and catch-alls that lead to one address lead to the other from now on, in all
 * domains. *count: how many. -E2BIG: more than DIRECTORY_LED_MAX; nothing was written.
 */
int directory_lead_to(struct txn *t, const struct address *from, const struct address *to, size_t *count)
    __attribute__((warn_unused_result));

/* An entry as it is stored. Get: *c stands behind its version. */
struct entry;
int directory_put(struct txn *t, const struct directory_key *k, const struct entry *e)
    __attribute__((warn_unused_result));
int directory_get(struct txn *t, const struct directory_key *k, struct cursor *c)
    __attribute__((warn_unused_result));

/* An entry that is a text. */
int directory_text_put(struct txn *t, const struct directory_key *k, struct view text)
    __attribute__((warn_unused_result));
int directory_text_get(struct txn *t, const struct directory_key *k, struct view *text)
    __attribute__((warn_unused_result));

/* members.c: a group (groups.h) by its name. is_member: 0 or -ENOENT. With its last member a group goes. */
struct directory_group {
	uint64_t number, members;
};
int directory_group_get(struct txn *t, const struct address *name, struct directory_group *g)
    __attribute__((warn_unused_result));
int directory_group_put(struct txn *t, const struct address *name, const struct directory_group *g)
    __attribute__((warn_unused_result));
int directory_is_member(struct txn *t, uint64_t shard, uint64_t number) __attribute__((warn_unused_result));
int directory_member_remove(struct txn *t, const struct address *name, struct directory_group *g,
    uint64_t shard) __attribute__((warn_unused_result));

/* From behind the version byte of a value. */
int directory_decode_domain(struct cursor *c, struct directory_domain *d) __attribute__((warn_unused_result));
int directory_decode_account(struct cursor *c, struct directory_account *a)
    __attribute__((warn_unused_result));

struct directory_masked;
int directory_decode_masked(struct cursor *c, struct directory_masked *m) __attribute__((warn_unused_result));

/* Also those that were removed: `removed` says so. Write: as it is. */
int directory_domain_entry(struct txn *t, struct view name, struct directory_domain *d)
    __attribute__((warn_unused_result));
int directory_account_entry(struct txn *t, const struct address *address, struct directory_account *a)
    __attribute__((warn_unused_result));
int directory_domain_write(struct txn *t, struct view name, const struct directory_domain *d)
    __attribute__((warn_unused_result));
int directory_account_write(struct txn *t, const struct address *address, const struct directory_account *a)
    __attribute__((warn_unused_result));

/* 0, -ENOENT (also of what was removed), -EBADMSG, or the store's error. */
int directory_find_domain(struct txn *t, struct view name, struct directory_domain *d)
    __attribute__((warn_unused_result));
int directory_find_account(struct txn *t, const struct address *address, struct directory_account *a)
    __attribute__((warn_unused_result));
int directory_find_alias(struct txn *t, const struct address *address, struct view *targets)
    __attribute__((warn_unused_result));
int directory_find_masked(struct txn *t, const struct address *address, struct directory_masked *m)
    __attribute__((warn_unused_result));

#endif
