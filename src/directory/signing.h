/*
 * The keys that sign a domain's mail (format/signing_key.h), in the directory shard. The private half is kept
 * as the keys role has sealed it: nobody else can read it. Used inside store `run` functions, as directory.h
 * is; domains are given in any form. Views in results are as in directory.h.
 */
#ifndef DIRECTORY_SIGNING_H
#define DIRECTORY_SIGNING_H

#include "directory/directory.h"
#include "format/signing_key.h"

enum {
	/* Octets of a sealed private half: RSA-2048 has 1,220. With the record it fits an entry. */
	DIRECTORY_SEALED_MAX = 1300
};

/*
 * Makes the key or replaces it, by its domain and selector. `sealed` is the private half; with `keeps` the
 * one that is there stays, and so does the wish that is noted there, as long as the key is active: an
 * administrator may have noted it since the keys role read the key. -ENOENT: no such domain, or nothing to
 * keep; -EINVAL: no selector, or what is to be kept has no bounds; -EMLINK: SIGNING_KEYS_MAX.
 */
int directory_signing_put(struct txn *t, const struct signing_key *key, struct view sealed, bool keeps)
    __attribute__((warn_unused_result));

/* -ENOENT. */
int directory_signing_delete(struct txn *t, struct view domain, struct view selector)
    __attribute__((warn_unused_result));

/* The wish that the key has is met, and is noted no more; another one stays. -ENOENT. */
int directory_signing_unwish(struct txn *t, struct view domain, struct view selector, enum signing_wish met)
    __attribute__((warn_unused_result));

/* Notes a wish at each key of the domain that is active. -ENOENT: none is. */
int directory_signing_wish(struct txn *t, struct view domain, enum signing_wish wish)
    __attribute__((warn_unused_result));

/*
 * Lists the keys in the order of their domains and selectors: of one domain, or of all when it is empty; from
 * behind the key of `after_domain` and `after` when that is not empty. At most STORE_READ_KEYS_MAX a call.
 * visit as in txn_range.
 */
int directory_signing_each(struct txn *t, struct view domain, struct view after_domain, struct view after,
    int (*visit)(void *arg, const struct signing_key *key, struct view sealed), void *arg)
    __attribute__((warn_unused_result));

/* For directory_domain_delete: the keys of a domain (in its normal form) go with it. */
int directory_signing_forget(struct txn *t, struct view domain) __attribute__((warn_unused_result));

#endif
