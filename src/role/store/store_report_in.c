/*
 * Reports that came by mail: behind the delivery each mail is read, content finds the report in it, and what
 * it found is kept (ledger/received.h). One mail at a time, and in no hurry. What content cannot read is no
 * report of ours; a mail that ends the content role twice is not tried again.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "ledger/received.h"
#include "role/store/content_turn.h"
#include "role/store/store_private.h"
#include "role/store/store_search.h"

enum {
	PIECE = 128 * 1024,
	AGAIN_MS = 2000,       /* while content or the disk is away */
	TRIES = 2,             /* a mail that ends the content role so often is dropped */
	REPORT_BYTES = 8 << 20 /* REPORT_BYTES_MAX of report/report.h */
};

static struct {
	struct loop_timer timer;
	bool ready, stopping;
	bool busy;   /* with the mail in hand; or with finding it */
	bool wanted; /* another one may be there */
	struct received_mail mail;
	char from[RECEIVED_TEXT_MAX];
	struct store_read find;
	struct store_blob_read read;
	struct store_blob_part part;
	uint64_t sent;
	uint32_t request;
	struct content_turn turn;
	unsigned tries;
	struct buf bytes; /* the report, as content has found it */
	struct received_report report;
	int put; /* what received_put said of it */
	struct arena arena;
	struct store_commit commit;
} in;

static void look(void);
static void read_piece(void);

static void again_later(void)
{
	in.busy = false;
	in.wanted = true;
	if (!in.stopping)
		loop_timer_set(&in.timer, AGAIN_MS);
}

/* ---- keeping ---- */

static int run_keep(struct txn *t, void *arg)
{
	(void)arg;
	int error = 0;
	if (in.report.kind) {
		in.report.bytes = txn_body(t, 0);
		error = received_put(t, &in.report);
	}
	in.put = error;
	/* One that is there already, or has no room, is dropped with its mail. */
	if (error && error != -EEXIST && error != -EDQUOT)
		return error;
	return received_mail_drop(t, &in.mail);
}

static void kept(struct store_commit *commit, int result)
{
	(void)commit;
	buf_clear(&in.bytes);
	if (result) {
		log_event(LOG_WARNING, "-", "report-not-kept", log_errno(result));
		again_later();
		return;
	}
	if (in.report.kind)
		log_event(in.put == -EDQUOT ? LOG_WARNING : LOG_INFO, "-",
		    in.put == 0         ? "report-kept"
		    : in.put == -EEXIST ? "report-not-kept-again"
		                        : "reports-full",
		    log_text("domain", in.report.domain), log_text("by", in.report.org),
		    log_text("report", in.report.id), log_text("from", in.report.from));
	in.tries = 0;
	in.busy = false;
	in.wanted = true;
	look();
}

static void keep(void)
{
	struct store_upload *upload = NULL;
	in.commit = (struct store_commit){.run = run_keep, .done = kept, .large = true};
	if (in.report.kind) {
		upload = store_upload_begin(store_role.store);
		int error = store_upload_append(upload, buf_view(&in.bytes));
		if (error) {
			store_upload_abort(upload);
			kept(&in.commit, error);
			return;
		}
		in.commit.uploads[0] = upload;
		in.commit.upload_count = 1;
	}
	store_commit(store_role.store, &in.commit);
}

static void drop(const char *why)
{
	log_event(LOG_INFO, "-", "report-not-read",
	    log_text("message", view_of(in.mail.id, sizeof in.mail.id)), log_string("why", why));
	in.report.kind = 0;
	keep();
}

/* ---- content ---- */

static const char *why_not(int error)
{
	return error == -ENOENT  ? "there is no report in it"
	       : error == -E2BIG ? "what is in it is larger than any report"
	                         : "what is in it is no report, or damaged";
}

static bool copy(struct view text, struct view *out)
{
	return arena_copy(&in.arena, text, out);
}

static void take_report(const struct message_report *m)
{
	arena_reset(&in.arena);
	in.report = (struct received_report){.kind = (unsigned)m->kind,
	    .at = in.mail.at,
	    .begin = m->begin,
	    .end = m->end,
	    .from = in.mail.from};
	if (buf_failed(&in.bytes) || !copy(m->domain, &in.report.domain) || !copy(m->org, &in.report.org) ||
	    !copy(m->id, &in.report.id))
		again_later();
	else
		keep();
}

static bool on_report(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_report m;
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	if (frame == NULL) {
		/* Its end may be this mail's doing, unless it has a successor or was reading something else.
		 */
		bool blamed = in.turn.number ? content_turn_was_on(&in.turn) : in.read.count == 0;
		in.request = 0;
		if (link != &store_search_calls()->old && blamed)
			in.tries++;
		again_later();
		return true;
	}
	buf_append(&in.bytes, m.bytes);
	if (!m.last)
		return false;
	content_turn_answered(&in.turn);
	in.request = 0;
	if (m.error == -ENOMEM)
		again_later();
	else if (m.error || m.kind == 0)
		drop(why_not((int)m.error));
	else
		take_report(&m);
	return true;
}

static void send_piece(void)
{
	struct calls *content = store_search_calls();
	struct message_report_of m = {.last = in.sent + in.part.length >= in.mail.length,
	    .bytes = view_of(in.part.out, in.part.length)};
	in.sent += in.part.length;
	if (in.request == 0)
		in.request = calls_ask(content, MESSAGE_REPORT_OF, &m, on_report, NULL);
	else
		calls_say_more(content, in.request, MESSAGE_REPORT_OF, &m);
	if (m.last && in.request)
		content_turn_sent(&in.turn, content, in.request);
	if (in.request == 0)
		again_later();
	else if (!m.last)
		read_piece();
}

static void piece_read(struct store_blob_read *read)
{
	(void)read;
	in.read.count = 0;
	/* Content gave its answer before it had the whole mail; looking for the next one waited for this
	 * read. */
	if (!in.busy) {
		look();
		return;
	}
	if (in.sent > 0 && in.request == 0)
		; /* content has answered or ended meanwhile, and that has been seen to */
	else if (in.part.result == -ENOENT || in.part.result == -EBADMSG)
		drop("the mail is damaged on the disk");
	else if (in.part.result || in.stopping)
		again_later();
	else
		send_piece();
}

static void read_piece(void)
{
	uint64_t left = in.mail.length - in.sent;
	if (in.part.out == NULL)
		in.part.out = mem_alloc(PIECE);
	in.part.id = in.mail.body;
	in.part.offset = in.sent;
	in.part.length = left < PIECE ? (size_t)left : PIECE;
	in.read = (struct store_blob_read){.parts = &in.part, .count = 1, .done = piece_read};
	store_blob_read(store_role.store, &in.read);
}

/* ---- the next mail ---- */

static int run_find(struct txn *t, void *arg)
{
	struct received_mail m;
	(void)arg;
	int error = received_mail_first(t, &m);
	if (error)
		return error;
	size_t len = m.from.len < sizeof in.from ? m.from.len : sizeof in.from;
	if (len > 0)
		memcpy(in.from, m.from.data, len);
	m.from = view_of(in.from, len);
	in.mail = m;
	return 0;
}

static void found(struct store_read *read, int result)
{
	(void)read;
	if (result == -ENOENT || in.stopping) {
		in.busy = false;
		/* One that came after this read began is not in what it saw. */
		if (in.wanted)
			store_report_in_look();
		return;
	}
	if (result) {
		again_later();
		return;
	}
	buf_clear(&in.bytes);
	in.turn = (struct content_turn){0};
	in.sent = 0;
	in.request = 0;
	if (in.tries >= TRIES)
		drop("reading it has ended a process");
	else if (in.mail.length == 0)
		drop(why_not(-ENOENT));
	else
		read_piece();
}

static void look(void)
{
	/* A read that a slow disk still owes has the piece. */
	if (!in.ready || in.busy || !in.wanted || in.stopping || in.read.count > 0 ||
	    !store_search_calls()->link.up)
		return;
	in.busy = true;
	in.wanted = false;
	in.find = (struct store_read){.shard = LEDGER_SHARD, .run = run_find, .done = found};
	store_read(store_role.store, &in.find);
}

static void on_timer(void *arg)
{
	(void)arg;
	if (!in.busy && in.wanted && (in.read.count > 0 || !store_search_calls()->link.up))
		loop_timer_set(&in.timer, AGAIN_MS);
	look();
}

void store_report_in_look(void)
{
	in.wanted = true;
	if (in.ready && !in.busy && !in.stopping)
		loop_timer_set(&in.timer, 1);
}

void store_report_in_start(void)
{
	loop_timer_init(&in.timer, &store_role.process->loop, on_timer, NULL);
	buf_init(&in.bytes, REPORT_BYTES);
	arena_init(&in.arena, 4096);
	in.ready = true;
	in.stopping = false;
	store_report_in_look();
}

void store_report_in_stop(void)
{
	in.stopping = true;
	if (in.ready)
		loop_timer_cancel(&in.timer);
	if (in.request)
		calls_forget(store_search_calls(), in.request);
	in.request = 0;
}

/* ---- upkeep ---- */

static struct {
	struct store_commit commit;
	struct received_place place, next;
	int64_t before;
	bool running, more;
} expiry;

static int run_expire(struct txn *t, void *arg)
{
	(void)arg;
	expiry.next = expiry.place;
	return received_expire(t, expiry.before, &expiry.next, &expiry.more);
}

static void expired(struct store_commit *commit, int result)
{
	expiry.place = expiry.next;
	if (result == 0 && expiry.more && !store_role.draining) {
		store_commit(store_role.store, commit);
		return;
	}
	if (result)
		log_event(LOG_WARNING, "-", "reports-not-expired", log_errno(result));
	expiry.running = false;
}

void store_report_in_expire(void)
{
	if (expiry.running)
		return;
	expiry.running = true;
	expiry.place = (struct received_place){.begun = false};
	expiry.before = clock_wall() - (int64_t)RECEIVED_DAYS * 86400;
	expiry.commit =
	    (struct store_commit){.run = run_expire, .done = expired, .large = true, .frees_space = true};
	store_commit(store_role.store, &expiry.commit);
}
