/* EMAIL_STATES: the states of an account's objects. */
#include <string.h>

#include "base/container.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

struct right_states {
	struct question question;
	struct right_account account;
	struct account_states own; /* of the own account; another's have been read with the access to it */
};

static const struct question_kind kind = {.go_on = NULL};

static void answer(struct right_states *x, const struct account_states *s)
{
	struct question *q = &x->question;
	char octets[8 * MAIL_STATES];
	uint64_t states[MAIL_STATES];
	memcpy(states, s->states, sizeof states);
	if (x->account.who) {
		/* What else the owner has, and when it changes, is nobody else's business. And an email that
		 * is filed where this session can't see it leaves its thread. */
		for (size_t i = MAIL_STATE_DELIVERIES; i < MAIL_STATES; i++)
			states[i] = 0;
		states[MAIL_STATE_THREADS] = states[MAIL_STATE_EMAILS];
	}
	for (size_t i = 0; i < MAIL_STATES; i++)
		for (size_t k = 0; k < 8; k++)
			octets[8 * i + k] = (char)(states[i] >> (56 - 8 * k));
	struct email_state m = {.account = x->account.box.account,
	    .owner = x->account.box.shard & (MAIL_ACCOUNT_END - 1),
	    .modseq = s->modseq,
	    .access = x->account.access,
	    .modseqs = view_of(octets, sizeof octets)};
	if (question_answer(q, EMAIL_STATE, &m))
		question_done(q, &(struct mail_done){.modseq = s->modseq});
}

static void own_read(struct account_states *s, int result)
{
	struct right_states *x = container_of(s, struct right_states, own);
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		answer(x, s);
}

static void granted(struct question *q)
{
	struct right_states *x = container_of(q, struct right_states, question);
	if (x->account.who) {
		answer(x, &x->account.states);
		return;
	}
	x->own = (struct account_states){.shard = x->account.box.shard, .done = own_read};
	question_call(q);
	account_states(&store_role.accounts, &x->own);
}

void right_states(struct right *r, uint32_t request, const void *message)
{
	const struct email_states *m = message;
	struct right_states *x = question_begin(r, request, sizeof *x, &kind);
	right_account(&x->question, m->account, &x->account, granted);
}
