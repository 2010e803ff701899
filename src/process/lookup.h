/*
 * Runs an evaluation over DNS answers (trust/dns/answers.h): asks the dns role what is missing, all at
 * once, and says when to run it again. The owner embeds it and keeps it where it is until lookup_done.
 */
#ifndef PROCESS_LOOKUP_H
#define PROCESS_LOOKUP_H

#include "process/role.h"
#include "trust/dns/answers.h"

struct lookup {
	struct answers answers;
	struct calls *dns;
	struct loop_task again;
	uint64_t timeout_ms;
	void (*ready)(void *arg);
	void *arg;
	bool given_up;
	struct lookup_question *questions; /* under way */
};

/*
 * dns: the calls to the dns role; `ready` is called at the end of a turn, when everything that was asked has
 * been answered: run the evaluation then. timeout_ms as in MESSAGE_QUERY.
 */
void lookup_init(struct lookup *l, struct loop *loop, struct calls *dns, uint64_t timeout_ms,
    void (*ready)(void *), void *arg);

/* The same with limits for the table of answers: answers_init_for. */
void lookup_limit(struct lookup *l, unsigned questions_max, size_t memory_max);

/* What is under way, and what is asked from now on, counts as failed: `ready` follows at once. */
void lookup_give_up(struct lookup *l);

/*
 * The evaluation gave WAIT: asks what it named. `ready` follows in any case: without a dns role the questions
 * count as failed.
 */
void lookup_ask(struct lookup *l);

/* Forgets questions and answers; `ready` is not called any more. May be called from `ready`. */
void lookup_done(struct lookup *l);

#endif
