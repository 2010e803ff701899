/* EMAIL_FIRST: the emails of the session's own account that are the first ones of their senders. */
#include "account/correspondents.h"
#include "base/container.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

struct right_email_first {
	struct question question;
	struct account_first_contacts contacts;
};

static void release(struct question *question)
{
	account_first_contacts_free(&container_of(question, struct right_email_first, question)->contacts);
}

static const struct question_kind kind = {.release = release};

static void found(struct account_first_contacts *contacts, int result)
{
	struct right_email_first *x = container_of(contacts, struct right_email_first, contacts);
	struct right *r = x->question.right;
	if (!question_back(&x->question))
		return;
	if (result == 0)
		question_answer_uids(
		    &x->question, (enum mail_type)EMAIL_FIRSTS, contacts->emailids, contacts->count);
	if (!r->ended)
		question_fail(&x->question, result);
}

void right_email_first(struct right *r, uint32_t request, const void *message)
{
	struct right_email_first *x = question_begin(r, request, sizeof *x, &kind);
	(void)message;
	x->contacts = (struct account_first_contacts){.shard = r->account, .done = found};
	question_call(&x->question);
	account_first_contacts(&store_role.accounts, &x->contacts);
}
