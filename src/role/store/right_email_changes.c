/* EMAIL_CHANGES: which emails, threads and mailboxes changed behind a state. */
#include <errno.h>

#include "base/container.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

struct right_email_changes {
	struct question question;
	struct right_account account;
	struct account_email_changes call;
};

static void release(struct question *question)
{
	account_email_changes_free(&container_of(question, struct right_email_changes, question)->call);
}

static const struct question_kind kind = {.release = release};

/* Ids of a kind, as many answers as they take. */
struct told {
	struct question *question;
	struct buf ids;
	enum email_changed_kind kind;
};

/* False when the question has ended of it, here and below. */
static bool flush(struct told *t)
{
	struct email_changed m = {.kind = t->kind, .ids = buf_view(&t->ids)};
	bool sent = m.ids.len == 0 || question_answer(t->question, EMAIL_CHANGED, &m);
	buf_clear(&t->ids);
	return sent;
}

static bool add(struct told *t, uint64_t id)
{
	buf_append_u64(&t->ids, id);
	return buf_view(&t->ids).len < EMAIL_IDS_BYTES || flush(t);
}

static enum email_changed_kind kind_of(const struct account_email_changed *e, enum email_changed_kind created)
{
	return !e->before ? created : e->now ? created + 1 : created + 2;
}

static bool tell_changed(
    struct told *t, const struct account_email_changed *list, size_t count, enum email_changed_kind created)
{
	for (t->kind = created; t->kind < created + 3; t->kind++) {
		for (size_t i = 0; i < count; i++)
			if (kind_of(&list[i], created) == t->kind && !add(t, list[i].id))
				return false;
		if (!flush(t))
			return false;
	}
	return true;
}

static enum email_changed_kind kind_of_mailbox(const struct account_mailbox_changed *m)
{
	return m->created ? MAILBOX_CREATED : m->changed ? MAILBOX_UPDATED : MAILBOX_COUNTS;
}

static bool tell_mailboxes(struct told *t, const struct account_email_changes *c)
{
	for (t->kind = MAILBOX_CREATED; t->kind <= MAILBOX_COUNTS; t->kind++) {
		for (size_t i = 0; i < c->mailbox_count; i++)
			if (kind_of_mailbox(&c->mailboxes[i]) == t->kind && !add(t, c->mailboxes[i].number))
				return false;
		if (!flush(t))
			return false;
	}
	t->kind = MAILBOX_DESTROYED;
	for (size_t i = 0; i < c->destroyed_count; i++)
		if (!add(t, c->destroyed[i]))
			return false;
	return flush(t);
}

static bool tell(struct question *q, const struct account_email_changes *c)
{
	struct told t = {.question = q};
	bool goes_on = true;
	buf_init(&t.ids, EMAIL_IDS_BYTES);
	if (c->want & EMAIL_CHANGES_EMAILS)
		goes_on = tell_changed(&t, c->emails, c->email_count, EMAIL_CREATED);
	if (goes_on && c->want & EMAIL_CHANGES_THREADS)
		goes_on = tell_changed(&t, c->threads, c->thread_count, THREAD_CREATED);
	if (goes_on && c->want & EMAIL_CHANGES_MAILBOXES)
		goes_on = tell_mailboxes(&t, c);
	buf_done(&t.ids);
	return goes_on;
}

static void changes_read(struct account_email_changes *c, int result)
{
	struct right_email_changes *x = container_of(c, struct right_email_changes, call);
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else if (tell(&x->question, c))
		question_done(&x->question,
		    &(struct mail_done){.modseq = c->modseq, .uidnext = c->new_part, .number = c->more});
}

static void granted(struct question *question)
{
	struct right_email_changes *x = container_of(question, struct right_email_changes, question);
	x->call.shard = x->account.box.shard;
	x->call.who = x->account.who;
	question_call(question);
	account_email_changes(&store_role.accounts, &x->call);
}

void right_email_changes(struct right *r, uint32_t request, const void *message)
{
	const struct email_changes *m = message;
	struct right_email_changes *x = question_begin(r, request, sizeof *x, &kind);
	x->call = (struct account_email_changes){.want = (unsigned)m->want,
	    .since = m->since,
	    .part = m->part,
	    .access = m->access,
	    .max = m->max,
	    .done = changes_read};
	right_account(&x->question, m->account, &x->account, granted);
}
