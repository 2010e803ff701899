/*
 * Which objects of a kind went since a state: their numbers stand in the log (L), what is there says of
 * itself since when it is. -ESTALE: the log does not reach so far back. -ENOENT: no such account.
 */
#ifndef ACCOUNT_LOG_GONE_H
#define ACCOUNT_LOG_GONE_H

#include "account/account.h"

struct account_log_gone {
	uint64_t shard, since;
	enum account_kind kind;
	void (*done)(struct account_log_gone *g, int result);
	void *arg;

	/* Results, valid until account_log_gone_free when the result is 0. */
	uint64_t *numbers;
	size_t count;

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	struct account_key from, next;
	size_t kept, slice;
};

void account_log_gone(struct accounts *a, struct account_log_gone *g);
void account_log_gone_free(struct account_log_gone *g);

#endif
