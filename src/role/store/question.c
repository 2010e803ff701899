/* One question at a time, and those that wait: see question.h. */
#include "role/store/question.h"

#include <errno.h>
#include <string.h>

#include "account/append.h"
#include "base/mem.h"
#include "mail/uid_ranges.h"
#include "role/store/store_private.h"

enum {
	/* A session has one command under way, which asks a few things ahead; or appends as many messages as
	 * one step takes. */
	WAITING_MAX = 64 + ACCOUNT_APPEND_MAX,
	/* As many messages, of which few have a structure of more than some KB, and a question. */
	WAITING_BYTES_MAX = 16 * 1024 * 1024,
	RANGES_BYTES = 64 * 1024 /* in one answer */
};

struct waiting_question {
	struct waiting_question *next;
	void (*run)(struct right *r, uint32_t request, const void *message);
	unsigned type;
	uint32_t request;
	size_t len;
	char payload[];
};

/* ---- those that wait ---- */

static void keep(struct right *r, const struct channel_frame *frame,
    void (*run)(struct right *r, uint32_t request, const void *message))
{
	struct waiting_question *w, **end = &r->waiting;
	size_t count = 0, bytes = frame->payload.len;
	for (; *end; end = &(*end)->next) {
		count++;
		bytes += (*end)->len;
	}
	if (count >= WAITING_MAX || bytes > WAITING_BYTES_MAX) {
		right_break(r, "too-many-questions");
		return;
	}
	w = *end = mem_alloc(sizeof *w + frame->payload.len);
	w->run = run;
	w->type = frame->type;
	w->request = frame->request;
	w->len = frame->payload.len;
	if (w->len)
		memcpy(w->payload, frame->payload.data, w->len);
}

/* A task, so that a verb that is answered at once calls nothing in depth. */
static void run_next(void *arg)
{
	struct right *r = arg;
	struct waiting_question *w = r->waiting;
	_Alignas(16) char message[MESSAGE_STRUCT_MAX];
	if (r->ended || r->question || w == NULL)
		return;
	r->waiting = w->next;
	struct channel_frame frame = {.type = (uint16_t)w->type,
	    .request = w->request,
	    .payload = view_of(w->payload, w->len),
	    .fd = -1};
	/* It has been read before, so it can be read again. */
	if (link_decode_as(&r->link, &frame, NULL, sizeof message, message))
		w->run(r, w->request, message);
	mem_free(w);
	if (!r->ended && r->question == NULL && r->waiting)
		loop_task_schedule(&r->next_question);
}

void question_received(struct right *r, const struct channel_frame *frame, const void *message,
    void (*run)(struct right *r, uint32_t request, const void *message))
{
	if (r->next_question.run == NULL)
		loop_task_init(&r->next_question, &store_role.process->loop, run_next, r);
	if (r->question || r->waiting)
		keep(r, frame, run);
	else
		run(r, frame->request, message);
}

/* ---- the one under way ---- */

void *question_begin(struct right *r, uint32_t request, size_t size, const struct question_kind *kind)
{
	struct question *q = mem_alloc(size);
	q->right = r;
	q->kind = kind;
	q->request = request;
	r->question = q;
	return q;
}

static void free_question(struct question *q)
{
	q->right->question = NULL;
	if (q->kind->release)
		q->kind->release(q);
	right_who_forget(q->right);
	mem_free(q);
}

void question_call(struct question *q)
{
	q->under_way++;
	right_begin(q->right);
}

bool question_back(struct question *q)
{
	q->under_way--;
	if (!right_back(q->right))
		return false;
	if (q->stopped && q->under_way == 0)
		question_fail(q, -ECANCELED);
	else if (!q->stopped)
		return true;
	return false;
}

bool question_answer(struct question *q, unsigned type, const void *answer)
{
	struct right *r = q->right;
	/* An answer with a hole must not look whole. */
	if (!r->ended && ipc_send(&r->link.channel, type, q->request, answer, -1) != 0)
		right_break(r, "answer-broken");
	return !r->ended;
}

void question_answer_ranges(struct question *q, enum mail_type type, struct view ranges)
{
	for (; ranges.len > 0; ranges = view_skip(ranges, RANGES_BYTES)) {
		struct mail_uids m = {.ranges = view_take(ranges, RANGES_BYTES)};
		if (!question_answer(q, type, &m))
			return;
	}
}

void question_answer_uids(struct question *q, enum mail_type type, const uint32_t *uids, size_t count)
{
	struct buf ranges;
	buf_init(&ranges, RANGES_BYTES);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && uids[end] == uids[end - 1] + 1;)
			end++;
		uid_ranges_add(&ranges, uids[i], uids[end - 1]);
		if (buf_view(&ranges).len == RANGES_BYTES || end == count) {
			question_answer_ranges(q, type, buf_view(&ranges));
			buf_clear(&ranges);
		}
	}
	buf_done(&ranges);
}

static void send_done(struct right *r, uint32_t request, const struct mail_done *done)
{
	if (!r->ended && ipc_send(&r->link.channel, MAIL_DONE, request, done, -1) != 0)
		right_break(r, "answer-broken");
}

void question_leave(struct question *q)
{
	struct right *r = q->right;
	free_question(q);
	if (!r->ended && r->waiting)
		loop_task_schedule(&r->next_question);
}

void question_done(struct question *q, const struct mail_done *done)
{
	/* The numbers may stand in the question itself. */
	send_done(q->right, q->request, done);
	question_leave(q);
}

void question_fail(struct question *q, int64_t error)
{
	question_done(q, &(struct mail_done){.error = error});
}

void question_refuse(struct right *r, uint32_t request, int64_t error)
{
	send_done(r, request, &(struct mail_done){.error = error});
}

/* ---- stopping ---- */

static bool stop_waiting(struct right *r, uint32_t request)
{
	for (struct waiting_question **at = &r->waiting; *at; at = &(*at)->next) {
		struct waiting_question *w = *at;
		if (w->request != request)
			continue;
		*at = w->next;
		mem_free(w);
		return true;
	}
	return false;
}

/* What has been answered already needs no word. */
void question_stop(struct right *r, uint32_t request, const void *message)
{
	struct question *q = r->question;
	(void)message;
	if (stop_waiting(r, request) || right_watch_end(r, request))
		question_refuse(r, request, -ECANCELED);
	else if (q && q->request == request && q->under_way > 0)
		q->stopped = true;
	else if (q && q->request == request)
		question_fail(q, -ECANCELED);
}

void question_drained(struct right *r)
{
	struct question *q = r->question;
	if (q && q->under_way == 0 && q->kind->go_on)
		q->kind->go_on(q);
}

void question_close(struct right *r)
{
	if (r->next_question.run)
		loop_task_cancel(&r->next_question);
	if (r->question)
		free_question(r->question);
	while (r->waiting)
		stop_waiting(r, r->waiting->request);
}

/* ---- what several verbs read in their questions ---- */

int question_uids(struct question *q, struct view ranges, uint32_t **uids, size_t *count)
{
	struct cursor in = cursor_on(ranges);
	uint32_t first, last;
	size_t n = 0;
	if (!uid_ranges_valid(ranges, false)) {
		right_break(q->right, "bad-ranges");
		return -EINVAL;
	}
	uint64_t all = uid_ranges_count(ranges);
	if (all > MAIL_UIDS_MAX)
		return -E2BIG;
	uint32_t *list = mem_try((all ? (size_t)all : 1) * sizeof *list);
	if (list == NULL)
		return -ENOMEM;
	while (uid_ranges_next(&in, &first, &last))
		for (uint64_t uid = first; uid <= last; uid++)
			list[n++] = (uint32_t)uid;
	*uids = list;
	*count = n;
	return 0;
}

int question_ids(struct view text, uint64_t **ids, size_t *count)
{
	struct cursor in = cursor_on(text);
	size_t n = text.len / EMAIL_ID_SIZE;
	if (text.len % EMAIL_ID_SIZE)
		return -EINVAL;
	uint64_t *list = mem_try((n ? n : 1) * sizeof *list);
	if (list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		list[i] = cursor_u64(&in);
	*ids = list;
	*count = n;
	return 0;
}

bool question_keywords(struct view keywords, struct view *words, size_t *count)
{
	struct view word;
	size_t n = 0;
	while (view_next(&keywords, ' ', &word)) {
		if (word.len == 0)
			continue;
		if (n == ACCOUNT_FLAGS_KEYWORDS_MAX)
			return false;
		words[n++] = word;
	}
	*count = n;
	return true;
}
