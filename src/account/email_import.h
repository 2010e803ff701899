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
	/* Who imports into another's account; NULL: it is the owner's. A twin that it may not see is none. */
	const struct account_who *who;
	void (*done)(struct account_email_import *i, int result);
	void *arg;

	/* Results are the target's, and these. */
	uint64_t existing; /* with -EEXIST */
	uint64_t thread, size;
	struct account_places places; /* of the email, with its UIDs */

	/* Internal. */
	struct store_commit commit;
	struct account_kept kept;
};

/* -ENOENT: no such account; -ENXIO: no such mailbox; -EEXIST: an email of this account is made of the same
 * bytes, of the same kept body or it is itself their source (`existing`). Else as account_deliver. */
void account_email_import(struct accounts *a, struct account_email_import *i);

#endif
