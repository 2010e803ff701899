/*
 * Masked addresses: addresses that a user has made for himself, of which the directory knows whose they are
 * and whether they are on. One that is off takes no mail, and is nobody else's either, for ever: also when
 * its account is gone, and when another account gets the address of that one. In `run` functions, as
 * directory.h.
 */
#ifndef DIRECTORY_MASKED_H
#define DIRECTORY_MASKED_H

#include "directory/directory.h"

struct directory_masked {
	uint64_t owner; /* the account's shard */
	bool on;
	uint32_t
	    number; /* the account's own of it (account/masked.h); 0: one that was made before it was kept */
};

/*
 * Makes one. -EEXIST: somebody or something has this address; -ENOENT: no such account or domain, or the
 * domain is another one's alias; -EINVAL: it is a sub-address, which is somebody else's by the domain's
 * separator.
 */
int directory_masked_add(struct txn *t, struct view address, const struct directory_masked *m)
    __attribute__((warn_unused_result));

/* Turns one of this owner's on or off. -ENOENT: there is none; -EACCES: it is not this account's. */
int directory_masked_set(struct txn *t, struct view address, const struct directory_masked *m)
    __attribute__((warn_unused_result));

/* One of this address, in any form, also by another name of the domain: its normal form in *normal. -ENOENT.
 */
int directory_masked_get(struct txn *t, struct view address, struct directory_masked *m,
    struct address *normal) __attribute__((warn_unused_result));

/* A domain's, in slices, as directory_alias_each lists aliases. */
int directory_masked_each(struct txn *t, struct view domain, struct view after,
    int (*visit)(void *arg, struct view address, const struct directory_masked *m), void *arg)
    __attribute__((warn_unused_result));

#endif
