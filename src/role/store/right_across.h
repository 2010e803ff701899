/*
 * Messages from one account to another: shared mailboxes are in their owner's account. Each becomes an email
 * of the other account, with its dates and keywords, with those flags and annotations that the session may
 * set there, and with the same body, which is there once.
 *
 * It is done in steps of some dozens of messages. A step of a move adds and removes in one commit, so that
 * each message is in one place at any time. The steps of a copy leave an intent behind, which the last one
 * withdraws: so a copy is whole or, whatever happens, not there.
 */
#ifndef ROLE_STORE_RIGHT_ACROSS_H
#define ROLE_STORE_RIGHT_ACROSS_H

#include "account/append.h"
#include "account/keyword_names.h"
#include "role/store/question.h"

struct right_across_message;

struct right_across {
	struct question *question;
	struct right_mailbox from, to;
	bool move;
	const uint32_t *uids; /* ascending; the caller's */
	size_t count;
	uint32_t *copied, *new_uids;                  /* results, each with room for all; the caller's */
	void (*done)(struct question *q, int result); /* -E2BIG: a copy of more than 900 steps */

	/* Results: of a move also what was done before an error; of a copy that failed nothing. */
	size_t copied_count;
	uint32_t uidvalidity; /* of the target */
	uint64_t modseq;      /* of a move's last removal */

	/* Internal. */
	uint32_t first; /* of this step, or above it */
	unsigned tries; /* of this step */
	bool complete;  /* nothing is left to be undone */
	int failure;
	struct account_target warning; /* of a quota that is nearly used up */
	struct account_list list;
	struct account_listed slice[ACCOUNT_LIST_MAX];
	struct account_listed listed[ACCOUNT_APPEND_MAX]; /* of this step: `found` of them */
	struct account_keyword_names names;
	uint32_t more_uids[ACCOUNT_APPEND_MAX];
	size_t found, fetched, more_count;
	bool others; /* more messages follow behind these */
	uint64_t emails[ACCOUNT_APPEND_MAX];
	uint32_t sources[ACCOUNT_APPEND_MAX];
	struct account_fetch fetch;
	struct right_across_message *messages;
	struct account_delivery *deliveries[ACCOUNT_APPEND_MAX];
	struct account_append append;
	struct account_request undo;
};

void right_across(struct right_across *a);
void right_across_free(struct right_across *a); /* NULL is allowed; frees it as well */

#endif
