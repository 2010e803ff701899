/* MAIL_ANNOTATIONS, MAIL_ANNOTATE: annotations of messages (RFC 5257), everybody's and the session's own. */
#include <errno.h>
#include <stdio.h>

#include "account/annotations.h"
#include "base/container.h"
#include "base/mem.h"
#include "mail/uid_ranges.h"
#include "role/store/question.h"
#include "role/store/right_noted.h"
#include "role/store/annotations_taken.h"
#include "role/store/store_private.h"

/* ---- telling ---- */

struct right_annotations {
	struct question question;
	struct right_mailbox box;
	struct buf uids;
	struct account_annotations read;
	uint32_t last;
	size_t next; /* of the items that are there */
	bool here;
};

static struct right_annotations *telling_of(struct question *question)
{
	return container_of(question, struct right_annotations, question);
}

static void release_telling(struct question *question)
{
	struct right_annotations *x = telling_of(question);
	if (x->here)
		account_annotations_free(&x->read);
	buf_done(&x->uids);
}

static void tell(struct right_annotations *x);

static void go_on(struct question *question)
{
	struct right_annotations *x = telling_of(question);
	if (x->here)
		tell(x);
}

static const struct question_kind telling = {.go_on = go_on, .release = release_telling};

/* False when the question has ended of it. */
static bool answer(struct right_annotations *x, const struct account_annotated *item)
{
	char name[MAIL_ANNOTATION_NAME_MAX + 10];
	struct buf uid;
	buf_init(&uid, UID_RANGE_SIZE);
	uid_ranges_add(&uid, item->uid, item->uid);
	int len =
	    snprintf(name, sizeof name, "%.*s%s", VIEW_FMT(item->name), item->shared ? ".shared" : ".priv");
	struct mail_annotation m = {.account = x->box.account,
	    .mailbox = x->box.mailbox,
	    .uids = buf_view(&uid),
	    .name = view_of(name, (size_t)len),
	    .value = item->value};
	bool goes_on = question_answer(&x->question, MAIL_ANNOTATION, &m);
	buf_done(&uid);
	return goes_on;
}

static void read_next(struct right_annotations *x, uint32_t first);

static void tell(struct right_annotations *x)
{
	for (; x->next < x->read.count; x->next++) {
		const struct account_annotated *item = &x->read.items[x->next];
		if (!right_has_room(x->question.right))
			return;
		if (uid_ranges_have(buf_view(&x->uids), item->uid) && !answer(x, item))
			return;
	}
	uint32_t next = x->read.next;
	account_annotations_free(&x->read);
	x->here = false;
	if (next && next <= x->last)
		read_next(x, next);
	else
		question_fail(&x->question, 0);
}

static void annotations_read(struct account_annotations *read, int result)
{
	struct right_annotations *x = container_of(read, struct right_annotations, read);
	x->here = result == 0;
	if (!question_back(&x->question))
		return;
	x->next = 0;
	if (result)
		question_fail(&x->question, result);
	else
		tell(x);
}

static void read_next(struct right_annotations *x, uint32_t first)
{
	x->read = (struct account_annotations){.shard = x->box.shard,
	    .mailbox = x->box.mailbox,
	    .first = first,
	    .last = x->last,
	    .user = x->question.right->account,
	    .done = annotations_read};
	question_call(&x->question);
	account_annotations(&store_role.accounts, &x->read);
}

static void may_read(struct question *question)
{
	struct right_annotations *x = telling_of(question);
	struct cursor in = cursor_on(buf_view(&x->uids));
	uint32_t first = 0, from, to;
	while (uid_ranges_next(&in, &from, &to)) {
		first = first ? first : from;
		x->last = to;
	}
	if (first)
		read_next(x, first);
	else
		question_fail(question, 0);
}

void right_annotations(struct right *r, uint32_t request, const void *message)
{
	const struct mail_annotations *m = message;
	struct right_annotations *x = question_begin(r, request, sizeof *x, &telling);
	buf_init(&x->uids, MAIL_RANGES_MAX);
	if (buf_append(&x->uids, m->uids) != 0)
		question_fail(&x->question, -ENOMEM);
	else if (!uid_ranges_valid(m->uids, false))
		right_break(r, "bad-ranges");
	else
		right_access(&x->question, m->account, m->mailbox, RIGHT_READ, &x->box, may_read);
}

/* ---- setting ---- */

struct right_annotate {
	struct question question;
	struct right_mailbox box;
	struct annotations_taken taken;
	struct account_annotate call;
	uint32_t *uids;
	size_t count;
};

static struct right_annotate *annotate_of(struct question *question)
{
	return container_of(question, struct right_annotate, question);
}

static void release(struct question *question)
{
	struct right_annotate *x = annotate_of(question);
	annotations_taken_free(&x->taken);
	mem_free(x->uids);
	mem_free(x->call.failed);
	mem_free(x->call.done_uids);
}

static const struct question_kind setting = {.release = release};

static void tell_others(const struct right_annotate *x)
{
	for (size_t i = 0; i < x->call.entry_count && x->call.changed > 0; i++)
		noted_tell(x->question.right, &(struct note){.shard = x->call.shard,
		                                  .mailbox = x->call.mailbox,
		                                  .user = x->call.entries[i].shared ? 0 : x->call.user,
		                                  .name = x->call.entries[i].name,
		                                  .uids = x->call.done_uids,
		                                  .uid_count = x->call.changed});
}

/* What was done before an error is told as well. */
static void annotated(struct account_annotate *call, int result)
{
	struct right_annotate *x = container_of(call, struct right_annotate, call);
	struct question *q = &x->question;
	tell_others(x);
	if (!question_back(q))
		return;
	question_answer_uids(q, MAIL_MODIFIED, call->failed, call->failed_count);
	question_answer_uids(q, MAIL_UIDS, call->done_uids, call->changed);
	question_done(q, &(struct mail_done){.error = result, .modseq = call->modseq});
}

/* RFC 5257 section 3.4: what is shared takes "n", a private value "r". */
static void granted(struct question *question)
{
	struct right_annotate *x = annotate_of(question);
	if (x->taken.any_shared && !(x->box.rights & RIGHT_ANNOTATE)) {
		question_fail(question, -EACCES);
		return;
	}
	x->call.shard = x->box.shard;
	x->call.mailbox = x->box.mailbox;
	x->call.user = question->right->account;
	x->call.uids = x->uids;
	x->call.uid_count = x->count;
	x->call.entries = x->taken.items;
	x->call.entry_count = x->taken.count;
	x->call.quota_default = store_role.process->settings.quota_default;
	x->call.failed = mem_try((x->count + 1) * sizeof *x->call.failed);
	x->call.done_uids = mem_try((x->count + 1) * sizeof *x->call.done_uids);
	x->call.done = annotated;
	if (x->call.failed == NULL || x->call.done_uids == NULL) {
		question_fail(question, -ENOMEM);
		return;
	}
	question_call(question);
	account_annotate(&store_role.accounts, &x->call);
}

void right_annotate(struct right *r, uint32_t request, const void *message)
{
	const struct mail_annotate *m = message;
	struct right_annotate *x = question_begin(r, request, sizeof *x, &setting);
	int error = annotations_take(&x->taken, m->entries);
	x->call.unchanged_since = m->unchanged_since;
	if (error == 0)
		error = question_uids(&x->question, m->uids, &x->uids, &x->count);
	if (error)
		question_fail(&x->question, error);
	else
		right_access(&x->question, m->account, m->mailbox, RIGHT_READ, &x->box, granted);
}
