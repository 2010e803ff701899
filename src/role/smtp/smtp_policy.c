/*
 * The product's verdicts: their table, and the rules of connect, MAIL and a submission's header. Who has
 * sent a message is smtp_sender.c's.
 */
#include <errno.h>

#include "format/address_normal.h"
#include "base/clock.h"
#include "base/log.h"
#include "role/smtp/smtp_hooks.h"
#include "role/smtp/smtp_seal.h"
#include "role/smtp/smtp_sender.h"
#include "role/smtp/smtp_sign.h"
#include "format/author.h"
#include "format/domain.h"

static smtp_hook delay_greeting, limit_messages, own_sender, sender_takes_mail, own_authors;

static const struct smtp_hook_row rows[] = {
    {SMTP_AT_CONNECT, 1 << SMTP_RELAY, delay_greeting, NULL},
    {SMTP_AT_CONNECT, 1 << SMTP_SUBMISSION, smtp_local_may_send, NULL},
    {SMTP_AT_MAIL, 1 << SMTP_RELAY | 1 << SMTP_SUBMISSION, limit_messages, NULL},
    {SMTP_AT_MAIL, 1 << SMTP_SUBMISSION, own_sender, NULL},
    {SMTP_AT_MAIL, 1 << SMTP_RELAY, sender_takes_mail, NULL},
    {SMTP_AT_RCPT, 1 << SMTP_RELAY | 1 << SMTP_SUBMISSION | 1 << SMTP_LMTP, smtp_resolve_recipient, NULL},
    {SMTP_AT_RCPT, 1 << SMTP_RELAY | 1 << SMTP_SUBMISSION | 1 << SMTP_LMTP, smtp_recipient_has_room, NULL},
    {SMTP_AT_HEADER, 1 << SMTP_SUBMISSION, own_authors, NULL},
    {SMTP_AT_HEADER, 1 << SMTP_SUBMISSION, smtp_sign_choose, NULL},
    {SMTP_AT_END, 1 << SMTP_RELAY, smtp_sender_judge, &smtp_sender_tap},
    {SMTP_AT_END, 1 << SMTP_RELAY, smtp_seal_message, &smtp_seal_tap},
    {SMTP_AT_END, 1 << SMTP_SUBMISSION, smtp_sign_message, &smtp_sign_tap},
};

void smtp_policy_start(void)
{
	smtp_hooks_use(rows, sizeof rows / sizeof rows[0]);
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
	if (envelope->sender_is_null || c->local.may_send)
		return HOOK_ACCEPT; /* what a mail program sends by itself: receipts; local_senders */
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

/* ---- the header ---- */

/* The settings' verdict on an author who is not the user. */
static bool refuses_author(bool foreign)
{
	const struct settings *settings = &smtp_role.edge.process->settings;
	return view_equal(foreign ? settings->foreign_from : settings->own_from, VIEW("refuse"));
}

static bool refuses_some_author(void)
{
	return refuses_author(true) || refuses_author(false);
}

static enum smtp_hook_result ask_authors(struct smtp_connection *c, struct smtp_verdict *verdict);

/* What the directory says of the author that was asked for; the next one's turn. */
static enum smtp_hook_result author_is(struct smtp_connection *c, bool own, struct smtp_verdict *verdict)
{
	if (own && smtp_authors(c->session)->count == 1)
		smtp_hooks_own_author(c);
	return ask_authors(c, verdict);
}

static bool author_answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct smtp_connection *c = arg;
	struct message_verdict m;
	struct smtp_verdict verdict;
	if (frame == NULL)
		m = (struct message_verdict){.temporary = true};
	else if (!link_decode(link, frame, &m))
		return false;
	c->check.request = 0;
	enum smtp_hook_result result = HOOK_DECIDED;
	if (m.temporary && refuses_some_author())
		verdict = smtp_unavailable;
	else if (!m.temporary && !m.allowed && refuses_author(m.foreign))
		verdict = not_your_author;
	else
		result = author_is(c, m.allowed && !m.temporary, &verdict);
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
			enum smtp_hook_result result = smtp_hooks_ask(
			    c, &smtp_role.edge.auth, MESSAGE_SENDER, &m, author_answered, verdict);
			/* Where nobody is refused, it only decides about Sender: better said once too often.
			 */
			return result == HOOK_WAIT || refuses_some_author() ? result : HOOK_ACCEPT;
		}
		/* Text that is not an address belongs to nobody here. */
		if (refuses_author(true)) {
			*verdict = not_your_author;
			return HOOK_DECIDED;
		}
	}
	return HOOK_ACCEPT;
}

/* Whether the Sender field is ours to write, and one author's being the user would spare it. */
static bool may_spare_sender(const struct authors *authors)
{
	const struct settings *settings = &smtp_role.edge.process->settings;
	bool writes =
	    !view_equal(settings->own_from, VIEW("off")) || !view_equal(settings->foreign_from, VIEW("off"));
	return writes && authors->count == 1 && !authors->cut;
}

/* RFC 6409 section 6.1; and 8.1 for Sender, which says who has sent what From says another has written. */
static enum smtp_hook_result own_authors(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	const struct authors *authors = smtp_authors(c->session);
	if (authors == NULL || c->local.may_send || (!refuses_some_author() && !may_spare_sender(authors)))
		return HOOK_ACCEPT;
	if (authors->cut && refuses_some_author()) {
		*verdict = (struct smtp_verdict){.kind = SMTP_PERMANENT,
		    .code = 550,
		    .enhanced = "5.6.0",
		    .text = "the From field holds more addresses than this server looks at"};
		return HOOK_DECIDED;
	}
	return authors->cut ? HOOK_ACCEPT : ask_authors(c, verdict);
}
