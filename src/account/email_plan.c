/* What all parts of a plan look at: see email_plan.h. */
#include "account/email_plan.h"

#include <errno.h>

#include "account/email_look.h"

/* More mailboxes than a change may touch: the email waits for the next step, and alone is refused. */
int plan_mailbox(struct plan *p, uint32_t number, struct change_mailbox **box)
{
	int error = change_mailbox(&p->c, number, box);
	if (error == 0 && !look_may_read(&(*box)->m, p->set->who))
		error = -ENOENT;
	return error == -E2BIG ? 1 : error;
}

bool plan_stands_in(const struct plan *p, uint32_t mailbox)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->standing[i].at.mailbox == mailbox && !p->standing[i].goes)
			return true;
	return false;
}

bool plan_is_target(const struct plan *p, uint32_t mailbox)
{
	for (size_t i = 0; i < p->target_count; i++)
		if (p->targets[i]->number == mailbox)
			return true;
	return false;
}

int plan_new_flags(const struct plan *p, const struct message_flags *old, struct message_flags *out)
{
	const struct email_change *e = &p->change;
	int error = 0;
	message_flags_copy(out, old);
	if (e->what & EMAIL_CHANGE_ALL_FLAGS) {
		out->bits &= FLAG_DELETED | FLAGS_OF_MESSAGE;
		out->more.count = 0;
	}
	out->bits = (out->bits & ~e->remove_flags) | e->add_flags;
	for (size_t i = 0; i < p->remove.count; i++)
		if (p->remove.numbers[i] != PLAN_FRESH)
			keywords_remove(out, p->remove.numbers[i]);
	for (size_t i = 0; i < p->add.count && error == 0; i++)
		if (p->add.numbers[i] != PLAN_FRESH)
			error = keywords_add(out, p->add.numbers[i]);
	return error;
}
