/* EMAIL_THREADS: the emails of threads, some threads at a time. */
#include <errno.h>

#include "base/container.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

enum { AT_ONCE = 64 /* threads of one read: most have a few emails */ };

struct right_threads {
	struct question question;
	struct right_account account;
	uint64_t *threads;
	size_t count, next;
	bool begun;
	uint64_t modseq;
	struct account_thread_emails call;
};

static struct right_threads *threads_of(struct question *question)
{
	return container_of(question, struct right_threads, question);
}

static void release(struct question *question)
{
	struct right_threads *t = threads_of(question);
	mem_free(t->threads);
	account_thread_emails_free(&t->call);
}

static void proceed(struct right_threads *t);

static void go_on(struct question *question)
{
	proceed(threads_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

/* False when the question has ended of it. */
static bool answer(struct right_threads *t, const struct account_thread_emails *call)
{
	struct buf ids;
	bool goes_on = true;
	buf_init(&ids, EMAIL_IDS_BYTES);
	for (size_t i = 0; i < call->count && goes_on; i++) {
		const struct account_thread_email *e = &call->emails[i];
		bool last = i + 1 == call->count || e[1].index != e->index;
		buf_append_u64(&ids, e->id);
		if (buf_view(&ids).len < EMAIL_IDS_BYTES && !last)
			continue;
		struct email_thread m = {.thread = call->threads[e->index], .emails = buf_view(&ids)};
		goes_on = question_answer(&t->question, EMAIL_THREAD, &m);
		buf_clear(&ids);
	}
	buf_done(&ids);
	return goes_on;
}

static void thread_read(struct account_thread_emails *call, int result)
{
	struct right_threads *t = container_of(call, struct right_threads, call);
	if (!question_back(&t->question))
		return;
	if (result) {
		question_fail(&t->question, result);
		return;
	}
	if (!t->begun)
		t->modseq = call->threads_modseq;
	t->begun = true;
	t->next += call->thread_count;
	bool goes_on = answer(t, call);
	if (!goes_on)
		return;
	account_thread_emails_free(call);
	proceed(t);
}

static void proceed(struct right_threads *t)
{
	if (!right_has_room(t->question.right))
		return;
	/* Without threads too there is a state to be told. */
	size_t left = t->count - t->next;
	if (t->begun && left == 0) {
		question_done(&t->question, &(struct mail_done){.modseq = t->modseq});
		return;
	}
	t->call = (struct account_thread_emails){.shard = t->account.box.shard,
	    .who = t->account.who,
	    .threads = t->threads + t->next,
	    .thread_count = left < AT_ONCE ? left : AT_ONCE,
	    .done = thread_read};
	question_call(&t->question);
	account_thread_emails(&store_role.accounts, &t->call);
}

static void granted(struct question *question)
{
	proceed(threads_of(question));
}

void right_threads(struct right *r, uint32_t request, const void *message)
{
	const struct email_threads *m = message;
	struct right_threads *t = question_begin(r, request, sizeof *t, &kind);
	int error = question_ids(m->threads, &t->threads, &t->count);
	if (error)
		question_fail(&t->question, error);
	else
		right_account(&t->question, m->account, &t->account, granted);
}
