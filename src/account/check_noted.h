/*
 * Inside account/: does what was noted of an account's messages and mailboxes agree? Each annotation (A) is
 * of a message that there is (M), and the head counts them and the metadata (W), by number and by octets.
 * Used as account.h is.
 */
#ifndef ACCOUNT_CHECK_NOTED_H
#define ACCOUNT_CHECK_NOTED_H

#include "account/account.h"

struct account_check_noted {
	uint64_t shard;
	void (*done)(struct account_check_noted *x, int result);

	/* Result. An account that changes all the time is left: then it is false. */
	bool wrong;

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	struct account_place *places; /* the messages of this slice's annotations */
	size_t place_count, seen;
	char from[STORE_KEY_MAX + 1];
	size_t from_len;
	bool metadata, changed; /* of the walk: it is at W; the account has changed meanwhile */
	unsigned tries;
	uint64_t modseq, counts[2], bytes; /* of A and of W */
};

void account_check_noted(struct accounts *a, struct account_check_noted *x);

#endif
