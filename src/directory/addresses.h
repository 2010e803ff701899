/*
 * The addresses that lead to an account and to nobody else: its own, the same in domains that are aliases of
 * its domain, and aliases in its domain with it as their only target. Masked addresses (masked.h) are not
 * among them: they would be hundreds. Used inside `run` functions, as directory.h is.
 */
#ifndef DIRECTORY_ADDRESSES_H
#define DIRECTORY_ADDRESSES_H

#include "base/buf.h"
#include "directory/directory.h"

/* Of aliases so many slices are looked at, of STORE_READ_KEYS_MAX each: past them only the first ones count.
 */
enum {
	DIRECTORY_ADDRESSES_SLICES = 20,
	DIRECTORY_ADDRESSES_MAX = 100,
	DIRECTORY_ADDRESSES_BYTES = 64 * 1024
};

struct directory_addresses {
	uint64_t shard;
	struct buf lines; /* result: the addresses, each with a line feed; its own is the first */
	size_t count;

	/* Internal. */
	struct address own, after, last;
	size_t slices, kept, kept_len; /* of the slices before this one */
	bool more;
};

void directory_addresses_init(struct directory_addresses *a, uint64_t shard);
void directory_addresses_done(struct directory_addresses *a);

/* A slice. -ENOENT: no such account. */
int directory_addresses(struct txn *t, struct directory_addresses *a) __attribute__((warn_unused_result));

/* Behind the read of a slice, outside: whether another one is to be read. */
bool directory_addresses_more(struct directory_addresses *a);

#endif
