/*
 * SUBMISSION_CREATE, SUBMISSION_CANCEL, SUBMISSION_REMOVE. A submission and its record of the queue are
 * written in one commit, and end in one.
 */
#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/submissions.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/random.h"
#include "format/mail_terms.h"
#include "role/store/question.h"
#include "role/store/store_private.h"
#include "role/store/submit_addresses.h"
#include "trace/trace_write.h"

enum {
	ARENA_MAX = 1 << 20, /* of one: a hundred recipients with all that may be said of them */
	AUTHORS_MAX = 100,   /* addresses in From */
	MINUTE_MS = 60 * 1000,
	RATE_ACCOUNTS_MAX = 20000 /* that are counted; with more of them all are counted anew */
};

#define CLIENT VIEW("a session of the account (JMAP)")

struct right_submission {
	struct question question;
	struct arena arena;
	struct submit_addresses look;
	struct store_commit commit;
	struct spool spool;
	bool spooled;
	int64_t now;
	/* CREATE. */
	struct submission_create asked; /* its texts are in the arena */
	struct account_submission submission;
	struct submission_recipient *recipients;
	struct queue_record record;
	struct queue_id id;
	size_t count, author_count, sender_count; /* sender_count: 0: the null path, which is nobody's */
	/* CANCEL, REMOVE. */
	uint64_t number, modseq;
	bool gone; /* it was on its way, and nobody had said so */
};

static struct right_submission *submission_of(struct question *question)
{
	return container_of(question, struct right_submission, question);
}

static void release(struct question *question)
{
	struct right_submission *x = submission_of(question);
	if (x->spooled)
		spool_done(&x->spool);
	arena_done(&x->arena);
}

static const struct question_kind kind = {.release = release};

static struct right_submission *begin(struct right *r, uint32_t request)
{
	struct right_submission *x = question_begin(r, request, sizeof *x, &kind);
	arena_init(&x->arena, ARENA_MAX);
	x->now = clock_wall();
	return x;
}

static void commit(struct right_submission *x, int (*run)(struct txn *, void *),
    void (*done)(struct store_commit *, int), bool frees)
{
	spool_init(&x->spool, queue_config(store_role.queue), x->now);
	x->spooled = true;
	x->commit = (struct store_commit){.run = run, .arg = x, .done = done, .frees_space = frees};
	question_call(&x->question);
	store_commit(store_role.store, &x->commit);
}

/* ---- how many ---- */

static struct {
	struct map accounts; /* account -> how many in this minute */
	int64_t since;
} rate;

/* As many as a client of submission may send in a minute (the setting messages_rate). */
static bool is_too_fast(uint64_t account)
{
	int64_t now = clock_monotonic_ms();
	if (now - rate.since >= MINUTE_MS || rate.accounts.count >= RATE_ACCOUNTS_MAX) {
		map_done(&rate.accounts);
		rate.since = now;
	}
	uintptr_t sent = (uintptr_t)map_get_u64(&rate.accounts, account);
	if (sent >= store_role.process->settings.messages_rate)
		return true;
	map_set_u64(&rate.accounts, account, (void *)(sent + 1));
	return false;
}

/* ---- sending ---- */

static int run_create(struct txn *t, void *arg)
{
	struct right_submission *x = arg;
	uint64_t shard = x->question.right->account;
	struct account_sendable email;
	spool_begin(&x->spool, t);
	x->spool.reserved =
	    account_submission_writes(x->count) + CHANGE_END_WRITES + SUBMISSION_RECIPIENTS_MAX;
	int error = account_submission_check(t, shard, x->asked.email, x->asked.identity, &email);
	if (error)
		return error;
	struct queue_record record = x->record;
	record.blob = email.blob;
	record.body_len = email.body_len;
	record.trailer_len = blob_length(&email.blob) - email.body_len;
	record.submission = email.next;
	x->submission.thread = email.thread;
	error = change_add(&x->spool, queue_home(QUEUE_SUBMIT), &x->id, &record);
	return error ? error
	             : account_submission_add(t, shard, x->now, email.oldest, &x->submission, x->recipients);
}

static void trace(const struct right_submission *x)
{
	trace_event(queue_id_view(&x->id), TRACE_ACCEPTED, log_text("from", CLIENT),
	    log_text("sender", x->asked.sender), log_u64("recipients", x->count));
}

static void created(struct store_commit *c, int result)
{
	struct right_submission *x = container_of(c, struct right_submission, commit);
	if (result == 0) {
		metric_add(METRIC_MESSAGES_IN, METRIC_BY_JMAP, 1);
		trace(x);
		queue_take_effects(store_role.queue, &x->spool);
	}
	if (!question_back(&x->question))
		return;
	if (result) {
		question_fail(&x->question, result == -E2BIG ? -EMSGSIZE : result);
		return;
	}
	question_done(&x->question, &(struct mail_done){.number = x->submission.number,
	                                .messages = x->submission.thread,
	                                .uidnext = (uint64_t)x->submission.send_at,
	                                .modseq = x->submission.modseq});
}

static bool make_record(struct right_submission *x)
{
	const struct submission_create *m = &x->asked;
	struct record_recipient *list = arena_array(&x->arena, x->count, sizeof *list);
	char id[RANDOM_ID_SIZE];
	if (list == NULL)
		return false;
	random_id(id);
	memcpy(x->id.text, id, QUEUE_ID_SIZE);
	for (size_t i = 0; i < x->count; i++) {
		const struct submission_recipient *from = &x->recipients[i];
		list[i] = (struct record_recipient){.state = RECORD_WAITING,
		    .notify = (uint8_t)from->notify,
		    .address = from->address,
		    .orcpt = from->orcpt,
		    .destination = QUEUE_SUBMIT};
	}
	int64_t at = (int64_t)m->send_at;
	x->record = (struct queue_record){.terms = {.sender = m->sender,
	                                      .envid = m->envid,
	                                      .ret = m->ret,
	                                      .utf8 = m->utf8,
	                                      .requiretls = m->requiretls,
	                                      .has_priority = m->has_priority,
	                                      .priority = m->priority,
	                                      .hold_until = at > x->now ? at : 0},
	    .client = CLIENT,
	    .submitter = x->question.right->account,
	    .arrived = x->now,
	    .shared = true,
	    .recipients = list,
	    .count = x->count};
	x->submission = (struct account_submission){.email = m->email,
	    .identity = m->identity,
	    .send_at = at > x->now ? at : x->now,
	    .recipients = (uint32_t)x->count,
	    .sender = m->sender,
	    .parameters = m->parameters};
	memcpy(x->submission.queue, x->id.text, QUEUE_ID_SIZE);
	return true;
}

/* ---- what the addresses are ---- */

static int worst_of(const int *results, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (results[i])
			return results[i];
	return 0;
}

/* False: the channel has ended. */
static bool tell_invalid(struct right_submission *x, const int *results)
{
	struct buf places;
	buf_init(&places, SUBMISSION_RECIPIENTS_MAX * 8);
	for (size_t i = 0; i < x->count; i++)
		if (results[i])
			buf_append_u64(&places, i);
	struct submission_invalid m = {.places = buf_view(&places)};
	bool up = question_answer(&x->question, SUBMISSION_INVALID, &m);
	buf_done(&places);
	return up;
}

static void looked(struct submit_addresses *look, int result)
{
	struct right_submission *x = container_of(look, struct right_submission, look);
	const int *results = look->results;
	if (!question_back(&x->question))
		return;
	const int *authors = results + x->sender_count, *recipients = authors + x->author_count;
	if (result == 0 && worst_of(results, x->sender_count))
		result = -EPERM;
	if (result == 0 && worst_of(authors, x->author_count))
		result = -EACCES;
	if (result == 0 && worst_of(recipients, x->count)) {
		if (!tell_invalid(x, recipients))
			return;
		result = -EADDRNOTAVAIL;
	}
	if (result == 0 && is_too_fast(x->question.right->account))
		result = -EUSERS;
	if (result == 0 && !make_record(x))
		result = -ENOMEM;
	if (result)
		question_fail(&x->question, result);
	else
		commit(x, run_create, created, false);
}

static int take_recipients(struct right_submission *x, struct view list)
{
	struct cursor in = cursor_on(list);
	struct submission_recipient r;
	x->recipients = arena_array(&x->arena, SUBMISSION_RECIPIENTS_MAX, sizeof *x->recipients);
	if (x->recipients == NULL)
		return -ENOMEM;
	while (x->count < SUBMISSION_RECIPIENTS_MAX && submission_recipient_get(&in, &r)) {
		r.delivered = SUBMISSION_QUEUED;
		r.reply = (struct view){0};
		x->recipients[x->count++] = r;
	}
	return x->count > 0 && cursor_at_end(&in) && cursor_ok(&in) ? 0 : -EINVAL;
}

/* The sender, the authors, the recipients. */
static int list_addresses(struct right_submission *x, struct view authors)
{
	struct view *list = arena_array(&x->arena, 1 + AUTHORS_MAX + x->count, sizeof *list), line;
	size_t count = 0;
	if (list == NULL)
		return -ENOMEM;
	if (x->asked.sender.len > 0)
		list[count++] = x->asked.sender;
	x->sender_count = count;
	while (authors.len > 0 && view_next(&authors, '\n', &line)) {
		if (x->author_count == AUTHORS_MAX)
			return -EACCES;
		list[count++] = line;
		x->author_count++;
	}
	for (size_t i = 0; i < x->count; i++)
		list[count++] = x->recipients[i].address;
	int *results = arena_array(&x->arena, count, sizeof *results);
	if (results == NULL)
		return -ENOMEM;
	x->look = (struct submit_addresses){.account = x->question.right->account,
	    .addresses = list,
	    .count = count,
	    .own = x->sender_count + x->author_count,
	    .results = results,
	    .done = looked};
	return 0;
}

static int take_question(struct right_submission *x, const struct submission_create *m)
{
	struct view recipients, authors;
	x->asked = *m;
	bool good = arena_copy(&x->arena, m->sender, &x->asked.sender) &&
	            arena_copy(&x->arena, m->envid, &x->asked.envid) &&
	            arena_copy(&x->arena, m->parameters, &x->asked.parameters) &&
	            arena_copy(&x->arena, m->authors, &authors) &&
	            arena_copy(&x->arena, m->recipients, &recipients);
	if (!good)
		return -ENOMEM;
	if (m->send_at > (uint64_t)x->now + store_role.process->settings.hold_max)
		return -EINVAL;
	int error = take_recipients(x, recipients);
	return error ? error : list_addresses(x, authors);
}

void right_submission_create(struct right *r, uint32_t request, const void *message)
{
	struct right_submission *x = begin(r, request);
	int error = take_question(x, message);
	if (error) {
		question_fail(&x->question, error);
		return;
	}
	question_call(&x->question);
	submit_addresses(store_role.store, &x->look);
}

/* ---- taking back, and forgetting ---- */

static void changed(struct store_commit *c, int result)
{
	struct right_submission *x = container_of(c, struct right_submission, commit);
	if (result == 0)
		queue_take_effects(store_role.queue, &x->spool);
	if (!question_back(&x->question))
		return;
	if (result || x->gone)
		question_fail(&x->question, x->gone || result == -EBADMSG ? -EBUSY : result);
	else
		question_done(&x->question, &(struct mail_done){.number = x->number, .modseq = x->modseq});
}

static int run_cancel(struct txn *t, void *arg)
{
	struct right_submission *x = arg;
	uint64_t shard = x->question.right->account;
	struct account_submission s;
	struct queue_id id;
	spool_begin(&x->spool, t);
	x->spool.reserved = account_submission_writes(0) + CHANGE_END_WRITES;
	int error = account_submission_get(t, shard, x->number, &s);
	if (error)
		return error;
	if (s.undo != SUBMISSION_PENDING || !queue_id_from(view_of(s.queue, QUEUE_ID_SIZE), &id))
		return -EBUSY;
	error = change_withdrawn(&x->spool, queue_home(QUEUE_SUBMIT), &id);
	x->gone = error == -ENOENT;
	if (error && !x->gone)
		return error;
	return account_submission_news(t, shard, x->now, x->number,
	    x->gone ? SUBMISSION_FINAL : SUBMISSION_CANCELED, NULL, NULL, 0, &x->modseq);
}

static int run_remove(struct txn *t, void *arg)
{
	struct right_submission *x = arg;
	spool_begin(&x->spool, t);
	return account_submission_remove(t, x->question.right->account, x->now, x->number, &x->modseq);
}

void right_submission_cancel(struct right *r, uint32_t request, const void *message)
{
	struct right_submission *x = begin(r, request);
	x->number = ((const struct submission_number *)message)->number;
	commit(x, run_cancel, changed, true);
}

void right_submission_remove(struct right *r, uint32_t request, const void *message)
{
	struct right_submission *x = begin(r, request);
	x->number = ((const struct submission_number *)message)->number;
	commit(x, run_remove, changed, true);
}
