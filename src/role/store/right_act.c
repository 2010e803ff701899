/* EMAIL_ACT_BEGIN and what follows: changes of very many emails at once, mail/act.h. */
#include <errno.h>

#include "account/acts.h"
#include "base/container.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/store_act.h"
#include "role/store/store_private.h"
#include "role/store/store_snooze.h"

struct right_act {
	struct question question;
	struct account_act_request call;
	struct account_acts list;
	uint64_t *ids;
	char *change;
};

static void release(struct question *question)
{
	struct right_act *a = container_of(question, struct right_act, question);
	mem_free(a->ids);
	mem_free(a->change);
}

static const struct question_kind kind = {.release = release};

static void asked(struct account_act_request *call, int result)
{
	struct right_act *a = container_of(call, struct right_act, call);
	if (result == 0 && call->works) {
		store_act_wake(call->shard);
		store_snooze_note(call->now);
	}
	if (question_back(&a->question))
		question_done(&a->question, &(struct mail_done){.error = result, .number = call->number});
}

static void ask(struct right_act *a)
{
	a->call.shard = a->question.right->account;
	a->call.done = asked;
	question_call(&a->question);
	account_act(&store_role.accounts, &a->call);
}

void right_act_begin(struct right *r, uint32_t request, const void *message)
{
	const struct act_begin *m = message;
	struct right_act *a = question_begin(r, request, sizeof *a, &kind);
	int error = question_ids(m->ids, &a->ids, &a->call.count);
	a->change = mem_string(m->change);
	if (error) {
		question_fail(&a->question, error);
		return;
	}
	a->call.verb = ACCOUNT_ACT_BEGIN;
	a->call.number = m->number;
	a->call.more = m->more != 0;
	a->call.change = view_of(a->change, m->change.len);
	a->call.ids = a->ids;
	ask(a);
}

static void order(struct right *r, uint32_t request, uint64_t number, enum account_act_verb verb)
{
	struct right_act *a = question_begin(r, request, sizeof *a, &kind);
	a->call.verb = verb;
	a->call.number = number;
	ask(a);
}

void right_act_stop(struct right *r, uint32_t request, const void *message)
{
	order(r, request, ((const struct act_number *)message)->number, ACCOUNT_ACT_STOP);
}

void right_act_undo(struct right *r, uint32_t request, const void *message)
{
	order(r, request, ((const struct act_number *)message)->number, ACCOUNT_ACT_UNDO);
}

static void listed(struct account_acts *list, int result)
{
	struct right_act *a = container_of(list, struct right_act, list);
	bool up = question_back(&a->question);
	for (size_t i = 0; result == 0 && i < list->count && up; i++) {
		const struct account_act *act = &list->list[i];
		struct act_entry m = {.number = act->number,
		    .state = act->state,
		    .created = (uint64_t)act->created,
		    .ended = (uint64_t)act->ended,
		    .total = act->total,
		    .finished = act->finished,
		    .failed = act->failed,
		    .undone = act->undone};
		up = question_answer(&a->question, EMAIL_ACT, &m);
	}
	if (up)
		question_done(&a->question, &(struct mail_done){.error = result});
}

void right_acts(struct right *r, uint32_t request, const void *message)
{
	struct right_act *a = question_begin(r, request, sizeof *a, &kind);
	a->list.shard = r->account;
	a->list.number = ((const struct act_get *)message)->number;
	a->list.done = listed;
	question_call(&a->question);
	account_acts(&store_role.accounts, &a->list);
}
