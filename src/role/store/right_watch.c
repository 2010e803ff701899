/*
 * MAIL_WATCH: a session that wants to know when an account changes. It is told which mailboxes have changed,
 * and reads what it wants to know. A peer that is slow is told several changes as one, and the last one
 * always.
 */
#include <errno.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/right_noted.h"
#include "role/store/store_private.h"

enum {
	WATCHES_MAX = 300 /* of a session: its own account's, and those of mailboxes that others share */
};

struct right_watch {
	struct right_watch *next;
	struct right *right;
	struct store_watch watch;
	struct noted_listener *noted; /* NULL: of entries nothing is told */
	struct account_request *head; /* while it is asked for; else NULL */
	uint64_t account;
	uint32_t mailbox; /* this one alone; 0: all */
	uint32_t request;
	uint64_t told; /* the peer knows of the changes up to this one */
	bool watching, again;
	bool over; /* stopped while it asks for the head */
};

static void look(struct right_watch *w);

static void tell(struct right_watch *w, uint64_t modseq, const struct store_parts *parts)
{
	struct buf mailboxes;
	bool any = parts->any || parts->count == 0;
	if (modseq <= w->told)
		return;
	w->told = modseq;
	if (w->mailbox && !any && !store_parts_have(parts, w->mailbox))
		return;
	buf_init(&mailboxes, sizeof parts->numbers);
	/* Whoever watches one mailbox may see this one, and need not see the others. */
	for (size_t i = 0; i < parts->count && !any; i++)
		if (w->mailbox == 0 || parts->numbers[i] == w->mailbox)
			buf_append_u32(&mailboxes, parts->numbers[i]);
	struct mail_changed m = {.account = w->account, .modseq = modseq, .mailboxes = buf_view(&mailboxes)};
	ipc_send(&w->right->link.channel, MAIL_CHANGED, w->request, &m, -1);
	buf_done(&mailboxes);
}

static void unlink_watch(struct right_watch *w)
{
	struct right_watch **at = &w->right->watches;
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
}

static void looked(struct account_request *head, int result)
{
	struct right_watch *w = head->arg;
	uint64_t modseq = head->modseq;
	mem_free(head);
	w->head = NULL;
	if (!right_back(w->right))
		return;
	if (w->over) {
		unlink_watch(w);
		mem_free(w);
		return;
	}
	if (result) {
		/* What cannot be told would be missed for ever: the session comes again. */
		log_event(
		    LOG_ERROR, "-", "watch-broken", log_u64("account", w->right->account), log_errno(result));
		right_end(w->right);
		return;
	}
	tell(w, modseq, &(struct store_parts){.any = true});
	if (w->again)
		look(w);
}

/* A commit says by itself which change was the last; the head is read for what happened before the watch. */
static void look(struct right_watch *w)
{
	w->again = w->head || !right_has_room(w->right);
	if (w->again)
		return;
	if (w->watch.number) {
		struct store_parts parts = w->watch.parts;
		w->watch.parts = (struct store_parts){0};
		tell(w, w->watch.number, &parts);
		return;
	}
	w->head = mem_alloc(sizeof *w->head);
	*w->head = (struct account_request){.shard = w->watch.shard, .done = looked, .arg = w};
	right_begin(w->right);
	account_stat(&store_role.accounts, w->head);
}

static void changed(struct store_watch *watch)
{
	look(container_of(watch, struct right_watch, watch));
}

static void begin(struct right *r, uint32_t request, const struct mail_watch *m, uint64_t shard)
{
	struct right_watch *w = mem_alloc(sizeof *w);
	w->right = r;
	w->account = m->account;
	w->mailbox = (uint32_t)m->mailbox;
	w->request = request;
	w->told = m->modseq;
	w->next = r->watches;
	r->watches = w;
	w->watch = (struct store_watch){.shard = shard, .changed = changed};
	store_watch(store_role.store, &w->watch);
	w->watching = true;
	if (m->notes)
		w->noted = noted_listen(r, request, m->account, shard, w->mailbox);
	look(w);
}

/* Who may watch is looked at as for any question, which ends where the watch begins. */
struct watch_question {
	struct question question;
	struct mail_watch asked;
	struct right_mailbox found;
};

static const struct question_kind watch_kind = {0};

static void granted(struct question *question)
{
	struct watch_question *q = container_of(question, struct watch_question, question);
	struct right *r = question->right;
	struct mail_watch asked = q->asked;
	uint64_t shard = q->found.shard;
	uint32_t request = question->request;
	question_leave(question);
	begin(r, request, &asked, shard);
}

void right_watch(struct right *r, uint32_t request, const void *message)
{
	const struct mail_watch *m = message;
	size_t count = 0;
	/* One under the same number takes the other one's place. */
	if (right_watch_end(r, request))
		log_event(LOG_DEBUG, "-", "watched-anew", log_u64("account", r->account));
	for (const struct right_watch *w = r->watches; w; w = w->next)
		count++;
	if (count >= WATCHES_MAX) {
		question_refuse(r, request, -EMLINK);
		return;
	}
	struct watch_question *q = question_begin(r, request, sizeof *q, &watch_kind);
	q->asked = *m;
	right_access(&q->question, m->account, m->mailbox, 0, &q->found, granted);
}

void right_watch_drained(struct right *r)
{
	for (struct right_watch *w = r->watches; w; w = w->next) {
		noted_drained(w->noted);
		if (w->again && !w->head)
			look(w);
	}
}

static void unwatch(struct right_watch *w)
{
	if (w->watching)
		store_unwatch(store_role.store, &w->watch);
	w->watching = false;
	noted_leave(w->noted);
	w->noted = NULL;
}

bool right_watch_end(struct right *r, uint32_t request)
{
	struct right_watch *w = r->watches;
	while (w && (w->request != request || w->over))
		w = w->next;
	if (w == NULL)
		return false;
	unwatch(w);
	w->over = true;
	if (w->head == NULL) {
		unlink_watch(w);
		mem_free(w);
	}
	return true;
}

bool right_watch_pass(const struct right *r, struct buf *questions)
{
	struct buf payload;
	bool good = true;
	buf_init(&payload, 4096);
	for (const struct right_watch *w = r->watches; w && good; w = w->next) {
		struct mail_watch m = {.account = w->account,
		    .mailbox = w->mailbox,
		    .modseq = w->told,
		    .notes = w->noted != NULL};
		buf_clear(&payload);
		good = w->head == NULL && !w->over && ipc_encode(&payload, MAIL_WATCH, &m) == 0 &&
		       channel_frame_append(questions, MAIL_WATCH, w->request, buf_view(&payload)) == 0;
	}
	buf_done(&payload);
	return good;
}

void right_watch_stop(struct right *r)
{
	for (struct right_watch *w = r->watches; w; w = w->next)
		unwatch(w);
}

void right_watch_close(struct right *r)
{
	while (r->watches) {
		struct right_watch *w = r->watches;
		r->watches = w->next;
		mem_free(w);
	}
}
