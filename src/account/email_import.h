/*
 * A new email of a session, whose bytes come with it or are in the store already: kept for a while, or those
 * of another email. Used as account.h is.
 */
#ifndef ACCOUNT_EMAIL_IMPORT_H
#define ACCOUNT_EMAIL_IMPORT_H

#include "account/account.h"

struct account_email_import {
	struct account_delivery *delivery; /* one target; its `done` is not called */
	/* Where the delivery's `blob` is named, so that it is there when the email is made: -ESTALE when it
	 * is not any more. 0: nowhere, it comes as an upload. */
	uint64_t source_shard;
	uint64_t source_email; /* 0: it is kept: */
	uint64_t source_kept;
	int64_t source_expires;
	void (*done)(struct account_email_import *i, int result);
	void *arg;

	/* Results are the target's, and these. */
	uint64_t thread, size;
	struct account_places places; /* of the email, with its UIDs */

	/* Internal. */
	struct store_commit commit;
};

/* -ENOENT: no such account; -ENXIO: no such mailbox. Else as account_deliver. */
void account_email_import(struct accounts *a, struct account_email_import *i);

#endif
