/*
 * MAIL_CREATE, MAIL_RENAME, MAIL_REMOVE, MAIL_SET. Rights to a new place in another's account are those to
 * the nearest mailbox above it (RFC 4314 section 4: CREATE, RENAME): account looks at them in the step that
 * makes it.
 */
#include <errno.h>

#include "account/mailboxes.h"
#include "account/shares.h"
#include "base/container.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

struct right_tree {
	struct question question;
	struct right_mailbox box; /* that is renamed, removed or set */
	uint64_t account;
	char *path;
	struct account_mailbox_request call;
	struct account_sharing sharing;
	void (*run)(struct accounts *a, struct account_mailbox_request *r);
};

static struct right_tree *tree_of(struct question *question)
{
	return container_of(question, struct right_tree, question);
}

static void release(struct question *question)
{
	struct right_tree *t = tree_of(question);
	mem_free(t->path);
}

static const struct question_kind kind = {.release = release};

static void changed(struct account_mailbox_request *call, int result)
{
	struct right_tree *t = container_of(call, struct right_tree, call);
	if (!question_back(&t->question))
		return;
	struct mail_done done = {.error = result,
	    .modseq = call->modseq,
	    .number = call->mailbox,
	    .uidvalidity = call->uidvalidity};
	if (result)
		done = (struct mail_done){.error = result, .number = result == -EEXIST ? call->mailbox : 0};
	question_done(&t->question, &done);
}

static void carry_out(struct right_tree *t, uint64_t shard, uint32_t mailbox)
{
	t->call.shard = shard;
	t->call.mailbox = mailbox;
	t->call.done = changed;
	question_call(&t->question);
	t->run(&store_role.accounts, &t->call);
}

/* ---- the verbs ---- */

static struct right_tree *begin(struct right *r, uint32_t request, uint64_t account, struct view path,
    void (*run)(struct accounts *a, struct account_mailbox_request *r))
{
	struct right_tree *t = question_begin(r, request, sizeof *t, &kind);
	t->account = right_is_own(r, account) ? 0 : account;
	t->path = mem_string(path);
	t->call.path = view_of(t->path, path.len);
	t->run = run;
	return t;
}

/* In another's account. */
static void who_creates(struct question *question)
{
	struct right_tree *t = tree_of(question);
	t->call.who = right_is_who(question->right);
	carry_out(t, store_shard(STORE_ACCOUNT, t->account), 0);
}

void right_create(struct right *r, uint32_t request, const void *message)
{
	const struct mail_create *m = message;
	struct right_tree *t = begin(r, request, m->account, m->path, account_mailbox_create);
	if (m->role) {
		t->call.set = MAILBOX_SET_ROLE;
		t->call.role = (uint8_t)m->role;
	}
	/* A role is its owner's to give. */
	if (t->account && m->role)
		question_fail(&t->question, -EACCES);
	else if (view_empty(m->path))
		question_fail(&t->question, -EINVAL);
	else if (t->account)
		right_who(&t->question, who_creates);
	else
		carry_out(t, r->account, 0);
}

static void may_rename(struct question *question)
{
	struct right_tree *t = tree_of(question);
	if (t->box.user)
		t->call.who = right_is_who(question->right);
	carry_out(t, t->box.shard, t->box.mailbox);
}

void right_rename(struct right *r, uint32_t request, const void *message)
{
	const struct mail_rename *m = message;
	struct right_tree *t = begin(r, request, m->account, m->path, account_mailbox_rename);
	if (view_empty(m->path))
		question_fail(&t->question, -EINVAL);
	else
		right_access(&t->question, m->account, m->mailbox, RIGHT_REMOVE, &t->box, may_rename);
}

static void may_change(struct question *question)
{
	struct right_tree *t = tree_of(question);
	carry_out(t, t->box.shard, t->box.mailbox);
}

void right_remove_mailbox(struct right *r, uint32_t request, const void *message)
{
	const struct mail_remove *m = message;
	struct right_tree *t = begin(r, request, m->account, (struct view){0}, account_mailbox_remove);
	t->call.only_empty = m->only_empty != 0;
	right_access(&t->question, m->account, m->mailbox, RIGHT_REMOVE, &t->box, may_change);
}

/* Of another's mailbox only the session's own subscription can be set: it stands with the share. */
static void share_set(struct account_sharing *sharing, int result)
{
	struct right_tree *t = container_of(sharing, struct right_tree, sharing);
	if (question_back(&t->question))
		question_fail(&t->question, result);
}

static void may_set(struct question *question)
{
	struct right_tree *t = tree_of(question);
	if (t->box.user == 0) {
		carry_out(t, t->box.shard, t->box.mailbox);
		return;
	}
	if (t->call.set != MAILBOX_SET_SUBSCRIBED) {
		question_fail(question, -EACCES);
		return;
	}
	t->sharing = (struct account_sharing){.shard = question->right->account,
	    .set = SHARE_SET_SUBSCRIBED,
	    .share = {.owner = t->box.shard, .mailbox = t->box.mailbox, .subscribed = t->call.subscribed},
	    .done = share_set};
	question_call(question);
	account_share_set(&store_role.accounts, &t->sharing);
}

void right_set(struct right *r, uint32_t request, const void *message)
{
	const struct mail_set *m = message;
	struct right_tree *t = begin(r, request, m->account, m->path, account_mailbox_set);
	t->call.set = (m->set & MAIL_SET_SUBSCRIBED ? MAILBOX_SET_SUBSCRIBED : 0) |
	              (m->set & MAIL_SET_ROLE ? MAILBOX_SET_ROLE : 0) |
	              (m->set & MAIL_SET_ORDER ? MAILBOX_SET_ORDER : 0);
	t->call.subscribed = m->subscribed != 0;
	t->call.role = (uint8_t)m->role;
	t->call.order = (uint32_t)m->order;
	if (m->mailbox)
		right_access(&t->question, m->account, m->mailbox, RIGHT_LOOKUP, &t->box, may_set);
	else if (t->account)
		question_fail(&t->question, -ENOENT);
	else
		carry_out(t, r->account, 0);
}
