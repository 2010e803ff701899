/*
 * The names of an account's keywords, and which of them messages have beyond those with a bit: what a session
 * needs to tell flags. Used as account.h is.
 */
#ifndef ACCOUNT_KEYWORD_NAMES_H
#define ACCOUNT_KEYWORD_NAMES_H

#include "account/account.h"

struct account_keyword_names {
	uint64_t shard;
	uint64_t known; /* names up to this change are known already; if nothing is newer, none are given */
	uint32_t mailbox;
	const uint32_t *uids; /* ascending: messages whose flags have FLAG_MORE; at most ACCOUNT_LIST_MAX */
	size_t uid_count;
	void (*done)(struct account_keyword_names *k, int result);
	void *arg;

	/* Results, valid until account_keyword_names_free when the result is 0. */
	bool has_names;
	uint64_t modseq; /* of the last change of a name */
	struct buf
	    names; /* for each: number (4 octets), length of the name (1), name: struct mail_keywords */
	struct account_more *more; /* of each UID; none, count 0, for one that has none any more */

	/* Internal. */
	struct store_read read;
	uint32_t from, next; /* the number from which names are read on, and the next slice's */
	bool slice_more;
	size_t begun; /* octets of names that earlier slices had filled */
	struct accounts *accounts;
};

void account_keyword_names(struct accounts *a, struct account_keyword_names *k);
void account_keyword_names_free(struct account_keyword_names *k);

#endif
