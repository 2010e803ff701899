/*
 * Inside account/: does each message (M) say of its email what the email says (E, Z)? Its size, its dates,
 * and what sorts and threads are made of, which are kept twice so that lists need not look at emails. Used as
 * account.h is.
 */
#ifndef ACCOUNT_CHECK_EMAILS_H
#define ACCOUNT_CHECK_EMAILS_H

#include "account/account.h"

enum { CHECK_EMAILS_SLICE = 300 /* messages that one read looks at: of each M, E and Z */ };

struct account_check_emails {
	uint64_t shard;
	void (*done)(struct account_check_emails *x, int result);

	/* Result: messages that say something else, or whose email is not there. Each slice is one moment's.
	 */
	uint64_t wrong;

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	struct account_message *messages; /* of this slice */
	size_t count, wrong_here;         /* and of them */
	char from[STORE_KEY_MAX + 1], next[STORE_KEY_MAX + 1];
	size_t from_len, next_len;
};

void account_check_emails(struct accounts *a, struct account_check_emails *x);

#endif
