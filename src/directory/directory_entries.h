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

/* The keys of one domain's accounts ('a') or aliases ('l'). */
void directory_domain_range(
    char letter, struct view domain, struct directory_key *from, struct directory_key *to);

/* From behind the version byte of a value. */
int directory_decode_domain(struct cursor *c, struct directory_domain *d) __attribute__((warn_unused_result));
int directory_decode_account(struct cursor *c, struct directory_account *a)
    __attribute__((warn_unused_result));

/* 0, -ENOENT, -EBADMSG, or the store's error. */
int directory_find_domain(struct txn *t, struct view name, struct directory_domain *d)
    __attribute__((warn_unused_result));
int directory_find_account(struct txn *t, const struct address *address, struct directory_account *a)
    __attribute__((warn_unused_result));
int directory_find_alias(struct txn *t, const struct address *address, struct view *targets)
    __attribute__((warn_unused_result));

#endif
