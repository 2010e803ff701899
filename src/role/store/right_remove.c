/* MAIL_EXPUNGE: messages go for good, all of those that are named or the ones with \Deleted. */
#include <errno.h>

#include "account/messages.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "mail/uid_ranges.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

struct right_removing {
	struct question question;
	struct right_mailbox box;
	bool deleted_only;
	struct buf ranges; /* empty: all */

	struct account_list list; /* looks for those that go */
	struct account_listed *listed;
	uint32_t *uids; /* that go */
	size_t count, room;

	struct account_expunge call;
	size_t next; /* of uids */
	struct account_removed part, removed;
};

static struct right_removing *removing_of(struct question *question)
{
	return container_of(question, struct right_removing, question);
}

static void release(struct question *question)
{
	struct right_removing *x = removing_of(question);
	buf_done(&x->ranges);
	mem_free(x->listed);
	mem_free(x->uids);
	mem_free(x->removed.uids);
}

static const struct question_kind kind = {.release = release};

static void expunge_some(struct right_removing *x);

static void take_part(struct right_removing *x)
{
	x->removed.count += x->part.count;
	x->removed.modseq = x->part.count ? x->part.modseq : x->removed.modseq;
	x->next += x->deleted_only ? x->call.reached : x->call.uid_count;
}

static void expunged(struct account_expunge *call, int result)
{
	struct right_removing *x = container_of(call, struct right_removing, call);
	struct question *q = &x->question;
	if (result)
		log_record(LOG_ERROR, "-", "not-expunged", log_u64("account", x->box.shard),
		    log_u64("messages", x->count - x->next), log_errno(result));
	if (!question_back(q))
		return;
	if (result == 0)
		take_part(x);
	if (result == 0 && x->next < x->count) {
		expunge_some(x);
		return;
	}
	/* What went before an error is gone all the same. */
	if (result == 0 || x->removed.count)
		question_answer_uids(q, MAIL_VANISHED, x->removed.uids, x->removed.count);
	struct mail_done done = {.error = result, .modseq = x->removed.modseq};
	question_done(q, &done);
}

/* Which ones have \Deleted was found out before, and somebody may have taken it back since: each step looks
 * again. What is named goes as one. */
static void expunge_some(struct right_removing *x)
{
	x->part = (struct account_removed){.uids = x->removed.uids + x->removed.count};
	x->call = (struct account_expunge){.shard = x->box.shard,
	    .mailbox = x->box.mailbox,
	    .uids = x->uids + x->next,
	    .uid_count = x->count - x->next,
	    .deleted_only = x->deleted_only,
	    .removed = &x->part,
	    .done = expunged};
	question_call(&x->question);
	account_expunge(&store_role.accounts, &x->call);
}

static void expunge(struct right_removing *x)
{
	if (x->count == 0) {
		question_done(&x->question, &(struct mail_done){0});
		return;
	}
	x->removed.uids = mem_try(x->count * sizeof *x->removed.uids);
	if (x->removed.uids == NULL) {
		question_fail(&x->question, -ENOMEM);
		return;
	}
	expunge_some(x);
}

/* ---- which ones ---- */

static bool goes(const struct right_removing *x, const struct account_listed *l)
{
	struct view ranges = buf_view(&x->ranges);
	return (!x->deleted_only || l->flags & FLAG_DELETED) &&
	       (ranges.len == 0 || uid_ranges_have(ranges, l->uid));
}

static int add(struct right_removing *x, uint32_t uid)
{
	if (x->count == MAIL_UIDS_MAX)
		return -E2BIG;
	if (x->count == x->room) {
		size_t room = x->room ? x->room * 2 : 64;
		uint32_t *bigger = mem_try_resize(x->uids, room * sizeof *bigger);
		if (bigger == NULL)
			return -ENOMEM;
		x->uids = bigger;
		x->room = room;
	}
	x->uids[x->count++] = uid;
	return 0;
}

static void list(struct right_removing *x, uint32_t from);

static void listed(struct account_list *call, int result)
{
	struct right_removing *x = container_of(call, struct right_removing, list);
	if (!question_back(&x->question))
		return;
	for (size_t i = 0; i < call->count && result == 0; i++)
		if (goes(x, &x->listed[i]))
			result = add(x, x->listed[i].uid);
	if (result)
		question_fail(&x->question, result);
	else if (call->more)
		list(x, call->next);
	else
		expunge(x);
}

static void list(struct right_removing *x, uint32_t from)
{
	x->list = (struct account_list){.shard = x->box.shard,
	    .mailbox = x->box.mailbox,
	    .first = from,
	    .last = UINT32_MAX,
	    .flags_only = true,
	    .messages = x->listed,
	    .room = ACCOUNT_LIST_FLAGS_MAX,
	    .done = listed};
	question_call(&x->question);
	account_list(&store_role.accounts, &x->list);
}

static void granted(struct question *question)
{
	struct right_removing *x = removing_of(question);
	x->listed = mem_array(ACCOUNT_LIST_FLAGS_MAX, sizeof *x->listed);
	list(x, 1);
}

/* UIDs that are named need no look at their flags. */
static void granted_named(struct question *question)
{
	struct right_removing *x = removing_of(question);
	int error = question_uids(question, buf_view(&x->ranges), &x->uids, &x->count);
	if (error)
		question_fail(question, error);
	else
		expunge(x);
}

/* To expunge a message that nobody marked is to mark it as well (RFC 4314 section 4: STORE, EXPUNGE). */
static void may_expunge(struct question *question)
{
	struct right_removing *x = removing_of(question);
	if (!x->deleted_only && !(x->box.rights & RIGHT_DELETE))
		question_fail(question, -EACCES);
	else if (x->deleted_only || buf_view(&x->ranges).len == 0)
		granted(question);
	else
		granted_named(question);
}

void right_remove(struct right *r, uint32_t request, const void *message)
{
	const struct mail_expunge *m = message;
	struct right_removing *x = question_begin(r, request, sizeof *x, &kind);
	x->deleted_only = m->deleted_only;
	buf_init(&x->ranges, MAIL_RANGES_MAX);
	if (buf_append(&x->ranges, m->uids) != 0)
		question_fail(&x->question, -ENOMEM);
	else if (!uid_ranges_valid(m->uids, false))
		right_break(r, "bad-ranges");
	else
		right_access(&x->question, m->account, m->mailbox, RIGHT_EXPUNGE, &x->box, may_expunge);
}
