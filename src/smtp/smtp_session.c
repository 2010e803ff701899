/*
 * The SMTP session's frame: lines, the command table (which command in which state), and the waiting. One
 * command at a time: what a client pipelines (RFC 2920) stays in the driver's buffer meanwhile, and its
 * replies leave together.
 */
#include "smtp/smtp_private.h"

#include "base/mem.h"

enum {
	ANY = SMTP_NEW | SMTP_READY | SMTP_MAIL | SMTP_RCPT | SMTP_CHUNKS,
	GREETED = SMTP_READY | SMTP_MAIL | SMTP_RCPT | SMTP_CHUNKS,
	ON_RELAY = 1,
	ON_SUBMISSION = 2,
	ON_LMTP = 4,
	EVERYWHERE = 7
};

/* RFC 5321 section 3.3 (the transaction) and RFC 5321 section 4.3 (the order of commands and replies): the
 * states in which each command is allowed. */
static const struct smtp_row {
	struct view name;
	unsigned kinds, states;
	smtp_handler *run;
	bool futile; /* brings no message nearer: smtp_futile */
} commands[] = {
#define NAME(text)                                                                                           \
	{                                                                                                    \
		(text), sizeof(text) - 1                                                                     \
	}
    {NAME("EHLO"), ON_RELAY | ON_SUBMISSION, ANY, smtp_ehlo, true},
    {NAME("HELO"), ON_RELAY | ON_SUBMISSION, ANY, smtp_helo_command, true},
    {NAME("LHLO"), ON_LMTP, ANY, smtp_lhlo, true},
    {NAME("MAIL"), EVERYWHERE, SMTP_READY, smtp_mail},
    {NAME("RCPT"), EVERYWHERE, SMTP_MAIL | SMTP_RCPT, smtp_rcpt},
    {NAME("DATA"), EVERYWHERE, SMTP_RCPT, smtp_data},
    {NAME("BDAT"), EVERYWHERE, ANY, smtp_bdat}, /* its bytes must be taken in any state */
    {NAME("BURL"), ON_SUBMISSION, SMTP_RCPT | SMTP_CHUNKS, smtp_burl},
    {NAME("RSET"), EVERYWHERE, ANY, smtp_rset, true},
    {NAME("NOOP"), EVERYWHERE, ANY, smtp_noop, true},
    {NAME("QUIT"), EVERYWHERE, ANY, smtp_quit},
    {NAME("VRFY"), EVERYWHERE, GREETED, smtp_vrfy, true},
    {NAME("EXPN"), EVERYWHERE, GREETED, smtp_vrfy, true},
    {NAME("HELP"), EVERYWHERE, ANY, smtp_help, true},
    {NAME("STARTTLS"), EVERYWHERE, SMTP_READY, smtp_starttls, true},
    {NAME("AUTH"), ON_SUBMISSION, SMTP_READY, smtp_auth},
    {NAME("ETRN"), ON_RELAY, SMTP_READY, smtp_etrn, true},
    {NAME("XCLIENT"), EVERYWHERE, SMTP_NEW | SMTP_READY, smtp_xclient_command, true},
#undef NAME
};

struct smtp_session *smtp_session_new(
    const struct smtp_config *config, const struct smtp_backend *backend, void *arg, struct buf *out)
{
	struct smtp_session *s = mem_alloc(sizeof *s);
	s->config = *config;
	s->backend = backend;
	s->arg = arg;
	s->out = out;
	s->state = SMTP_SILENT;
	buf_init(&s->helo, SMTP_HELO_MAX);
	buf_init(&s->login, SMTP_LINE_MAX);
	arena_init(&s->arena, SMTP_TRANSACTION_MAX);
	return s;
}

void smtp_session_free(struct smtp_session *s)
{
	if (s == NULL)
		return;
	smtp_body_free(s->body);
	mem_free(s->envelope.recipients);
	buf_done(&s->shown);
	buf_done(&s->helo);
	buf_done(&s->login);
	arena_done(&s->arena);
	mem_free(s);
}

void smtp_checked(struct smtp_session *s, const struct smtp_verdict *verdict)
{
	if (s->wait != SMTP_WAIT_CONNECT && s->wait != SMTP_WAIT_CHECK)
		return;
	bool connecting = s->wait == SMTP_WAIT_CONNECT;
	s->wait = SMTP_NO_WAIT;
	/* Its reply, and what follows from it, come at the message's end. */
	if (!connecting && s->checking == SMTP_AT_HEADER) {
		smtp_header_checked(s, verdict);
		return;
	}
	if (connecting) {
		if (verdict->kind == SMTP_ACCEPT) {
			s->state = SMTP_NEW;
			smtp_greet(s);
		} else {
			smtp_reply_verdict(s, verdict);
			smtp_close(s);
		}
	} else if (s->checking == SMTP_AT_MAIL) {
		smtp_mail_checked(s, verdict);
	} else if (s->checking == SMTP_AT_RCPT) {
		smtp_rcpt_checked(s, verdict);
	} else {
		smtp_end_checked(s, verdict);
	}
	if (verdict->close)
		smtp_close(s);
	smtp_end_if_too_many(s);
}

/* ---- input ---- */

static unsigned kind_bit(const struct smtp_session *s)
{
	return s->config.kind == SMTP_RELAY  ? ON_RELAY
	       : s->config.kind == SMTP_LMTP ? ON_LMTP
	                                     : ON_SUBMISSION;
}

static void wrong_state(struct smtp_session *s, const struct smtp_row *row)
{
	if (s->state == SMTP_NEW)
		smtp_fault(
		    s, 503, "5.5.1", s->config.kind == SMTP_LMTP ? "say LHLO first" : "say EHLO first");
	else if (row->run == smtp_mail)
		smtp_fault(s, 503, "5.5.1", "a transaction is already open; RSET ends it");
	else if (row->run == smtp_rcpt)
		smtp_fault(s, 503, "5.5.1",
		    s->state == SMTP_CHUNKS ? "the message has already begun" : "MAIL must come first");
	else if (row->run == smtp_data || row->run == smtp_burl)
		smtp_fault(s, 503, "5.5.1",
		    s->state == SMTP_MAIL ? "no recipient was accepted" : "MAIL and RCPT must come first");
	else
		smtp_fault(s, 503, "5.5.1", "not allowed within a transaction");
}

static void run_command(struct smtp_session *s, struct view line)
{
	ptrdiff_t space = view_find(line, ' ');
	struct view word = space < 0 ? line : view_take(line, (size_t)space);
	struct view argument = space < 0 ? (struct view){0} : view_trim(view_skip(line, (size_t)space));
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (!view_equal_nocase(word, commands[i].name) || !(commands[i].kinds & kind_bit(s)))
			continue;
		if (commands[i].futile)
			smtp_futile(s);
		s->recipients_said += commands[i].run == smtp_rcpt;
		if (commands[i].states & s->state)
			commands[i].run(s, argument);
		else
			wrong_state(s, &commands[i]);
		return;
	}
	smtp_fault(s, 500, "5.5.2", "unknown command");
}

static void take_line(struct smtp_session *s, struct view line)
{
	bool crlf = line.len && line.data[line.len - 1] == '\r';
	if (crlf)
		line.len--;
	if (s->skipping_line) {
		s->skipping_line = false;
		if (s->wait == SMTP_WAIT_RESPONSE)
			smtp_sasl_line(s, VIEW("*")); /* the exchange ends, for auth as well */
		else
			smtp_fault(s, 500, "5.5.6", "line too long");
	} else if (!crlf) {
		smtp_fault(s, 500, "5.5.2", "lines must end in CR LF");
	} else if (s->wait == SMTP_WAIT_RESPONSE) {
		smtp_sasl_line(s, line);
	} else if (view_find(line, '\0') >= 0 || view_find(line, '\r') >= 0) {
		smtp_fault(s, 500, "5.5.2", "commands must not contain NUL or a bare CR");
	} else {
		run_command(s, line);
	}
	smtp_end_if_too_many(s);
}

static bool takes_input(const struct smtp_session *s)
{
	return !(s->state & (SMTP_OVER | SMTP_SILENT)) &&
	       (s->wait == SMTP_NO_WAIT || s->wait == SMTP_WAIT_RESPONSE) &&
	       buf_view(s->out).len < SMTP_OUTPUT_HIGH;
}

/* Takes a line off the input; 0 when it is not whole. */
static size_t feed_line(struct smtp_session *s, struct view bytes)
{
	ptrdiff_t end = view_find(bytes, '\n');
	size_t len = end < 0 ? bytes.len : (size_t)end;
	bool sasl = s->wait == SMTP_WAIT_RESPONSE || view_starts_nocase(bytes, VIEW("AUTH "));
	bool url = s->config.kind == SMTP_SUBMISSION && view_starts_nocase(bytes, VIEW("BURL "));
	size_t max = sasl ? SMTP_AUTH_LINE_MAX : url ? SMTP_BURL_LINE_MAX : SMTP_LINE_MAX;
	if (len > max)
		s->skipping_line = true;
	if (end < 0)
		return s->skipping_line ? bytes.len : 0;
	take_line(s, view_take(bytes, len));
	return len + 1;
}

size_t smtp_feed(struct smtp_session *s, struct view bytes)
{
	size_t consumed = 0;
	while (consumed < bytes.len && takes_input(s)) {
		struct view rest = view_skip(bytes, consumed);
		size_t n = s->mode == SMTP_DATA   ? smtp_feed_data(s, rest)
		           : s->mode == SMTP_BDAT ? smtp_feed_chunk(s, rest)
		                                  : feed_line(s, rest);
		if (n == 0)
			break;
		consumed += n;
	}
	return consumed;
}
