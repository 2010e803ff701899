/* EMAIL_FIND: which emails of an account have a text. As MAIL_FIND (right_find.c), but for the places: what
 * the index knows are emails, and another's session is told of those that it may read alone. */
#include <errno.h>

#include "base/mem.h"
#include "role/store/right_find.h"
#include "role/store/store_private.h"

/* Ids are below EMAIL_ID_END: message_add sees to that. */
static int add(struct right_find *f, const struct find_hit *hit)
{
	return find_add_place(f, (uint32_t)hit->emailid, hit->sure);
}

static void look_up(struct right_find *f);

static void looked_up(struct account_emails *emails, int result)
{
	struct right_find *f = emails->arg;
	if (!question_back(&f->question))
		return;
	for (size_t i = 0; i < emails->found && result == 0; i++)
		if (emails->emails[i].mailbox_count > 0)
			result = add(f, &f->hits[f->next + i]);
	f->next += emails->found;
	account_emails_free(emails);
	if (result)
		question_fail(&f->question, result);
	else
		look_up(f);
}

static void look_up(struct right_find *f)
{
	size_t left = f->hit_count - f->next;
	if (left == 0) {
		find_finish(f, 0);
		return;
	}
	if (left > ACCOUNT_EMAILS_MAX)
		left = ACCOUNT_EMAILS_MAX;
	for (size_t i = 0; i < left; i++)
		f->ids[i] = f->hits[f->next + i].emailid;
	f->emails = (struct account_emails){.shard = f->box.shard,
	    .who = f->account.who,
	    .ids = f->ids,
	    .count = left,
	    .done = looked_up,
	    .arg = f};
	question_call(&f->question);
	account_emails(&store_role.accounts, &f->emails);
}

void find_emails(struct right_find *f)
{
	int error = 0;
	f->next = 0;
	if (f->account.who) {
		look_up(f);
		return;
	}
	for (size_t i = 0; i < f->hit_count && error == 0; i++)
		error = add(f, &f->hits[i]);
	if (error)
		question_fail(&f->question, error);
	else
		find_finish(f, 0);
}

static void granted(struct question *q)
{
	struct right_find *f = find_of(q);
	f->box = f->account.box;
	find_granted(q);
}

void right_email_find(struct right *r, uint32_t request, const void *message)
{
	const struct email_find *m = message;
	struct right_find *f = find_begin(r, request, m->field, m->how, m->text);
	f->by_email = true;
	right_account(&f->question, m->account, &f->account, granted);
}
