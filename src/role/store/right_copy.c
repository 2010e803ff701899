/* MAIL_COPY: messages into another mailbox, copied or moved. */
#include <errno.h>

#include "account/messages.h"
#include "base/container.h"
#include "base/mem.h"
#include "mail/uid_ranges.h"
#include "role/store/question.h"
#include "role/store/right_across.h"
#include "role/store/imap_event.h"
#include "role/store/store_private.h"

enum { RANGES_BYTES = 64 * 1024 };

struct right_copying {
	struct question question;
	struct right_mailbox from, to;
	uint64_t to_account;
	uint32_t to_mailbox;
	bool move;
	uint32_t *uids;
	size_t count;
	struct account_copy call;
	struct account_uids target;  /* whether there is one */
	struct right_across *across; /* NULL: not into another account */
};

static struct right_copying *copying_of(struct question *question)
{
	return container_of(question, struct right_copying, question);
}

static void release(struct question *question)
{
	struct right_copying *c = copying_of(question);
	account_uids_free(&c->target);
	right_across_free(c->across);
	mem_free(c->uids);
	mem_free(c->call.copied);
	mem_free(c->call.new_uids);
}

static const struct question_kind kind = {.release = release};

/* Both lists of an answer have the same number of UIDs, so they are cut together. */
static void answer_pairs(struct right_copying *c)
{
	struct buf from, to;
	buf_init(&from, RANGES_BYTES);
	buf_init(&to, RANGES_BYTES);
	const uint32_t *copied = c->call.copied, *new_uids = c->call.new_uids;
	for (size_t i = 0, end; i < c->call.count; i = end) {
		end = i + 1;
		while (end < c->call.count && copied[end] == copied[end - 1] + 1 &&
		       new_uids[end] == new_uids[end - 1] + 1)
			end++;
		uid_ranges_add(&from, copied[i], copied[end - 1]);
		uid_ranges_add(&to, new_uids[i], new_uids[end - 1]);
		if (end < c->call.count && buf_view(&from).len < RANGES_BYTES &&
		    buf_view(&to).len < RANGES_BYTES)
			continue;
		struct mail_copied m = {.from = buf_view(&from), .to = buf_view(&to)};
		if (!question_answer(&c->question, MAIL_COPIED, &m))
			break;
		buf_clear(&from);
		buf_clear(&to);
	}
	buf_done(&from);
	buf_done(&to);
}

static void finish(struct right_copying *c, int result)
{
	imap_event_note(&(struct imap_event){.cause = EVENT_COPY,
	    .shard = c->to.shard,
	    .mailbox = c->to.mailbox,
	    .actor = c->question.right->account,
	    .uids = c->call.new_uids,
	    .count = c->call.count});
	/* Of a move also what was done before an error. */
	answer_pairs(c);
	struct mail_done done = {
	    .error = result, .modseq = c->call.modseq, .uidvalidity = c->call.uidvalidity};
	question_done(&c->question, &done);
}

static void looked(struct account_uids *u, int result)
{
	struct right_copying *c = container_of(u, struct right_copying, target);
	if (question_back(&c->question))
		finish(c, result == -ENOENT ? -ENODEV : -ENOENT);
}

/* Which of the two mailboxes is it that is not there? */
static void look_for_target(struct right_copying *c)
{
	c->target = (struct account_uids){
	    .shard = c->to.shard, .mailbox = c->to.mailbox, .from = UINT32_MAX, .done = looked};
	question_call(&c->question);
	account_uids(&store_role.accounts, &c->target);
}

static void copied(struct account_copy *call, int result)
{
	struct right_copying *c = container_of(call, struct right_copying, call);
	if (!question_back(&c->question))
		return;
	if (result == -ENOENT)
		look_for_target(c);
	else
		finish(c, result);
}

/* Into another account: see right_across.h. */
static void across_done(struct question *question, int result)
{
	struct right_copying *c = copying_of(question);
	const struct right_across *a = c->across;
	c->call.count = a->copied_count;
	c->call.modseq = a->modseq;
	c->call.uidvalidity = a->uidvalidity;
	finish(c, result);
}

static void copy_across(struct right_copying *c)
{
	struct right_across *a = c->across = mem_alloc(sizeof *a);
	a->question = &c->question;
	a->from = c->from;
	a->to = c->to;
	a->move = c->move;
	a->uids = c->uids;
	a->count = c->count;
	a->copied = c->call.copied;
	a->new_uids = c->call.new_uids;
	a->done = across_done;
	right_across(a);
}

/* \Seen is the owner's in another's account: what the owner has seen stays so. */
static uint64_t denied_flags(const struct right_mailbox *to)
{
	return mail_flags_denied(to->rights) & ~FLAG_SEEN;
}

static void target_granted(struct question *question)
{
	struct right_copying *c = copying_of(question);
	size_t bytes = (c->count + 1) * sizeof(uint32_t);
	c->call = (struct account_copy){.shard = c->from.shard,
	    .mailbox = c->from.mailbox,
	    .to = c->to.mailbox,
	    .user = c->to.rights & RIGHT_READ ? c->question.right->account : 0,
	    .without_shared = !(c->to.rights & RIGHT_ANNOTATE),
	    .quota_default = store_role.process->settings.quota_default,
	    .move = c->move,
	    .denied = denied_flags(&c->to),
	    .uids = c->uids,
	    .uid_count = c->count,
	    .copied = mem_try(bytes),
	    .new_uids = mem_try(bytes),
	    .done = copied};
	if (c->call.copied == NULL || c->call.new_uids == NULL) {
		question_fail(question, -ENOMEM);
	} else if (c->from.shard != c->to.shard) {
		copy_across(c);
	} else {
		question_call(question);
		account_copy(&store_role.accounts, &c->call);
	}
}

/* To move is to copy, and to remove with both rights that this takes (RFC 6851 section 3.3). */
static void source_granted(struct question *question)
{
	struct right_copying *c = copying_of(question);
	unsigned needs = RIGHT_READ | (c->move ? RIGHT_DELETE | RIGHT_EXPUNGE : 0);
	if ((c->from.rights & needs) != needs)
		question_fail(question, -EACCES);
	else
		right_access(question, c->to_account, c->to_mailbox, RIGHT_INSERT, &c->to, target_granted);
}

void right_copy(struct right *r, uint32_t request, const void *message)
{
	const struct mail_copy *m = message;
	struct right_copying *c = question_begin(r, request, sizeof *c, &kind);
	c->to_account = m->to_account;
	c->to_mailbox = (uint32_t)m->to_mailbox;
	c->move = m->move;
	int error = question_uids(&c->question, m->uids, &c->uids, &c->count);
	if (error)
		question_fail(&c->question, error);
	else
		right_access(&c->question, m->account, m->mailbox, RIGHT_READ, &c->from, source_granted);
}
