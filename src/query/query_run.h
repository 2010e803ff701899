/*
 * Finds the messages of a mailbox that meet a search program: a machine that asks an account the questions of
 * mail/mail.h. It asks for what is cheap first, and for dearer things only of messages that are still open:
 * flags; then dates, sizes and ids; then the index, one question for each condition on text; then summaries,
 * headers, and at last whole messages, where the index can't tell. Each message is at any time in (yes), out,
 * or open; a condition that isn't known yet is "maybe" (the logic of Kleene).
 *
 * Where the newest ones are enough and there is one condition on text, the index is asked from the highest
 * UID down, and goes no further than it takes: whoever types waits for a few messages and not for a million.
 *
 * Memory: two bits a message, and two for each condition on text.
 */
#ifndef QUERY_QUERY_RUN_H
#define QUERY_QUERY_RUN_H

#include "query/query.h"
#include "query/query_set.h"

struct query_run;

struct query_host {
	/* Answers come by query_run_answer, in order, never within this call. One question is under way at a
	 * time. */
	void (*ask)(void *arg, enum mail_type type, const void *question);
	/* The number of a keyword in the account, as far as MAIL_KEYWORDS told it. */
	bool (*keyword)(void *arg, struct view name, uint32_t *number);
	/* The end: 0, or a negative errno of an answer, or -ENOMEM. The run may be freed in it. */
	void (*done)(void *arg, int64_t error);
};

enum query_modseq { QUERY_MODSEQ_FIRST = 1, QUERY_MODSEQ_LAST = 2, QUERY_MODSEQ_ALL = 4 };

struct query_question {
	uint64_t account, mailbox;
	uint64_t owner;              /* the account's number, as ids have it */
	struct view uids;            /* ranges of all messages that count: others are not found */
	const struct query *program; /* lives as long as the run */
	unsigned modseq;             /* enum query_modseq: of which messages the highest modseq is wanted */
	uint32_t
	    newest; /* only so many count, those with the highest UIDs: others need not be found; 0: all */
};

/* 0, -ENOMEM, -EINVAL for broken ranges, -E2BIG: too many conditions on text. query_run_start begins. */
int query_run_new(const struct query_question *question, const struct query_host *host, void *arg,
    struct query_run **run) __attribute__((warn_unused_result));
void query_run_free(
    struct query_run *run); /* NULL is allowed; answers that are still to come must not be handed in */

/* May end at once, in `done`. */
void query_run_start(struct query_run *run);
void query_run_answer(struct query_run *run, enum mail_type type, const void *answer);

/* What was found, once it is done. */
const struct query_set *query_run_found(const struct query_run *run);
const struct query_places *query_run_places(const struct query_run *run);
uint64_t query_run_modseq(const struct query_run *run); /* of the messages found that were named; 0: none */
/* How many of the messages it has decided on so far; all of them in the end. */
uint32_t query_run_decided(const struct query_run *run);
/* Whether messages were looked through that the index doesn't know yet. */
bool query_run_unindexed(const struct query_run *run);

#endif
