/*
 * Inside account/: do an account's scripts agree with its head, which counts them and names the active one,
 * and with one another? No two have one name, and all numbers have been given. Used as account.h is.
 */
#ifndef ACCOUNT_CHECK_SCRIPTS_H
#define ACCOUNT_CHECK_SCRIPTS_H

#include "account/scripts.h"

struct account_check_scripts {
	uint64_t shard;
	void (*done)(struct account_check_scripts *x, int result);
	void *arg;

	bool wrong; /* result */

	/* Internal. */
	struct store_read read;
	uint64_t count, bytes;
	int active_seen;
	struct account_head head;
	uint64_t names[ACCOUNT_SCRIPTS_ALL_MAX]; /* hashes of place and name */
};

void account_check_scripts(struct accounts *a, struct account_check_scripts *x);

#endif
