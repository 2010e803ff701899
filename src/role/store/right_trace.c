/*
 * TRACING_ASK: where a message is. The trace records are files, so a thread of the search looks through them,
 * for one question at a time: whoever asks often waits, and so do others who ask that, but nobody else.
 */
#include "role/store/right_trace.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "account/message_id.h"
#include "account/submissions.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "directory/directory.h"
#include "directory/groups.h"
#include "format/limits.h"
#include "mail/mail_trace.h"
#include "role/store/question.h"
#include "role/store/search_thread.h"
#include "role/store/store_private.h"
#include "trace/trace_search.h"
#include "trace/trace_share.h"
#include "trace/trace_write.h"

enum {
	DAY = 24 * 60 * 60,
	ARENA_MAX = 4 << 20, /* texts of the steps */
	LINES_MAX = TRACE_OUTPUT_MAX,
	ADDRESS_ROOM = LOCAL_PART_MAX + 1 + DOMAIN_MAX
};

struct right_trace {
	struct question question;
	struct right_trace *next; /* that waits for the thread */
	struct tracing_ask asked;
	struct store_read read;
	bool known; /* what to look for */

	/* What is looked for, since when, and by whom. */
	char text[SUMMARY_INLINE_MAX];
	size_t text_len;
	int64_t since;
	char address[ADDRESS_ROOM];
	size_t address_len;
	struct view *written; /* of a submission: those to whom it goes; in the arena */
	size_t written_count;

	struct search_job job;
	struct buf lines;
	struct arena arena;
	struct tracing_step *steps; /* their texts are in the arena */
	size_t count, at;
	bool cut;
};

static struct {
	struct right_trace *first, **last; /* the first one is being looked for */
	atomic_bool stop;
} traces;

static struct right_trace *trace_of(struct question *question)
{
	return container_of(question, struct right_trace, question);
}

static void release(struct question *question)
{
	struct right_trace *x = trace_of(question);
	arena_done(&x->arena);
	buf_done(&x->lines);
	mem_free(x->steps);
}

/* ---- answering ---- */

static void tell(struct right_trace *x)
{
	for (; x->at < x->count; x->at++)
		if (!right_has_room(x->question.right) ||
		    !question_answer(&x->question, TRACING_STEP, &x->steps[x->at]))
			return;
	question_done(&x->question, &(struct mail_done){.number = x->cut});
}

static void go_on(struct question *question)
{
	tell(trace_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

/* ---- on a thread ---- */

/* As one line, whatever a host has said. */
static bool keep(struct right_trace *x, struct view text, size_t max, struct view *out)
{
	text = view_take(text, max);
	char *kept = arena_alloc(&x->arena, text.len + 1);
	if (kept == NULL)
		return false;
	for (size_t i = 0; i < text.len; i++)
		kept[i] = (unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f ? ' ' : text.data[i];
	*out = view_of(kept, text.len);
	return true;
}

static void add_step(struct right_trace *x, const struct trace_line *line, struct buf *words)
{
	struct tracing_step *s = &x->steps[x->count];
	int64_t next = trace_number(line, "next");
	if (x->count == TRACING_STEPS_MAX) {
		x->cut = true;
		return;
	}
	buf_clear(words);
	trace_words(words, line);
	*s = (struct tracing_step){
	    .at = (uint64_t)(line->time > 0 ? line->time : 0), .next = (uint64_t)(next > 0 ? next : 0)};
	if (keep(x, line->name, TRACING_WORD_MAX, &s->event) &&
	    keep(x, line->id, TRACING_WORD_MAX, &s->message) &&
	    keep(x, trace_field(line, "recipient"), TRACING_WORD_MAX, &s->recipient) &&
	    keep(x, trace_field(line, "host"), TRACING_WORD_MAX, &s->host) &&
	    keep(x, trace_field(line, "reply"), TRACING_WORD_MAX, &s->reply) &&
	    keep(x, trace_field(line, "tls"), TRACING_WORD_MAX, &s->tls) &&
	    keep(x, buf_view(words), TRACING_TEXT_MAX, &s->text))
		x->count++;
	else
		x->cut = true;
}

/* The id under which a submission waited, in the first line of the message that was made of it. */
static struct view waited_as(const struct right_trace *x, struct view lines, struct arena *arena)
{
	struct trace_line line;
	struct view one;
	while (view_next(&lines, '\n', &one))
		if (trace_line_read(one, arena, &line) && line.kind == TRACE_ACCEPTED &&
		    view_equal(line.id, view_of(x->text, x->text_len)))
			return trace_field(&line, "submission");
	return (struct view){0};
}

static struct view domain_of(struct view address)
{
	ptrdiff_t at = view_find_last(address, '@');
	return at < 0 ? (struct view){0} : view_skip(address, (size_t)at + 1);
}

/* Whether the line is about somebody whom the sender has written to: about him alone, or all of his domain;
 * or about nobody. What waits as a submission goes to this server first. */
static bool is_about_written(const struct right_trace *x, const struct trace_line *line)
{
	struct view recipient = trace_field(line, "recipient"), domain = trace_field(line, "destination");
	bool about = recipient.len == 0 && (domain.len == 0 || view_starts(domain, VIEW("@")));
	for (size_t i = 0; i < x->written_count && !about; i++)
		about = recipient.len ? view_equal_nocase(recipient, x->written[i])
		                      : view_equal_nocase(domain, domain_of(x->written[i]));
	return about;
}

/* Its own message, and what that was before: neither reports nor what others made of it. */
static void take_sent(struct right_trace *x, struct view lines, struct arena *arena, struct buf *words)
{
	struct view one, own = view_of(x->text, x->text_len), before = waited_as(x, lines, arena);
	struct trace_line line;
	while (view_next(&lines, '\n', &one))
		if (trace_line_read(one, arena, &line) &&
		    (view_equal(line.id, own) || (before.len > 0 && view_equal(line.id, before))) &&
		    trace_for_sender(&line)) {
			if (!is_about_written(x, &line))
				trace_hide_recipient(&line);
			add_step(x, &line, words);
		}
}

/* A message's lines, if it reached the account. */
static void take_received(struct right_trace *x, struct view group, struct arena *arena, struct buf *words)
{
	struct view one, rest = group, address = view_of(x->address, x->address_len);
	struct trace_line line;
	bool reached = false;
	while (!reached && view_next(&rest, '\n', &one))
		reached = trace_line_read(one, arena, &line) && trace_has_reached(&line, address);
	rest = group;
	while (reached && view_next(&rest, '\n', &one))
		if (trace_line_read(one, arena, &line) && trace_for_recipient(&line, address))
			add_step(x, &line, words);
}

/* Groups have an empty line behind them. */
static void take_groups(struct right_trace *x, struct arena *arena, struct buf *words)
{
	struct view rest = buf_view(&x->lines), line;
	const char *begin = rest.data;
	while (view_next(&rest, '\n', &line)) {
		if (line.len > 0)
			continue;
		take_received(x, view_of(begin, (size_t)(line.data - begin)), arena, words);
		begin = rest.data;
		arena_reset(arena);
	}
}

static int compare(const void *a, const void *b)
{
	const struct tracing_step *x = a, *y = b;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* The same order as before where the times are alike: an insertion sort, since most stand in it already. */
static void sort(struct right_trace *x)
{
	for (size_t i = 1; i < x->count; i++) {
		struct tracing_step step = x->steps[i];
		size_t k = i;
		for (; k > 0 && compare(&x->steps[k - 1], &step) > 0; k--)
			x->steps[k] = x->steps[k - 1];
		x->steps[k] = step;
	}
}

static int run(struct search_job *job)
{
	struct right_trace *x = container_of(job, struct right_trace, job);
	struct trace_query query = {.text = view_of(x->text, x->text_len), .stop = &traces.stop};
	struct trace_result result;
	struct arena arena;
	struct buf words;
	int64_t age = clock_wall() - x->since;
	query.days = age < 0 ? 1 : age / DAY > 10000 ? 10000 : (unsigned)(age / DAY) + 2;
	trace_flush();
	int error = trace_search(store_role.process->folder, &query, &x->lines, &result);
	if (error)
		return error == -ENOENT ? 0 : error;
	x->cut = result.cut;
	arena_init(&arena, LINES_MAX);
	buf_init(&words, TRACING_TEXT_MAX + 1024);
	if (x->asked.submission)
		take_sent(x, buf_view(&x->lines), &arena, &words);
	else
		take_groups(x, &arena, &words);
	sort(x);
	buf_done(&words);
	arena_done(&arena);
	return 0;
}

/* ---- one after the other ---- */

static void begin_search(struct right_trace *x);

static void searched(struct search_job *job, int result)
{
	struct right_trace *x = container_of(job, struct right_trace, job);
	struct right_trace *next = x->next;
	traces.first = next;
	if (next == NULL)
		traces.last = &traces.first;
	if (question_back(&x->question)) {
		if (result)
			question_fail(&x->question, result == -ECANCELED ? -EAGAIN : result);
		else
			tell(x);
	}
	if (next)
		begin_search(next);
}

static void begin_search(struct right_trace *x)
{
	x->job = (struct search_job){.run = run, .done = searched};
	search_job_add(SEARCH_FINDS, &x->job);
}

static void enqueue(struct right_trace *x)
{
	if (traces.last == NULL)
		traces.last = &traces.first;
	bool alone = traces.first == NULL;
	*traces.last = x;
	traces.last = &x->next;
	question_call(&x->question);
	if (alone)
		begin_search(x);
}

void right_trace_stop(void)
{
	atomic_store(&traces.stop, true);
}

/* ---- what is looked for ---- */

static int run_address(struct txn *t, void *arg)
{
	struct right_trace *x = arg;
	struct view address;
	int error = directory_account_address(t, x->question.right->account, &address);
	x->address_len = 0;
	if (error || address.len > sizeof x->address)
		return error == -ENOENT ? 0 : error;
	memcpy(x->address, address.data, address.len);
	x->address_len = address.len;
	return 0;
}

static void address_known(struct store_read *read, int result)
{
	struct right_trace *x = container_of(read, struct right_trace, read);
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else if (x->text_len == 0 || x->address_len == 0)
		question_done(&x->question, &(struct mail_done){.error = 0}); /* it has no path */
	else
		enqueue(x);
}

static void take_text(struct right_trace *x, struct view text)
{
	x->text_len = text.len <= sizeof x->text ? text.len : 0;
	if (x->text_len > 0)
		memcpy(x->text, text.data, x->text_len);
}

static int take_written(struct txn *t, struct right_trace *x, uint32_t count)
{
	struct view address;
	int error = 0;
	x->written_count = 0;
	x->written = arena_array(&x->arena, count + 1, sizeof *x->written);
	for (uint32_t i = 0; x->written && i < count && error == 0; i++) {
		error = account_submission_recipient(
		    t, x->question.right->account, x->asked.submission, i, &address);
		if (error == 0 && !arena_copy(&x->arena, address, &x->written[x->written_count++]))
			error = -ENOMEM;
		error = error == -ENOENT ? 0 : error;
	}
	return x->written ? error : -ENOMEM;
}

static int run_submission(struct txn *t, void *arg)
{
	struct right_trace *x = arg;
	struct account_submission s;
	int error = account_submission_get(t, x->question.right->account, x->asked.submission, &s);
	if (error)
		return error;
	/* Of what waits for its time nothing has happened since it was made. */
	x->since = (s.undo == SUBMISSION_PENDING ? clock_wall() : s.send_at) - DAY;
	take_text(x, view_of(s.queue, sizeof s.queue));
	return take_written(t, x, s.recipients);
}

static int run_email(struct txn *t, void *arg)
{
	struct right_trace *x = arg;
	int error = account_message_id(
	    t, x->question.right->account, x->asked.email, x->text, sizeof x->text, &x->text_len, &x->since);
	x->since -= DAY;
	return error;
}

static void subject_known(struct store_read *read, int result)
{
	struct right_trace *x = container_of(read, struct right_trace, read);
	if (!question_back(&x->question))
		return;
	if (result) {
		question_fail(&x->question, result);
		return;
	}
	x->read = (struct store_read){
	    .shard = DIRECTORY_SHARD, .run = run_address, .arg = x, .done = address_known};
	question_call(&x->question);
	store_read(store_role.store, &x->read);
}

void right_trace(struct right *r, uint32_t request, const void *message)
{
	struct right_trace *x = question_begin(r, request, sizeof *x, &kind);
	x->asked = *(const struct tracing_ask *)message;
	buf_init(&x->lines, TRACE_OUTPUT_MAX);
	arena_init(&x->arena, ARENA_MAX);
	x->steps = mem_array(TRACING_STEPS_MAX, sizeof *x->steps);
	if ((x->asked.submission == 0) == (x->asked.email == 0)) {
		question_fail(&x->question, -EINVAL);
		return;
	}
	x->read = (struct store_read){.shard = r->account,
	    .run = x->asked.submission ? run_submission : run_email,
	    .arg = x,
	    .done = subject_known};
	question_call(&x->question);
	store_read(store_role.store, &x->read);
}
