/* MAIL_QUOTA: how much an account may hold, and holds (RFC 9208). */
#include <errno.h>

#include "base/container.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

struct right_quota {
	struct question question;
	struct right_mailbox box;
	struct account_request request;
};

static struct right_quota *quota_of(struct question *question)
{
	return container_of(question, struct right_quota, question);
}

static const struct question_kind kind = {.go_on = NULL};

static void known(struct account_request *request, int result)
{
	struct right_quota *x = container_of(request, struct right_quota, request);
	const struct settings *settings = &store_role.process->settings;
	if (!question_back(&x->question))
		return;
	struct mail_done done = {.error = result};
	if (result == 0) {
		done.number = request->bytes;
		done.messages = request->messages;
		done.modseq = request->quota ? request->quota : settings->quota_default;
		done.uidnext =
		    request->quota_messages ? request->quota_messages : settings->quota_messages_default;
	}
	question_done(&x->question, &done);
}

static void call(struct right_quota *x, void (*run)(struct accounts *a, struct account_request *r),
    void (*done)(struct account_request *request, int result))
{
	x->request.shard = x->box.shard;
	x->request.done = done;
	question_call(&x->question);
	run(&store_role.accounts, &x->request);
}

static void granted(struct question *question)
{
	call(quota_of(question), account_stat, known);
}

/* Whoever sees a mailbox of another's may know how full that account is: mail is refused because of it. */
void right_quota(struct right *r, uint32_t request, const void *message)
{
	const struct mail_quota *m = message;
	struct right_quota *x = question_begin(r, request, sizeof *x, &kind);
	right_access(&x->question, m->account, m->mailbox, RIGHT_READ, &x->box, granted);
}
