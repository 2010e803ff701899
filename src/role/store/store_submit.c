/*
 * What users submit over their account. Its record of the queue waits for "@submit"; relay completes and
 * signs the message and hands it in, and the commit that takes it ends the record and makes the submission
 * final. What becomes of the mail then is told to the submission in the commit of the queue in which it
 * happens, so that the two never say different things.
 */
#include <errno.h>
#include <string.h>

#include "account/submissions.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "dsn/dsn_explain.h"
#include "role/store/store_private.h"

/* ---- handing in ---- */

int store_submit_take(
    struct queue_delivery *d, const struct link *link, const struct message_deliver *m, struct arena *arena)
{
	const struct message_submitted *from = m->submitted.items;
	uint32_t *recipients = arena_array(arena, m->submitted.count, sizeof *recipients);
	if (recipients == NULL)
		return -ENOMEM;
	if (link != &store_role.relay || m->submitted.count == 0 || d->record.count == 0 ||
	    !queue_id_from(m->submission, &d->submitted))
		return -EINVAL;
	for (size_t i = 0; i < m->submitted.count; i++)
		recipients[i] = (uint32_t)from[i].recipient;
	d->submitted_recipients = recipients;
	d->submitted_count = m->submitted.count;
	d->submits = true;
	return 0;
}

int store_submit_run(struct txn *t, struct queue_delivery *d)
{
	return account_submission_news(t, d->submitter.account, d->spool.now, d->submitter.submission,
	    SUBMISSION_FINAL, d->id.text, NULL, 0, NULL);
}

/* ---- news ---- */

static const struct {
	bool counts;
	enum submission_delivered delivered;
	const char *code; /* of a reply that nobody said: this server's own */
} kinds[] = {
    [NOTE_DELIVERED] = {true, SUBMISSION_YES, "250"},
    [NOTE_RELAYED] = {true, SUBMISSION_UNKNOWN, "250"},
    [NOTE_DEFERRED] = {true, SUBMISSION_QUEUED, "450"},
    [NOTE_FAILED] = {true, SUBMISSION_NO, "550"},
    [NOTE_EXPIRED] = {true, SUBMISSION_NO, "550"},
    [NOTE_DELETED] = {true, SUBMISSION_NO, "550"},
    [NOTE_DONE] = {false, SUBMISSION_UNKNOWN, NULL},
};

/* A reply of SMTP: the host's own, or one that says what this server found (RFC 8621 section 7). */
static void put_reply(struct buf *out, const struct queue_note *n)
{
	bool said = n->cause == TROUBLE_NONE && n->reply.len >= 3 && ascii_is_digit(n->reply.data[0]);
	struct view words = n->reply.len                ? n->reply
	                    : n->kind == NOTE_DELETED   ? view_from_string(trouble_phrase(TROUBLE_DELETED))
	                    : n->kind == NOTE_DELIVERED ? VIEW("delivered")
	                                                : (struct view){0};
	struct view status = n->status.len             ? n->status
	                     : n->kind == NOTE_DELETED ? VIEW("5.7.1")
	                                               : VIEW("2.0.0");
	if (said)
		buf_append(out, view_take(n->reply, SUBMISSION_REPLY_MAX));
	else
		buf_printf(out, "%s %.*s %.*s", kinds[n->kind].code, VIEW_FMT(status),
		    VIEW_FMT(view_take(words, SUBMISSION_REPLY_MAX - 40)));
}

/* While it waits for "@submit" nobody has it, and it is no news that it waits. */
static bool is_news(const struct queue_note *n)
{
	bool waits = view_equal(n->destination, QUEUE_SUBMIT);
	return n->submission != 0 && n->kind <= NOTE_DONE && kinds[n->kind].counts &&
	       !(waits && n->kind == NOTE_DEFERRED);
}

/* What one account's submission is told together: outcomes of one message stand one behind the other. */
struct telling {
	struct account_submission_news news[SUBMISSION_RECIPIENTS_MAX];
	struct buf replies[SUBMISSION_RECIPIENTS_MAX];
	size_t count;
};

static void add_news(struct telling *to, const struct queue_note *n)
{
	struct buf *reply = &to->replies[to->count];
	buf_init(reply, 2 * SUBMISSION_REPLY_MAX);
	put_reply(reply, n);
	/* What an alias led to is known by the address that was written to. */
	to->news[to->count++] =
	    (struct account_submission_news){.address = n->forwarder.len ? n->forwarder : n->recipient,
	        .delivered = (uint8_t)kinds[n->kind].delivered,
	        .reply = view_take(buf_view(reply), SUBMISSION_REPLY_MAX)};
}

static int tell(struct txn *t, int64_t now, const struct queue_note *about, struct telling *to)
{
	int error = to->count == 0 ? 0
	                           : account_submission_news(t, about->submitter, now, about->submission,
	                                 SUBMISSION_FINAL, NULL, to->news, to->count, NULL);
	for (size_t i = 0; i < to->count; i++)
		buf_done(&to->replies[i]);
	to->count = 0;
	/* An account that is damaged must not hold up the mail of others. */
	return error == -EBADMSG ? 0 : error;
}

int store_submit_news(struct txn *t, int64_t now, const struct queue_note *notes)
{
	struct telling *to = NULL;
	const struct queue_note *about = NULL;
	int error = 0;
	for (const struct queue_note *n = notes; n && error == 0; n = n->next) {
		if (!is_news(n))
			continue;
		if (to == NULL)
			to = mem_alloc(sizeof *to);
		if (about && (about->submission != n->submission || about->submitter != n->submitter ||
		                 to->count == SUBMISSION_RECIPIENTS_MAX))
			error = tell(t, now, about, to);
		about = n;
		add_news(to, n);
	}
	if (to && error == 0)
		error = tell(t, now, about, to);
	mem_free(to);
	return error;
}

/* ---- upkeep ---- */

static struct {
	struct account_submissions list;
	struct store_commit commit;
	struct spool spool;
	uint64_t shard;
	int64_t now;
	uint64_t pending[SUBMISSION_COUNT_MAX];
	size_t count;
	void (*done)(void);
} heal;

/* 0; or 1: it goes out yet. */
static int waits(struct txn *t, uint64_t number)
{
	struct account_submission s;
	struct queue_id id;
	unsigned shard;
	int error = account_submission_get(t, heal.shard, number, &s);
	if (error)
		return error == -ENOENT || error == -EBADMSG ? 1 : error;
	if (s.undo != SUBMISSION_PENDING)
		return 1;
	if (!queue_id_from(view_of(s.queue, QUEUE_ID_SIZE), &id))
		return 0;
	error = spool_find(&heal.spool, &id, &shard);
	return error == -ENOENT ? 0 : error < 0 ? error : 1;
}

static int run_heal(struct txn *t, void *arg)
{
	enum { AT_ONCE = 50 /* of a commit; what is left is for tomorrow */ };
	size_t healed = 0;
	int error = 0;
	(void)arg;
	spool_begin(&heal.spool, t);
	for (size_t i = 0; i < heal.count && healed < AT_ONCE && error >= 0; i++) {
		error = waits(t, heal.pending[i]);
		if (error != 0)
			continue;
		error = account_submission_news(
		    t, heal.shard, heal.now, heal.pending[i], SUBMISSION_FINAL, NULL, NULL, 0, NULL);
		healed++;
	}
	return error < 0 ? error : 0;
}

static void healed(struct store_commit *commit, int result)
{
	(void)commit;
	spool_done(&heal.spool);
	if (result)
		log_event(LOG_WARNING, "-", "submissions-not-looked-at", log_errno(result));
	heal.done();
}

static void pending_known(struct account_submissions *list, int result)
{
	heal.count = 0;
	for (size_t i = 0; result == 0 && i < list->count && heal.count < SUBMISSION_COUNT_MAX; i++)
		if (list->list[i].undo == SUBMISSION_PENDING)
			heal.pending[heal.count++] = list->list[i].number;
	if (result == 0)
		account_submissions_free(list);
	if (heal.count == 0) {
		heal.done();
		return;
	}
	heal.now = clock_wall();
	spool_init(&heal.spool, queue_config(store_role.queue), heal.now);
	heal.commit = (struct store_commit){.run = run_heal, .large = true, .done = healed};
	store_commit(store_role.store, &heal.commit);
}

void store_submit_heal(uint64_t shard, void (*done)(void))
{
	heal.shard = shard;
	heal.done = done;
	heal.list = (struct account_submissions){.shard = shard, .done = pending_known};
	account_submissions(&store_role.accounts, &heal.list);
}
