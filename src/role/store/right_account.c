/* Accounts as a whole: which a session may use. Its own; and those of others with a mailbox that it may read.
 * Of any other it is not even told that there is one. */
#include "base/container.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

static void states_read(struct account_states *states, int result)
{
	struct right_account *a = container_of(states, struct right_account, states);
	if (!question_back(a->question))
		return;
	a->access = states->access;
	if (result)
		question_fail(a->question, result);
	else
		a->then(a->question);
}

/* The one question of a right that is under way has what it looks for here. */
static void known(struct question *q)
{
	struct right_account *a = right_is_looked_for(q->right);
	a->who = right_is_who(q->right);
	a->states = (struct account_states){.shard = a->box.shard, .who = a->who, .done = states_read};
	question_call(q);
	account_states(&store_role.accounts, &a->states);
}

void right_account(
    struct question *q, uint64_t account, struct right_account *found, void (*then)(struct question *q))
{
	struct right *r = q->right;
	bool own = right_is_own(r, account);
	*found = (struct right_account){.question = q, .then = then};
	found->box = (struct right_mailbox){.account = own ? 0 : account,
	    .shard = own ? r->account : store_shard(STORE_ACCOUNT, account),
	    .user = own ? 0 : r->account,
	    .rights = RIGHT_ALL};
	if (own) {
		then(q);
		return;
	}
	right_who_for(q, found, known);
}
