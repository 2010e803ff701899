/*
 * A notice: the mail that tells a sender what became of a message. Composed of the reports, parsed like any
 * mail that comes in, for its place in a mailbox, and delivered in one step with the marks that its news
 * have been told.
 */
#include "role/relay/notify/relay_notify_private.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/domain.h"
#include "mime/digest.h"
#include "process/signing.h"

enum { ARENA_MAX = 1024 * 1024 /* 1,000 mailboxes with their usual texts */ };

static void on_end(void *arg);
static void upload_text(void *arg);
static void fetch(struct relay_notice *n);

struct relay_notice *relay_notice_new(struct relay_news *news, size_t count)
{
	struct relay_notice *n = mem_alloc(sizeof *n);
	*n = (struct relay_notice){
	    .news = news, .count = count, .sender = news->m.terms.sender, .room = NOTIFY_RETURN_MAX};
	arena_init(&n->arena, ARENA_MAX);
	buf_init(&n->text, NOTIFY_TEXT_MAX);
	upload_init(&n->upload, &relay_role.store, upload_text, n);
	loop_task_init(&n->task, &relay_role.process->loop, on_end, n);
	return n;
}

void relay_notice_free(struct relay_notice *n)
{
	if (n == NULL)
		return;
	loop_task_cancel(&n->task);
	if (n->request)
		calls_forget(n->asked, n->request);
	upload_end(&n->upload);
	signing_free(n->signing);
	buf_done(&n->text);
	arena_done(&n->arena);
	while (n->news) {
		struct relay_news *next = n->news->next;
		relay_news_free(n->news);
		n->news = next;
	}
	mem_free(n);
}

/* ---- its end ---- */

static void on_end(void *arg)
{
	struct relay_notice *n = arg;
	n->ended(n, n->how, n->reason);
}

static void end(struct relay_notice *n, enum relay_notice_end how, const char *reason)
{
	n->how = how;
	n->reason = reason;
	loop_task_schedule(&n->task);
}

/* ---- delivery ---- */

static struct message_delivery_report *list_reports(struct relay_notice *n, size_t *count)
{
	size_t room = 0;
	for (const struct relay_news *i = n->news; i; i = i->next)
		room += i->told;
	struct message_delivery_report *list = mem_array(room, sizeof *list);
	*count = 0;
	for (const struct relay_news *i = n->news; i; i = i->next) {
		const struct message_queue_recipient *r = i->m.recipients.items;
		for (size_t k = 0; k < i->m.recipients.count; k++)
			if (r[k].action != ACTION_NONE)
				list[(*count)++] = (struct message_delivery_report){
				    .id = i->m.id, .recipient = r[k].number, .action = r[k].action};
	}
	return list;
}

static void make_message_id(const char *id, char out[RELAY_MESSAGE_ID_SIZE])
{
	struct view hostname = relay_role.process->settings.hostname;
	snprintf(out, RELAY_MESSAGE_ID_SIZE, "%s@%.*s", id, VIEW_FMT(hostname));
}

/* One that may have been delivered already has the id that it had then. */
static void choose_id(struct relay_notice *n)
{
	struct buf about;
	size_t count;
	struct message_delivery_report *reports = list_reports(n, &count);
	buf_init(&about, count * (QUEUE_ID_SIZE + 16));
	for (size_t i = 0; i < count; i++) {
		buf_append(&about, reports[i].id);
		buf_append_u64(&about, reports[i].recipient);
		buf_append_u64(&about, reports[i].action);
	}
	n->about = map_hash(buf_view(&about));
	if (!relay_notify_take_unsure(n->about, n->id))
		random_id(n->id);
	make_message_id(n->id, n->message_id);
	buf_done(&about);
	mem_free(reports);
}

/* A line for each message and each thing that is told of it. */
static void log_told(const struct relay_notice *n)
{
	for (const struct relay_news *i = n->news; i; i = i->next) {
		const struct message_queue_recipient *r = i->m.recipients.items;
		bool told[DSN_ACTIONS] = {0};
		for (size_t k = 0; k < i->m.recipients.count; k++)
			if (r[k].action != ACTION_NONE)
				told[relay_news_action(r[k].action)] = true;
		for (unsigned k = 0; k < DSN_ACTIONS; k++)
			if (told[k])
				log_record(LOG_INFO, n->id, "dsn-sent", log_text("to", n->sender),
				    log_text("about", i->m.id),
				    log_string("action", dsn_action_name((enum dsn_action)k)));
	}
}

/* A mailbox that cannot take it does not hinder the others; where none takes it, nothing was done. */
static void take_results(struct relay_notice *n, const struct message_delivered *m)
{
	const struct message_delivery_result *results = m->results.items;
	int error = m->results.count > 0 ? (int)results[0].error : -EIO;
	for (size_t i = 0; i < m->results.count && error; i++)
		if (results[i].error == 0)
			error = 0;
	if (error == 0) {
		log_told(n);
		end(n, NOTICE_TOLD, "");
	} else if (error == -EAGAIN || error == -ENOSPC) {
		end(n, NOTICE_TROUBLE, error == -ENOSPC ? "the disk is full" : "store cannot take mail now");
	} else if (error == -ENOENT) {
		end(n, NOTICE_UNTELLABLE, "the sender's mailbox is gone");
	} else {
		end(n, NOTICE_LATER, "store did not take it");
	}
}

static bool on_delivered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_notice *n = arg;
	struct message_delivered m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	n->request = 0;
	if (frame) {
		take_results(n, &m);
	} else {
		relay_notify_unsure(n->about, n->id);
		end(n, NOTICE_TROUBLE, "store does not answer");
	}
	return true;
}

/* RFC 6531 section 3.6: a header beyond ASCII is 8-bit too. */
static enum smtp_body_kind body_kind(const struct relay_notice *n)
{
	if (n->needs & DSN_NEEDS_BINARYMIME)
		return SMTP_BINARYMIME;
	return n->needs & (DSN_NEEDS_8BITMIME | DSN_NEEDS_SMTPUTF8) ? SMTP_8BITMIME : SMTP_7BIT;
}

/*
 * What the reported messages asked of their way holds for the way back: encryption (RFC 8689 section 5), and
 * the priority of the most urgent (RFC 6710).
 */
static struct mail_terms terms_of(const struct relay_notice *n)
{
	struct mail_terms t = {.body = body_kind(n),
	    .utf8 = (n->needs & DSN_NEEDS_SMTPUTF8) != 0,
	    .priority = SMTP_PRIORITY_MIN};
	for (const struct relay_news *i = n->news; i; i = i->next) {
		t.requiretls = t.requiretls || i->m.terms.requiretls;
		t.has_priority = t.has_priority || i->m.terms.has_priority;
		t.priority = i->m.terms.priority > t.priority ? i->m.terms.priority : t.priority;
	}
	return t;
}

static void deliver(struct relay_notice *n)
{
	struct mime_digest *mime = mime_digest_new();
	struct message_digest digest;
	size_t report_count;
	struct message_delivery_report *reports = list_reports(n, &report_count);
	mime_digest_feed(mime, buf_view(&n->text));
	mime_digest_end(mime, &digest);
	struct message_deliver m = {
	    .session = view_from_string(n->id),
	    .summary = digest.summary,
	    .trailer = digest.trailer,
	    .received_at = (uint64_t)clock_wall(),
	    .message_id_hash = digest.message_id_hash,
	    .references = {.items = digest.references, .count = digest.reference_count},
	    .id = view_from_string(n->id),
	    .client = VIEW("this server, telling what became of a message"),
	    .message_id = view_from_string(n->message_id),
	    .terms = terms_of(n),
	    .deliveries = {.items = n->deliveries, .count = n->delivery_count},
	    .reports = {.items = reports, .count = report_count},
	};
	if (n->signing && signing_fields(n->signing).len > 0) {
		m.head = signing_fields(n->signing);
		m.signer = view_from_string(signing_domain_name(n->signing));
	}
	n->asked = &relay_role.store;
	n->request = upload_deliver(&n->upload, &m, on_delivered, n);
	if (n->request == 0 && relay_role.store.link.up && !upload_is_lost(&n->upload))
		end(n, NOTICE_LATER, "it cannot be handed to store");
	else if (n->request == 0)
		end(n, NOTICE_TROUBLE, "store is away");
	mem_free(reports);
	mime_digest_free(mime);
}

static void upload_text(void *arg)
{
	struct relay_notice *n = arg;
	struct view text = buf_view(&n->text);
	if (n->task.scheduled)
		return; /* it has ended */
	n->upload.binary = body_kind(n) == SMTP_BINARYMIME;
	while (n->text_at < text.len) {
		struct view piece = view_take(view_skip(text, n->text_at), UPLOAD_PIECE);
		n->text_at += piece.len;
		if (!upload_append(&n->upload, piece) && n->text_at < text.len)
			return;
	}
	deliver(n);
}

/* ---- composition ---- */

static enum dsn_content content_of(unsigned needs)
{
	return needs & DSN_NEEDS_BINARYMIME ? DSN_BINARY : needs & DSN_NEEDS_8BITMIME ? DSN_8BIT : DSN_7BIT;
}

static bool put_gathered(struct relay_notice *n, const struct dsn_gather *gather)
{
	size_t index = 0;
	bool good = dsn_gather_head(gather, &n->text, &n->needs) == 0;
	for (struct relay_news *i = n->news; i && good; i = i->next) {
		good = dsn_gather_part(gather, index++, &n->text) == 0 &&
		       buf_append(&n->text, buf_view(&i->report)) == 0;
		buf_done(&i->report);
	}
	return good && dsn_gather_tail(gather, &n->text) == 0;
}

static bool only_delays(const struct relay_notice *n)
{
	for (const struct relay_news *i = n->news; i; i = i->next)
		if (!i->only_delays)
			return false;
	return true;
}

static bool put_several(struct relay_notice *n)
{
	struct view hostname = relay_role.process->settings.hostname;
	struct dsn_gather_item *items = mem_array(n->count, sizeof *items);
	char boundary[2 * RANDOM_ID_SIZE];
	size_t count = 0;
	for (const struct relay_news *i = n->news; i; i = i->next)
		items[count++] = (struct dsn_gather_item){.subject = buf_view(&i->subject),
		    .utf8 = i->needs & DSN_NEEDS_SMTPUTF8,
		    .content = content_of(i->needs)};
	random_id(boundary);
	random_id(boundary + RANDOM_ID_SIZE - 1);
	struct dsn_gather gather = {.reporting_mta = hostname,
	    .postmaster = n->postmaster,
	    .to = n->sender,
	    .message_id = view_from_string(n->message_id),
	    .boundary = view_from_string(boundary),
	    .now = {.seconds = clock_wall(), .zone_known = true},
	    .delays_only = only_delays(n),
	    .items = items,
	    .count = count};
	bool good = put_gathered(n, &gather);
	mem_free(items);
	return good;
}

static bool put_single(struct relay_notice *n)
{
	n->needs = n->news->needs;
	bool good = buf_append(&n->text, buf_view(&n->news->report)) == 0;
	buf_done(&n->news->report);
	return good;
}

/* ---- signing it ---- */

static void on_signed(void *arg, int error)
{
	struct relay_notice *n = arg;
	if (error == 0 || error == -ENOENT || error == -EINVAL || error == -E2BIG)
		upload_text(n); /* without a key of ours it goes as it is */
	else
		end(n, NOTICE_TROUBLE, "keys does not sign now");
}

/* As the postmaster whom it comes from: of a domain of ours, or of this host, whose name lies below one. */
static void sign(struct relay_notice *n)
{
	ptrdiff_t at = view_find_last(n->postmaster, '@');
	struct view author =
	    at < 0 ? relay_role.process->settings.hostname : view_skip(n->postmaster, (size_t)at + 1);
	struct buf domain;
	buf_init(&domain, QUEUE_NAME_MAX);
	bool good = domain_normalize(author, &domain) == 0;
	n->signing = signing_new(&relay_role.keys, &relay_role.process->loop, on_signed, n);
	signing_domain(n->signing, good ? buf_view(&domain) : (struct view){0}, (struct view){0}, true);
	signing_bytes(n->signing, buf_view(&n->text));
	signing_end(n->signing);
	buf_done(&domain);
}

static void compose(struct relay_notice *n)
{
	if (!(n->count == 1 ? put_single(n) : put_several(n)))
		end(n, NOTICE_TROUBLE, "no memory");
	else if (n->remote && relay_role.process->settings.dkim_sign)
		sign(n);
	else
		upload_text(n);
}

/* ---- one report after the other ---- */

static void on_fetched(void *arg, bool store_is_gone)
{
	struct relay_notice *n = arg;
	if (store_is_gone)
		end(n, NOTICE_TROUBLE, "store does not answer");
	else
		fetch(n);
}

static int write_report(struct relay_notice *n, struct relay_news *news)
{
	char id[RANDOM_ID_SIZE], message_id[RELAY_MESSAGE_ID_SIZE];
	size_t returned = 0;
	random_id(id);
	make_message_id(n->count == 1 ? n->id : id, message_id);
	struct relay_news_words words = {
	    .hostname = relay_role.process->settings.hostname,
	    .postmaster = n->postmaster,
	    .message_id = view_from_string(message_id),
	    .remote = n->remote,
	    .now = clock_wall(),
	};
	int error = relay_news_write(news, &words, n->room, &returned);
	n->room -= returned;
	return error;
}

static void fetch(struct relay_notice *n)
{
	while (n->at && relay_news_fetch(n->at, n->room, on_fetched, n)) {
		if (write_report(n, n->at) != 0) {
			end(n, NOTICE_TROUBLE, "no memory");
			return;
		}
		n->at = n->at->next;
	}
	if (n->at == NULL)
		compose(n);
}

static void resolved(struct relay_notice *n)
{
	n->at = n->news;
	fetch(n);
}

static const struct relay_resolve_functions resolve_functions = {.found = resolved, .failed = end};

void relay_notice_start(struct relay_notice *n,
    void (*ended)(struct relay_notice *, enum relay_notice_end, const char *), void *arg)
{
	n->ended = ended;
	n->arg = arg;
	choose_id(n);
	relay_notice_resolve(n, &resolve_functions);
}
