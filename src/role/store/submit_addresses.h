/*
 * What the directory says of a submission's addresses: a read of DIRECTORY_SHARD. It is asked before anything
 * is queued, so that a person hears at once what cannot be; relay asks again when the message goes.
 */
#ifndef ROLE_STORE_SUBMIT_ADDRESSES_H
#define ROLE_STORE_SUBMIT_ADDRESSES_H

#include "base/arena.h"
#include "store/store.h"

struct submit_addresses {
	uint64_t account;
	const struct view *addresses; /* the caller's until done; as SMTP writes them */
	size_t count, own;            /* the first `own` of them have to be the account's */
	void (*done)(struct submit_addresses *s, int result);

	/* Result: of each address 0, or -EPERM: it is not the account's; -ENOENT: it is of this server, and
	 * mail for it goes nowhere; -EINVAL: it is none. */
	int *results;

	/* Internal. */
	struct store_read read;
	size_t at;
};

/* The results are the caller's memory, one for each. */
void submit_addresses(struct store *store, struct submit_addresses *s);

#endif
