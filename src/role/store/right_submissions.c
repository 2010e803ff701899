/* SUBMISSION_GET and SUBMISSION_CHANGES: what the account has sent, and is about to send. */
#include <errno.h>

#include "account/submissions.h"
#include "base/container.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/right_changed.h"
#include "role/store/store_private.h"

struct right_submissions {
	struct question question;
	struct account_submissions list;
	struct account_log_gone gone;
	uint64_t *numbers;
	uint64_t since;
	bool listed, with_gone;
	size_t next;
};

static struct right_submissions *submissions_of(struct question *question)
{
	return container_of(question, struct right_submissions, question);
}

static void release(struct question *question)
{
	struct right_submissions *x = submissions_of(question);
	if (x->listed)
		account_submissions_free(&x->list);
	if (x->with_gone)
		account_log_gone_free(&x->gone);
	mem_free(x->numbers);
}

static void tell_more(struct right_submissions *x);

static void go_on(struct question *question)
{
	if (submissions_of(question)->listed && !submissions_of(question)->with_gone)
		tell_more(submissions_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

/* ---- what they are ---- */

static void tell_more(struct right_submissions *x)
{
	for (; x->next < x->list.count; x->next++) {
		const struct account_submission *s = &x->list.list[x->next];
		if (!right_has_room(x->question.right))
			return;
		struct submission_entry m = {.number = s->number,
		    .email = s->email,
		    .thread = s->thread,
		    .identity = s->identity,
		    .created = s->created,
		    .modseq = s->modseq,
		    .send_at = (uint64_t)s->send_at,
		    .undo = s->undo,
		    .sender = s->sender,
		    .parameters = s->parameters,
		    .recipients = x->list.recipients[x->next],
		    .queue = view_of(s->queue, QUEUE_ID_SIZE)};
		if (!question_answer(&x->question, SUBMISSION_ENTRY, &m))
			return;
	}
	question_done(&x->question, &(struct mail_done){.modseq = x->list.state});
}

static void listed(struct account_submissions *list, int result)
{
	struct right_submissions *x = container_of(list, struct right_submissions, list);
	x->listed = result == 0;
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		tell_more(x);
}

static void list(struct right_submissions *x, void (*done)(struct account_submissions *, int))
{
	x->list.shard = x->question.right->account;
	x->list.done = done;
	question_call(&x->question);
	account_submissions(&store_role.accounts, &x->list);
}

void right_submission_get(struct right *r, uint32_t request, const void *message)
{
	const struct submission_get *m = message;
	struct right_submissions *x = question_begin(r, request, sizeof *x, &kind);
	size_t count = m->numbers.len / 8;
	struct cursor in = cursor_on(m->numbers);
	if (count > 0) {
		x->numbers = mem_array(count, sizeof *x->numbers);
		for (size_t i = 0; i < count; i++)
			x->numbers[i] = cursor_u64(&in);
		x->list.numbers = x->numbers;
		x->list.number_count = count;
	}
	x->list.with_recipients = !m->without_recipients;
	list(x, listed);
}

/* ---- what has changed ---- */

static void gone_known(struct account_log_gone *gone, int result)
{
	struct right_submissions *x = container_of(gone, struct right_submissions, gone);
	x->with_gone = result == 0;
	if (!question_back(&x->question))
		return;
	if (result) {
		question_fail(&x->question, result);
		return;
	}
	struct right_changed changed;
	right_changed_init(&changed, x->since);
	for (size_t i = 0; i < x->list.count; i++)
		right_changed_add(&changed, x->list.list[i].number, x->list.list[i].created);
	for (size_t i = 0; i < gone->count; i++)
		right_changed_gone(&changed, gone->numbers[i]);
	struct submission_changed m = {.created = buf_view(&changed.created),
	    .updated = buf_view(&changed.updated),
	    .destroyed = buf_view(&changed.destroyed)};
	bool whole = right_changed_is_whole(&changed);
	bool up = !whole || question_answer(&x->question, SUBMISSION_CHANGED, &m);
	right_changed_done(&changed);
	if (!whole)
		question_fail(&x->question, -ESTALE);
	else if (up)
		question_done(&x->question, &(struct mail_done){.modseq = x->list.state});
}

static void changes_listed(struct account_submissions *list, int result)
{
	struct right_submissions *x = container_of(list, struct right_submissions, list);
	x->listed = result == 0;
	if (!question_back(&x->question))
		return;
	if (result == 0 && x->since > list->state)
		result = -ESTALE;
	if (result) {
		question_fail(&x->question, result);
	} else if (x->since == list->state) {
		/* However long ago that is. */
		question_done(&x->question, &(struct mail_done){.modseq = list->state});
	} else {
		x->gone = (struct account_log_gone){
		    .shard = list->shard, .since = x->since, .kind = KIND_SUBMISSION, .done = gone_known};
		question_call(&x->question);
		account_log_gone(&store_role.accounts, &x->gone);
	}
}

void right_submission_changes(struct right *r, uint32_t request, const void *message)
{
	struct right_submissions *x = question_begin(r, request, sizeof *x, &kind);
	x->since = x->list.since = ((const struct submission_changes *)message)->since;
	list(x, changes_listed);
}
