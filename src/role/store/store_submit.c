/*
 * What users submit over their account. Its record of the queue waits for "@submit"; relay completes and
 * signs the message and hands it in, and the commit that takes it ends the record and makes the submission
 * final. What becomes of the mail then is told to the submission, by commits of its own: they are news, on
 * which nothing depends. News that a crash loses leave a recipient at what was known of it before.
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

enum { NEWS_MAX = 4000 /* under way; more at a time are dropped: each is some 1 KB */ };

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

struct news {
	struct store_commit commit;
	uint64_t account, submission;
	int64_t now;
	struct account_submission_news what;
	struct buf address, reply;
};

static size_t under_way;

static int run_news(struct txn *t, void *arg)
{
	struct news *n = arg;
	return account_submission_news(
	    t, n->account, n->now, n->submission, SUBMISSION_FINAL, NULL, &n->what, 1, NULL);
}

static void news_done(struct store_commit *c, int result)
{
	struct news *n = container_of(c, struct news, commit);
	if (result)
		log_event(LOG_WARNING, "-", "submission-news-lost", log_u64("account", n->account),
		    log_errno(result));
	buf_done(&n->address);
	buf_done(&n->reply);
	mem_free(n);
	under_way--;
}

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

void store_submit_note(const struct queue_note *note)
{
	if (!is_news(note) || under_way == NEWS_MAX)
		return;
	struct news *n = mem_alloc(sizeof *n);
	*n = (struct news){.account = note->submitter,
	    .submission = note->submission,
	    .now = clock_wall(),
	    .commit = {.run = run_news, .done = news_done}};
	n->commit.arg = n;
	buf_init(&n->address, SUBMISSION_ADDRESS_MAX + 1000);
	buf_init(&n->reply, 2 * SUBMISSION_REPLY_MAX);
	/* What an alias led to is known by the address that was written to. */
	buf_append(&n->address, note->forwarder.len ? note->forwarder : note->recipient);
	put_reply(&n->reply, note);
	n->what = (struct account_submission_news){.address = buf_view(&n->address),
	    .delivered = (uint8_t)kinds[note->kind].delivered,
	    .reply = view_take(buf_view(&n->reply), SUBMISSION_REPLY_MAX)};
	under_way++;
	store_commit(store_role.store, &n->commit);
}
