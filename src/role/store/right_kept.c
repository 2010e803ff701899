/* EMAIL_KEEP and EMAIL_KEPT: uploads that last for a while before anything names them. */
#include "role/store/right_kept.h"

#include <errno.h>

#include "account/messages.h"
#include "base/container.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

struct right_kept {
	struct question question;
	struct account_keep call;
};

static const struct question_kind kind = {.go_on = NULL};

static void done(struct account_keep *call, int result)
{
	struct right_kept *k = container_of(call, struct right_kept, call);
	struct mail_done end = {.error = result};
	if (!question_back(&k->question))
		return;
	if (result == 0) {
		end.number = kept_number(call->id, call->expires);
		end.messages = call->size;
	}
	question_done(&k->question, &end);
}

void right_keep(struct right *r, uint32_t request, const void *message)
{
	const struct email_keep *m = message;
	struct right_kept *k = question_begin(r, request, sizeof *k, &kind);
	k->call = (struct account_keep){.shard = r->account,
	    .upload = right_upload_claim(r, m->upload),
	    .seconds = EMAIL_KEPT_SECONDS,
	    .step = KEPT_STEP,
	    .quota_default = store_role.process->settings.quota_default,
	    .done = done};
	if (k->call.upload == NULL) {
		question_fail(&k->question, -EIO);
		return;
	}
	question_call(&k->question);
	account_keep(&store_role.accounts, &k->call);
}

void right_kept(struct right *r, uint32_t request, const void *message)
{
	const struct email_kept *m = message;
	struct right_kept *k = question_begin(r, request, sizeof *k, &kind);
	k->call = (struct account_keep){
	    .shard = r->account, .id = kept_id_of(m->kept), .expires = kept_expiry_of(m->kept), .done = done};
	question_call(&k->question);
	account_kept(&store_role.accounts, &k->call);
}
