/*
 * The verdict hooks: what decides, at connect, MAIL, RCPT and the end of a message, whether the client goes
 * on. Each row is one reason to refuse; a hook accepts, refuses, or waits for another role's answer.
 * Greylisting, SPF and content come in as further rows.
 */
#include <errno.h>

#include "format/address_normal.h"
#include "base/clock.h"
#include "base/log.h"
#include "role/smtp/smtp_hooks.h"
#include "format/author.h"
#include "format/domain.h"

static smtp_hook delay_greeting, limit_messages, own_sender, sender_takes_mail, own_authors;

static const struct {
	enum smtp_stage stage;
	unsigned kinds; /* 1 << enum smtp_kind */
	smtp_hook *run;
} hooks[] = {
    {SMTP_AT_CONNECT, 1 << SMTP_RELAY, delay_greeting},
    {SMTP_AT_MAIL, 1 << SMTP_RELAY | 1 << SMTP_SUBMISSION, limit_messages},
    {SMTP_AT_MAIL, 1 << SMTP_SUBMISSION, own_sender},
    {SMTP_AT_MAIL, 1 << SMTP_RELAY, sender_takes_mail},
    {SMTP_AT_RCPT, 1 << SMTP_RELAY | 1 << SMTP_SUBMISSION | 1 << SMTP_LMTP, smtp_resolve_recipient},
    {SMTP_AT_RCPT, 1 << SMTP_RELAY | 1 << SMTP_SUBMISSION | 1 << SMTP_LMTP, smtp_recipient_has_room},
    {SMTP_AT_END, 1 << SMTP_SUBMISSION, own_authors},
};

static unsigned kind_bit(const struct smtp_connection *c)
{
	if (c->edge.client.service == SERVICE_SMTP)
		return 1 << SMTP_RELAY;
	return c->edge.client.service == SERVICE_LMTP ? 1 << SMTP_LMTP : 1 << SMTP_SUBMISSION;
}

/* ---- running the hooks ---- */

static void decide(struct smtp_connection *c, const struct smtp_verdict *verdict)
{
	if (verdict->kind != SMTP_ACCEPT)
		log_event(LOG_INFO, c->edge.id, "smtp-refused", log_string("client", c->edge.client.text),
		    log_text("sender", smtp_envelope(c->session)->terms.sender),
		    log_text("recipient", c->check.recipient ? c->check.recipient->path : (struct view){0}),
		    log_u64("code", verdict->code), log_string("reason", verdict->text));
	else if (c->check.stage == SMTP_AT_RCPT)
		smtp_recipient_taken(c);
	c->check.request = 0;
	c->check.recipient = NULL;
	smtp_checked(c->session, verdict);
	arena_done(&c->check.arena);
	c->check.targets = (struct codec_list){0};
}

/* Runs hooks until one decides or waits. Returns false while one waits. */
static bool run_hooks(struct smtp_connection *c)
{
	struct smtp_verdict verdict = {.kind = SMTP_ACCEPT};
	while (c->check.next < sizeof hooks / sizeof hooks[0]) {
		size_t i = c->check.next++;
		if (hooks[i].stage != c->check.stage || !(hooks[i].kinds & kind_bit(c)))
			continue;
		enum smtp_hook_result result = hooks[i].run(c, &verdict);
		if (result == HOOK_WAIT)
			return false;
		if (result == HOOK_DECIDED)
			break;
	}
	decide(c, &verdict);
	return true;
}

void smtp_hooks_check(void *arg, enum smtp_stage stage, const struct smtp_envelope *envelope,
    const struct smtp_recipient *recipient)
{
	struct smtp_connection *c = arg;
	(void)envelope;
	c->check.stage = stage;
	c->check.recipient = recipient;
	c->check.next = 0;
	c->check.room_next = c->check.author_next = 0;
	arena_init(&c->check.arena, 512 * 1024);
	run_hooks(c);
}

/* An answer has come: the hook that waited has had its say, the others follow. */
void smtp_hooks_resume(
    struct smtp_connection *c, enum smtp_hook_result result, const struct smtp_verdict *verdict)
{
	c->check.request = 0;
	if (result == HOOK_DECIDED)
		decide(c, verdict);
	else if (result == HOOK_WAIT || !run_hooks(c))
		return;
	smtp_connection_continue(c);
}

enum smtp_hook_result smtp_hooks_ask(struct smtp_connection *c, struct calls *calls, unsigned type,
    const void *question, call_answered answered, struct smtp_verdict *verdict)
{
	c->check.calls = calls;
	c->check.request = calls_ask(calls, type, question, answered, c);
	if (c->check.request)
		return HOOK_WAIT;
	*verdict = (struct smtp_verdict){
	    .kind = SMTP_TEMPORARY, .code = 451, .enhanced = "4.3.0", .text = "try again later"};
	return HOOK_DECIDED;
}

const struct smtp_verdict smtp_unavailable = {.kind = SMTP_TEMPORARY,
    .code = 451,
    .enhanced = "4.3.0",
    .text = "a part of this server is restarting, try again later"};

void smtp_hooks_forget(struct smtp_connection *c)
{
	if (c->check.request)
		calls_forget(c->check.calls, c->check.request);
	c->check.request = 0;
	arena_done(&c->check.arena);
}

/* ---- connect ---- */

static enum smtp_hook_result delay_greeting(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	int64_t delay = (int64_t)smtp_role.edge.process->settings.greeting_delay_ms;
	(void)verdict;
	if (delay == 0 ||
	    network_contains(smtp_role.edge.process->settings.trusted_networks, &c->edge.client.address))
		return HOOK_ACCEPT;
	c->greeting_delayed = true;
	loop_timer_set(&c->greeting, delay);
	return HOOK_WAIT;
}

void smtp_hooks_greet(void *arg)
{
	struct smtp_connection *c = arg;
	c->greeting_delayed = false;
	smtp_hooks_resume(c, HOOK_ACCEPT, NULL);
}

void smtp_hooks_early_talker(struct smtp_connection *c)
{
	static const struct smtp_verdict early = {.kind = SMTP_PERMANENT,
	    .code = 554,
	    .enhanced = "5.5.1",
	    .text = "you spoke before the greeting",
	    .close = true};
	c->greeting_delayed = false;
	loop_timer_cancel(&c->greeting);
	smtp_hooks_resume(c, HOOK_DECIDED, &early);
}

static const struct smtp_verdict not_your_author = {.kind = SMTP_PERMANENT,
    .code = 550,
    .enhanced = "5.7.1",
    .text = "the address in the From field is not yours: write one of your own there"};

/* ---- MAIL ---- */

static enum smtp_hook_result limit_messages(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	if (edge_limits_count_message(&smtp_role.edge.limits, &c->edge.client, clock_monotonic_ms()))
		return HOOK_ACCEPT;
	*verdict = (struct smtp_verdict){.kind = SMTP_TEMPORARY,
	    .code = 450,
	    .enhanced = "4.7.1",
	    .text = "too many messages from your address within a minute, try again later"};
	return HOOK_DECIDED;
}

static bool sender_answered(void *arg, struct link *link, struct channel_frame *frame)
{
	static const struct smtp_verdict not_yours = {.kind = SMTP_PERMANENT,
	    .code = 550,
	    .enhanced = "5.7.1",
	    .text = "this sender address is not yours"};
	struct smtp_connection *c = arg;
	struct message_verdict m;
	if (frame == NULL) {
		smtp_hooks_resume(c, HOOK_DECIDED, &smtp_unavailable);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	smtp_hooks_resume(
	    c, m.allowed ? HOOK_ACCEPT : HOOK_DECIDED, m.temporary ? &smtp_unavailable : &not_yours);
	return true;
}

/* RFC 6409 section 6.1: a user sends as himself. */
static enum smtp_hook_result own_sender(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	const struct smtp_envelope *envelope = smtp_envelope(c->session);
	if (envelope->sender_is_null)
		return HOOK_ACCEPT; /* what a mail program sends by itself: receipts */
	struct message_sender m = {.account = c->account, .address = envelope->terms.sender};
	return smtp_hooks_ask(c, &smtp_role.edge.auth, MESSAGE_SENDER, &m, sender_answered, verdict);
}

enum { DNS_MX = 15, DNS_OK = 0 };

/* RFC 7505: a single MX record with preference 0 and an empty host says that the domain takes no mail. */
static bool is_null_mx(const struct message_answer *m)
{
	const struct message_field *record = m->records.items;
	return m->status == DNS_OK && m->records.count == 1 && view_equal(record->value, VIEW("\0\0\0"));
}

static bool mx_answered(void *arg, struct link *link, struct channel_frame *frame)
{
	static const struct smtp_verdict no_mail = {.kind = SMTP_PERMANENT,
	    .code = 550,
	    .enhanced = "5.7.27",
	    .text = "the sender's domain accepts no mail (null MX), so nobody could reply"};
	struct smtp_connection *c = arg;
	struct message_answer m;
	if (frame == NULL) {
		/* Without dns this reason to refuse falls away: mail that is wanted counts for more. */
		smtp_hooks_resume(c, HOOK_ACCEPT, NULL);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	smtp_hooks_resume(c, is_null_mx(&m) ? HOOK_DECIDED : HOOK_ACCEPT, &no_mail);
	return true;
}

static enum smtp_hook_result sender_takes_mail(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	struct view domain = smtp_envelope(c->session)->sender_domain;
	if (!smtp_role.edge.process->settings.sender_null_mx || domain.len == 0 || domain.data[0] == '[')
		return HOOK_ACCEPT;
	struct buf name;
	/* A client waits behind this: less patience than a mail that is under way deserves. */
	enum { PATIENCE_MS = 5000 };
	buf_init(&name, 512);
	enum smtp_hook_result result = HOOK_ACCEPT;
	if (domain_normalize(domain, &name) == 0) {
		struct message_query m = {.name = buf_view(&name), .type = DNS_MX, .timeout_ms = PATIENCE_MS};
		struct smtp_verdict ignored;
		if (smtp_hooks_ask(c, &smtp_role.dns, MESSAGE_QUERY, &m, mx_answered, &ignored) == HOOK_WAIT)
			result = HOOK_WAIT;
	}
	(void)verdict;
	buf_done(&name);
	return result;
}

/* ---- the end of a message ---- */

/* The settings' verdict on an author who is not the user. */
static bool refuses_author(bool foreign)
{
	const struct settings *settings = &smtp_role.edge.process->settings;
	return view_equal(foreign ? settings->foreign_from : settings->own_from, VIEW("refuse"));
}

static enum smtp_hook_result ask_authors(struct smtp_connection *c, struct smtp_verdict *verdict);

static bool author_answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct smtp_connection *c = arg;
	struct message_verdict m;
	struct smtp_verdict verdict;
	if (frame == NULL) {
		smtp_hooks_resume(c, HOOK_DECIDED, &smtp_unavailable);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	c->check.request = 0;
	enum smtp_hook_result result = HOOK_DECIDED;
	if (m.temporary)
		verdict = smtp_unavailable;
	else if (!m.allowed && refuses_author(m.foreign))
		verdict = not_your_author;
	else
		result = ask_authors(c, &verdict);
	if (result != HOOK_WAIT)
		smtp_hooks_resume(c, result, &verdict);
	return true;
}

/* Of the address that was proven at MAIL, and the account's own, auth need not be asked. */
static bool is_proven(const struct smtp_connection *c, struct view author)
{
	return view_equal_nocase(author, smtp_envelope(c->session)->terms.sender) ||
	       view_equal_nocase(author, smtp_login_address(c->session));
}

/* One after the other, from the one whose turn it is. */
static enum smtp_hook_result ask_authors(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	const struct authors *authors = smtp_authors(c->session);
	while (c->check.author_next < authors->count) {
		struct view author = authors->addresses[c->check.author_next++];
		struct address normal;
		if (is_proven(c, author))
			continue;
		if (address_normalize(author, &normal) == 0) {
			struct message_sender m = {.account = c->account, .address = address_view(&normal)};
			return smtp_hooks_ask(
			    c, &smtp_role.edge.auth, MESSAGE_SENDER, &m, author_answered, verdict);
		}
		/* Text that is not an address belongs to nobody here. */
		if (refuses_author(true)) {
			*verdict = not_your_author;
			return HOOK_DECIDED;
		}
	}
	return HOOK_ACCEPT;
}

/* RFC 6409 section 6.1, and 8.1 for Sender, which the body has got where From names somebody else. */
static enum smtp_hook_result own_authors(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	const struct authors *authors = smtp_authors(c->session);
	if (authors == NULL || (!refuses_author(true) && !refuses_author(false)))
		return HOOK_ACCEPT;
	if (authors->cut) {
		*verdict = (struct smtp_verdict){.kind = SMTP_PERMANENT,
		    .code = 550,
		    .enhanced = "5.6.0",
		    .text = "the From field contains more addresses than this server checks"};
		return HOOK_DECIDED;
	}
	return ask_authors(c, verdict);
}
