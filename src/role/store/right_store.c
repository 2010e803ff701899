/* MAIL_STORE: flags and keywords of messages. */
#include <errno.h>

#include "account/messages.h"
#include "base/container.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/imap_event.h"
#include "role/store/store_private.h"

struct right_flags {
	struct question question;
	struct right_mailbox box;
	struct account_flags call;
	uint32_t *uids;
	size_t count;
	char *keywords;
	struct view words[ACCOUNT_FLAGS_KEYWORDS_MAX];
};

static struct right_flags *flags_of(struct question *question)
{
	return container_of(question, struct right_flags, question);
}

static void release(struct question *question)
{
	struct right_flags *f = flags_of(question);
	mem_free(f->uids);
	mem_free(f->call.failed);
	mem_free(f->call.done_uids);
	mem_free(f->call.differences);
	mem_free(f->keywords);
}

static const struct question_kind kind = {.release = release};

/* What was done before an error is told as well. */
static void changed(struct account_flags *call, int result)
{
	struct right_flags *f = container_of(call, struct right_flags, call);
	struct question *q = &f->question;
	imap_event_note(&(struct imap_event){.cause = EVENT_FLAG,
	    .shard = call->shard,
	    .mailbox = call->mailbox,
	    .actor = q->right->account,
	    .uids = call->done_uids,
	    .count = call->changed,
	    .changed = call->differences});
	if (!question_back(q))
		return;
	question_answer_uids(q, MAIL_MODIFIED, call->failed, call->failed_count);
	question_answer_uids(q, MAIL_UIDS, call->done_uids, call->changed);
	struct mail_done done = {.error = result, .modseq = call->modseq, .number = call->refused};
	question_done(q, &done);
}

/* Flags that the session has no right to are left alone by a replacement, and refused by name (RFC 4314
 * section 4). */

static bool may(const struct right_flags *f, uint64_t not )
{
	bool keywords = f->call.keyword_count > 0 && (not &FLAG_KEYWORD);
	return f->call.how == FLAGS_REPLACE || (!(f->call.flags & not ) && !keywords);
}

static void granted(struct question *question)
{
	struct right_flags *f = flags_of(question);
	struct account_flags *call = &f->call;
	call->shard = f->box.shard;
	call->mailbox = f->box.mailbox;
	call->user = f->box.user;
	call->kept = mail_flags_denied(f->box.rights);
	call->uids = f->uids;
	call->uid_count = f->count;
	call->failed = mem_try((f->count + 1) * sizeof *call->failed);
	call->done_uids = mem_try((f->count + 1) * sizeof *call->done_uids);
	call->differences = mem_try((f->count + 1) * sizeof *call->differences);
	call->done = changed;
	if (call->failed == NULL || call->done_uids == NULL || call->differences == NULL) {
		question_fail(question, -ENOMEM);
	} else if (!may(f, call->kept)) {
		question_fail(question, -EACCES);
	} else {
		question_call(question);
		account_flags(&store_role.accounts, call);
	}
}

void right_store(struct right *r, uint32_t request, const void *message)
{
	static const enum account_flags_how how[] = {
	    [MAIL_ADD] = FLAGS_ADD, [MAIL_REMOVE_FLAGS] = FLAGS_REMOVE, [MAIL_REPLACE] = FLAGS_REPLACE};
	const struct mail_store *m = message;
	struct right_flags *f = question_begin(r, request, sizeof *f, &kind);
	int error = question_uids(&f->question, m->uids, &f->uids, &f->count);
	f->keywords = mem_string(m->keywords);
	f->call.how = how[m->how];
	f->call.flags = m->flags & FLAGS_SYSTEM;
	f->call.unchanged_since = m->unchanged_since;
	f->call.keywords = f->words;
	if (error == 0 &&
	    !question_keywords(view_of(f->keywords, m->keywords.len), f->words, &f->call.keyword_count))
		error = -EMLINK;
	if (error)
		question_fail(&f->question, error);
	else
		right_access(&f->question, m->account, m->mailbox, RIGHT_SEEN | RIGHT_WRITE | RIGHT_DELETE,
		    &f->box, granted);
}
