/*
 * Which programs run for an account's mail, as store remembers it, so that mail for those who have no rules
 * costs one look into a table. Whoever changes a script, or what else decides about it, says so here, before
 * the change is answered. So mail that comes behind the answer meets what was put; a delivery that is under
 * way goes on with what it began with.
 */
#ifndef ROLE_STORE_RULES_STATE_H
#define ROLE_STORE_RULES_STATE_H

#include "account/scripts.h"

/* A program is named, to the rules role too, by the account that it runs for, `id` and version. */
#define RULES_PROGRAM_SERVER                                                                                 \
	((uint64_t)1 << 62) /* of the server; else the account's script of this number                       \
	                     */

#define RULES_PROGRAM_TRIED                                                                                  \
	((uint64_t)1 << 61) /* no script that was put down: its form comes from who tries it */

#define RULES_TRIED_VERSIONS (((uint64_t)1 << 62) - 1)

struct rules_program {
	uint64_t id;
	uint64_t version;
	uint8_t kind; /* enum rules_program_kind of process/messages_rules.h */
	struct view name;
};

/* Never changes. In the order in which they run: of the server before, the account's, of the server after. */
struct rules_state {
	unsigned held;
	uint64_t modseq; /* of the account's head */
	size_t count;    /* 0: nothing runs */
	struct rules_program programs[];
};

/* What is remembered; NULL: nobody has asked lately. It lives until the end of the turn, or as long as it is
 * held. */
struct rules_state *rules_state_known(uint64_t shard);
void rules_state_hold(struct rules_state *state);
void rules_state_release(struct rules_state *state); /* NULL is allowed */

/*
 * The same, read if need be; `done` is called, perhaps at once, and may free the question. state: held, the
 * caller's; of no use with an error of the store. Of an account that is not there: without programs.
 */
struct rules_state_question {
	uint64_t shard;
	void (*done)(struct rules_state_question *q, int result);
	void *arg;

	struct rules_state *state; /* result */

	/* Internal. */
	struct rules_state_question *next;
	struct account_rules rules;
	uint64_t changes;
};

void rules_state_ask(struct rules_state_question *q);

/* An account's rules have changed, or the server's (ACCOUNT_SERVER), or may have: to be called behind each
 * commit that tries to. */
void rules_state_changed(uint64_t shard);

/* The script that a program was made of. */
static inline uint64_t rules_program_shard(uint64_t account, uint64_t id)
{
	return id & RULES_PROGRAM_SERVER ? ACCOUNT_SERVER : account;
}

static inline uint64_t rules_program_number(uint64_t id)
{
	return id & ~RULES_PROGRAM_SERVER;
}

/* At the end of the process. */
void rules_state_forget_all(void);

#endif
