/*
 * A message that a user sends over the account: whether its sender and its authors are the user's is asked
 * anew, since it may have waited for weeks; then it passes through the header filter of any submission, is
 * signed, and is handed to store.
 */
#include "role/relay/submit/relay_submit_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "dsn/dsn_explain.h"
#include "format/trace.h"

enum {
	ARENA_MAX = 4 * 1024 * 1024, /* 2,000 targets with their prefixes */
	FEW_TARGETS = 100
};

static void go_on(void *arg);
static void upload_ready(void *arg);

struct relay_submission *relay_submission_new(const struct message_queue_message *m)
{
	struct relay_submission *s = mem_alloc(sizeof *s);
	struct message_queue_message rest = *m;
	buf_init(&s->frame, CHANNEL_FRAME_MAX);
	buf_init(&s->first, CHANNEL_FRAME_MAX);
	arena_init(&s->arena, ARENA_MAX);
	upload_init(&s->upload, &relay_role.store, upload_ready, s);
	relay_submission_init_end(s);
	loop_task_init(&s->work, &relay_role.process->loop, go_on, s);
	random_id(s->id);
	rest.bytes = (struct view){0};
	bool good = ipc_encode(&s->frame, MESSAGE_QUEUE_MESSAGE, &rest) == 0 &&
	            codec_decode(buf_view(&s->frame), &message_queue_message_schema, &s->m, &s->arena) == 0 &&
	            buf_append(&s->first, m->bytes) == 0;
	s->results = good ? arena_array(&s->arena, s->m.recipients.count, sizeof *s->results) : NULL;
	if (s->results == NULL) {
		relay_submission_free(s);
		return NULL;
	}
	for (size_t i = 0; i < s->m.recipients.count; i++)
		s->results[i] = (struct message_queue_result){
		    .recipient = relay_submission_recipients(s)[i].number, .verdict = QUEUE_RELAYED};
	return s;
}

void relay_submission_free(struct relay_submission *s)
{
	if (s == NULL)
		return;
	loop_task_cancel(&s->task);
	loop_task_cancel(&s->work);
	if (s->request)
		calls_forget(s->asked, s->request);
	upload_end(&s->upload);
	signing_free(s->signing);
	smtp_body_free(s->body);
	buf_done(&s->frame);
	buf_done(&s->first);
	arena_done(&s->arena);
	mem_free(s);
}

/* ---- its end ---- */

/* Nobody gets it: its sender is told why. */
static void refuse(struct relay_submission *s, enum trouble cause, const char *words)
{
	relay_submission_fail(s, SIZE_MAX, cause, words);
	relay_submission_finish(s, SUBMISSION_HANDED_IN, "");
}

/* ---- delivery ---- */

static void take_result(struct relay_submission *s, int error)
{
	if (error == 0)
		relay_submission_finish(s, SUBMISSION_HANDED_IN, "");
	else if (error == -ECANCELED)
		relay_submission_finish(s, SUBMISSION_STOPPED, "");
	else if (error == -EAGAIN || error == -ENOSPC || error == -EIO || error == -EROFS || error == -ENOMEM)
		relay_submission_finish(s, SUBMISSION_TROUBLE,
		    error == -ENOSPC ? "the disk is full" : "store cannot take mail now");
	else
		relay_submission_finish(s, SUBMISSION_DEFERRED_ALONE, "store did not take it");
}

static bool on_delivered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_submission *s = arg;
	struct message_delivered m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	s->request = 0;
	const struct message_delivery_result *results = frame ? m.results.items : NULL;
	take_result(s, results && m.results.count > 0 ? (int)results[0].error : -EAGAIN);
	return true;
}

static struct mail_terms terms_of(const struct relay_submission *s)
{
	struct mail_terms t = s->m.terms;
	t.hold_until = 0;
	t.utf8 = t.utf8 || s->utf8;
	t.body = smtp_body_has_8bit(s->body) ? SMTP_8BITMIME : SMTP_7BIT;
	return t;
}

static size_t list_handed_in(const struct relay_submission *s, struct message_submitted *list)
{
	size_t count = 0;
	for (size_t i = 0; i < s->m.recipients.count; i++)
		if (s->results[i].verdict == QUEUE_RELAYED)
			list[count++].recipient = s->results[i].recipient;
	return count;
}

static void deliver(struct relay_submission *s, const struct message_digest *digest)
{
	struct message_submitted *submitted = mem_array(s->m.recipients.count, sizeof *submitted);
	struct message_deliver m = {.session = view_from_string(s->id),
	    .summary = digest->summary,
	    .trailer = digest->trailer,
	    .received_at = (uint64_t)clock_wall(),
	    .message_id_hash = digest->message_id_hash,
	    .references = {.items = (void *)digest->references, .count = digest->reference_count},
	    .id = view_from_string(s->id),
	    .terms = terms_of(s),
	    .client = VIEW("a session of the account (JMAP)"),
	    .submitter = s->m.submitter,
	    .message_id = digest->message_id,
	    .deliveries = {.items = s->deliveries, .count = s->delivery_count},
	    .submission = s->m.id,
	    .submitted = {.items = submitted, .count = list_handed_in(s, submitted)}};
	if (s->signing && signing_fields(s->signing).len > 0) {
		m.head = signing_fields(s->signing);
		m.signer = view_from_string(signing_domain_name(s->signing));
	}
	/* A frame holds many recipients or the message's last piece, not both. */
	if (s->delivery_count > FEW_TARGETS)
		upload_flush(&s->upload);
	s->asked = &relay_role.store;
	s->request = upload_deliver(&s->upload, &m, on_delivered, s);
	mem_free(submitted);
	if (s->request == 0)
		relay_submission_finish(s,
		    relay_role.store.link.up && !upload_is_lost(&s->upload) ? SUBMISSION_DEFERRED_ALONE
		                                                            : SUBMISSION_TROUBLE,
		    "it cannot be handed to store");
}

/* ---- the message ---- */

static void on_signed(void *arg, int error)
{
	struct relay_submission *s = arg;
	if (error && error != -ENOENT && error != -EINVAL && error != -E2BIG) {
		relay_submission_finish(s, SUBMISSION_TROUBLE, "keys does not sign now");
		return;
	}
	if (error)
		log_event(LOG_WARNING, s->id, "sent-unproven", log_text("sender", s->m.terms.sender),
		    log_errno(error));
	deliver(s, &s->digest);
}

static const char *words_of(enum smtp_body_fault fault)
{
	switch (fault) {
	case SMTP_BODY_TOO_LARGE:
		return "it is larger than this server sends";
	case SMTP_BODY_LOOP:
		return "it has passed through too many servers";
	case SMTP_BODY_BARE_END:
		return "it has lines that do not end in CR LF";
	case SMTP_BODY_NUL:
		return "it holds NUL, which no text does";
	case SMTP_BODY_HEADER_TOO_LARGE:
		return "its header is too large";
	default:
		return "";
	}
}

/* True when the body takes more. */
static bool is_good(struct relay_submission *s)
{
	enum smtp_body_fault fault = smtp_body_fault(s->body);
	if (fault == SMTP_BODY_GOOD)
		return !s->finished;
	if (fault == SMTP_BODY_NO_MEMORY) {
		relay_submission_finish(s, SUBMISSION_TROUBLE, "no memory");
		return false;
	}
	snprintf(s->words, sizeof s->words, "%s: %s", trouble_phrase(TROUBLE_MESSAGE), words_of(fault));
	refuse(s, TROUBLE_MESSAGE, s->words);
	return false;
}

static bool sink(void *arg, struct view bytes)
{
	struct relay_submission *s = arg;
	/* Until the header's end has been answered for, these are its fields. */
	s->utf8 = s->utf8 || (!s->answered && !utf8_is_ascii(bytes));
	if (s->signing)
		signing_bytes(s->signing, bytes);
	return upload_append(&s->upload, bytes);
}

static void end_message(struct relay_submission *s)
{
	s->ending = true;
	if (smtp_body_end(s->body, &s->digest) == SMTP_BODY_ASKS || !is_good(s))
		return; /* asked again from go_on, once it is answered */
	s->ending = false;
	s->read = UINT64_MAX;
	if (s->signing)
		signing_end(s->signing);
	else
		deliver(s, &s->digest);
}

static void write_piece(struct relay_submission *s, struct view piece)
{
	s->read += piece.len;
	if (smtp_body_write(s->body, piece))
		loop_task_schedule(&s->work);
	/* Else upload_ready goes on. */
	if (smtp_body_asks(s->body))
		loop_task_schedule(&s->work);
}

/* What hinders this message alone must not keep the others waiting: nobody could send while it is there. */
static void take_read_error(struct relay_submission *s, int error)
{
	if (error == -ENOENT)
		relay_submission_finish(s, SUBMISSION_STOPPED, "");
	else if (error == -EAGAIN || error == -ENOMEM)
		relay_submission_finish(s, SUBMISSION_TROUBLE, "store cannot read the message now");
	else
		relay_submission_finish(s, SUBMISSION_DEFERRED_ALONE, "store cannot read it");
}

static bool on_data(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_submission *s = arg;
	struct message_queue_data m = {.error = -EAGAIN};
	if (frame && !link_decode(link, frame, &m))
		return false;
	s->request = 0;
	if (m.error || m.bytes.len == 0)
		take_read_error(s, m.error ? (int)m.error : -EIO);
	else
		write_piece(s, m.bytes);
	return true;
}

static void read_more(struct relay_submission *s)
{
	struct view first = buf_view(&s->first);
	if (s->read < first.len) {
		write_piece(s, view_take(view_skip(first, (size_t)s->read), SMTP_BODY_HELD_MAX));
	} else if (s->read < s->m.size) {
		s->asked = &relay_role.store;
		s->request = relay_queue_read(s->m.id, s->read, s->m.size - s->read, on_data, s);
		if (s->request == 0)
			relay_submission_finish(s, SUBMISSION_TROUBLE, "store is away");
	} else {
		end_message(s);
	}
}

/* ---- whose words they are ---- */

static bool on_verdict(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_submission *s = arg;
	struct message_verdict m = {.temporary = true};
	if (frame && !link_decode(link, frame, &m))
		return false;
	s->request = 0;
	if (m.temporary)
		relay_submission_finish(s, SUBMISSION_TROUBLE, "addresses cannot be looked up now");
	else
		s->then(s, m.allowed);
	return true;
}

/* Whether the address is the user's; one that is none is nobody's. */
static void ask_whose(
    struct relay_submission *s, struct view address, void (*then)(struct relay_submission *, bool own))
{
	struct address normal;
	s->then = then;
	if (address_normalize(address, &normal) != 0) {
		then(s, false);
		return;
	}
	struct message_sender m = {.account = s->m.submitter, .address = address_view(&normal)};
	relay_submission_ask(s, &relay_role.auth, MESSAGE_SENDER, &m, on_verdict);
}

static void header_answered(struct relay_submission *s)
{
	struct address author;
	struct signing_choice choice = {
	    .authors = smtp_body_authors(s->body), .sender = s->m.terms.sender, .any_of_ours = true};
	if (s->signing)
		signing_choose(s->signing, &choice, &author);
	s->answered = true;
	smtp_body_answer(s->body, true);
	loop_task_schedule(&s->work);
}

static void next_author(struct relay_submission *s);

static void author_known(struct relay_submission *s, bool own)
{
	if (!own) {
		snprintf(
		    s->words, sizeof s->words, "%s: the address in From", trouble_phrase(TROUBLE_SENDER));
		refuse(s, TROUBLE_SENDER, s->words);
		return;
	}
	s->author++;
	next_author(s);
}

static void next_author(struct relay_submission *s)
{
	const struct authors *authors = smtp_body_authors(s->body);
	if (authors->cut) {
		author_known(s, false);
		return;
	}
	if (s->author == authors->count)
		header_answered(s);
	else
		ask_whose(s, authors->addresses[s->author], author_known);
}

/* ---- step by step ---- */

static void go_on(void *arg)
{
	struct relay_submission *s = arg;
	if (s->finished || s->request || s->read == UINT64_MAX || !is_good(s))
		return;
	if (smtp_body_asks(s->body))
		next_author(s);
	else if (s->ending)
		end_message(s);
	else
		read_more(s);
}

static void upload_ready(void *arg)
{
	struct relay_submission *s = arg;
	if (s->body)
		loop_task_schedule(&s->work);
}

static void put_trace(const struct relay_submission *s, struct buf *out)
{
	const struct message_queue_recipient *r = relay_submission_recipients(s);
	struct received received = {.by = relay_role.process->settings.hostname,
	    .id = view_from_string(s->id),
	    .utf8 = s->utf8,
	    .date = {.seconds = clock_wall(), .zone_known = true}};
	/* As in SMTP: nobody learns who else got a copy. */
	if (s->m.recipients.count == 1)
		received.for_ = r[0].address;
	received_write(out, &received);
}

static void begin_message(struct relay_submission *s)
{
	const struct settings *settings = &relay_role.process->settings;
	struct buf trace;
	if (s->delivery_count == 0) {
		relay_submission_finish(s, SUBMISSION_HANDED_IN, "");
		return;
	}
	struct smtp_body_config config = {.submission = true,
	    .kind = SMTP_8BITMIME,
	    .chunks = true,
	    .size_max = settings->message_size_max,
	    .received_max = (uint32_t)settings->received_max,
	    .now = clock_wall(),
	    .hostname = settings->hostname,
	    .writes_sender = true,
	    .sender = s->m.terms.sender,
	    .sink = sink,
	    .arg = s};
	if (settings->dkim_sign && s->remote)
		s->signing = signing_new(&relay_role.keys, &relay_role.process->loop, on_signed, s);
	buf_init(&trace, 4096);
	put_trace(s, &trace);
	s->body = smtp_body_new(&config, buf_view(&trace));
	buf_done(&trace);
	loop_task_schedule(&s->work);
}

static void sender_known(struct relay_submission *s, bool own)
{
	if (own)
		relay_submission_resolve(s, begin_message);
	else
		refuse(s, TROUBLE_SENDER, trouble_phrase(TROUBLE_SENDER));
}

void relay_submission_start(struct relay_submission *s,
    void (*ended)(struct relay_submission *, enum relay_submission_end, const char *), void *arg)
{
	s->ended = ended;
	s->arg = arg;
	/* The null path, which receipts have, is nobody's. */
	if (s->m.terms.sender.len == 0)
		sender_known(s, true);
	else
		ask_whose(s, s->m.terms.sender, sender_known);
}
