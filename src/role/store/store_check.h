/* What only those can check who know what the entries mean: whether those of each account agree
 * (account/check.h). For `store check`, behind the engine's own, on the server and on the command line. */
#ifndef ROLE_STORE_STORE_CHECK_H
#define ROLE_STORE_STORE_CHECK_H

#include "account/check.h"

enum { STORE_CHECK_AT_ONCE = 200 }; /* accounts that are listed at a time */

struct store_checking {
	struct accounts *accounts;
	void (*done)(struct store_checking *x, int result);
	void *arg;

	/* Results. */
	uint64_t mailboxes, contradictions;

	/* Internal. */
	struct store_read read;
	uint64_t shards[STORE_CHECK_AT_ONCE], after;
	size_t count, next;
	struct account_check account;
};

void store_check_accounts(struct store_checking *x);

#endif
