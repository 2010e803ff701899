/* EMAIL_SMIME: what is thought of emails' signatures, one after the other. */
#include <errno.h>

#include "base/container.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/store_private.h"
#include "role/store/store_smime.h"

struct right_smime {
	struct question question;
	struct right_account account;
	uint64_t *ids;
	size_t count, next; /* next: the first that was not looked up */
	size_t at;          /* of those that were found, the next one */
	struct account_emails emails;
	struct store_smime_ask ask;
};

static struct right_smime *smime_of(struct question *question)
{
	return container_of(question, struct right_smime, question);
}

static void release(struct question *question)
{
	struct right_smime *x = smime_of(question);
	account_emails_free(&x->emails);
	mem_free(x->ids);
}

static void proceed(struct right_smime *x);

static void go_on(struct question *question)
{
	proceed(smime_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

/* False when the question has ended of it. */
static bool tell(struct right_smime *x, uint64_t email, const struct store_smime_known *known)
{
	struct email_smime_verdict m = {.email = email,
	    .status = known->verdict.now,
	    .delivered = known->verdict.delivered,
	    .problems = known->verdict.problems,
	    .at = known->at > 0 ? (uint64_t)known->at : 0};
	return question_answer(&x->question, EMAIL_SMIME_VERDICT, &m);
}

static void looked_at(struct store_smime_ask *ask, const struct store_smime_known *known)
{
	struct right_smime *x = container_of(ask, struct right_smime, ask);
	if (!question_back(&x->question))
		return;
	x->at++;
	if (tell(x, ask->email, known))
		proceed(x);
}

static void look_up(struct right_smime *x);

/* False: the question waits, or has ended. */
static bool tell_of(struct right_smime *x, const struct account_email_info *e)
{
	struct store_smime_known known;
	if (e->mailbox_count == 0) /* it is not there, or not to be seen */
		return true;
	if (store_smime_find(x->account.box.shard, e->id, &known))
		return tell(x, e->id, &known);
	x->ask = (struct store_smime_ask){
	    .shard = x->account.box.shard, .email = e->id, .delivered = e->internaldate, .done = looked_at};
	question_call(&x->question);
	store_smime_ask(&x->ask);
	return false;
}

static void proceed(struct right_smime *x)
{
	for (; x->at < x->emails.found; x->at++) {
		if (!right_has_room(x->question.right) || !tell_of(x, &x->emails.emails[x->at]))
			return;
	}
	if (x->next < x->count)
		look_up(x);
	else
		question_fail(&x->question, 0);
}

static void looked_up(struct account_emails *emails, int result)
{
	struct right_smime *x = container_of(emails, struct right_smime, emails);
	if (!question_back(&x->question))
		return;
	if (result) {
		question_fail(&x->question, result);
		return;
	}
	x->next += emails->found;
	x->at = 0;
	proceed(x);
}

static void look_up(struct right_smime *x)
{
	account_emails_free(&x->emails);
	x->emails = (struct account_emails){.shard = x->account.box.shard,
	    .who = x->account.who,
	    .ids = x->ids + x->next,
	    .count = x->count - x->next,
	    .done = looked_up};
	question_call(&x->question);
	account_emails(&store_role.accounts, &x->emails);
}

static void granted(struct question *question)
{
	look_up(smime_of(question));
}

void right_smime(struct right *r, uint32_t request, const void *message)
{
	const struct email_smime *m = message;
	struct right_smime *x = question_begin(r, request, sizeof *x, &kind);
	int error = question_ids(m->ids, &x->ids, &x->count);
	if (error)
		question_fail(&x->question, error);
	else if (x->count == 0)
		question_fail(&x->question, 0);
	else
		right_account(&x->question, m->account, &x->account, granted);
}
