/*
 * Messages from one account to another: shared mailboxes are in their owner's account. Each becomes an email
 * of the other account, with its flags, dates and keywords, and with the same body, which is there once. All
 * of a copy are added or none. A move removes them behind that: whatever happens between, nothing is lost.
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
	void (*done)(struct question *q, int result); /* -E2BIG: more than ACCOUNT_APPEND_MAX */

	/* Results. */
	size_t copied_count;
	uint32_t uidvalidity;                             /* of the target */
	uint64_t modseq;                                  /* of a move's removal */
	struct account_listed listed[ACCOUNT_APPEND_MAX]; /* copied_count of them; only `uid` is of use */

	/* Internal. */
	struct account_list list;
	struct account_listed slice[ACCOUNT_LIST_MAX];
	struct account_keyword_names names;
	uint32_t more_uids[ACCOUNT_APPEND_MAX];
	size_t found, fetched, more_count;
	uint64_t emails[ACCOUNT_APPEND_MAX];
	struct account_fetch fetch;
	struct right_across_message *messages;
	struct account_delivery *deliveries[ACCOUNT_APPEND_MAX];
	struct account_append append;
	struct account_expunge expunge;
	struct account_removed removed;
	uint32_t removed_uids[ACCOUNT_APPEND_MAX], sources[ACCOUNT_APPEND_MAX];
};

void right_across(struct right_across *a);
void right_across_free(struct right_across *a); /* NULL is allowed; frees it as well */

/* The new UID of a message that was copied. */
uint32_t right_across_uid(const struct right_across *a, size_t i);

#endif
