/* EHLO, HELO, LHLO, RSET, NOOP, QUIT, VRFY, EXPN, HELP (RFC 5321 section 4.1.1) and STARTTLS (RFC 3207). */
#include "smtp/smtp_private.h"

#include <inttypes.h>

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/*
 * RFC 5321 section 4.1.4: mail must not be refused because of the name. Programs greet with the computer's
 * name, in any charset and with blanks; what would spoil the trace field is left out of it there
 * (format/trace.h). On submission the login counts, so any name will do, even none. Another host that says
 * none, or control characters, speaks no SMTP.
 */
static bool take_name(struct smtp_session *s, struct view name)
{
	bool good = name.len > 0 && name.len <= SMTP_HELO_MAX;
	for (size_t i = 0; i < name.len && good; i++)
		good = !is_control(name.data[i]);
	if (!good && s->config.kind != SMTP_SUBMISSION) {
		smtp_fault(s, 501, "5.5.4", "give the name of your host, or its address in brackets");
		return false;
	}
	smtp_reset(s);
	buf_clear(&s->helo);
	name = view_take(name, SMTP_HELO_MAX);
	for (size_t i = 0; i < name.len; i++)
		buf_append_byte(&s->helo, is_control(name.data[i]) ? '?' : name.data[i]);
	s->state = SMTP_READY;
	return true;
}

static void keyword(struct smtp_session *s, const char *text)
{
	buf_printf(s->out, "250-%s\r\n", text);
}

static void reply_ehlo(struct smtp_session *s)
{
	buf_printf(s->out, "250-%.*s\r\n", VIEW_FMT(s->config.hostname));
	keyword(s, "PIPELINING");
	buf_printf(s->out, "250-SIZE %" PRIu64 "\r\n", s->config.size_max);
	keyword(s, "8BITMIME");
	keyword(s, "SMTPUTF8");
	keyword(s, "BINARYMIME");
	keyword(s, "CHUNKING");
	keyword(s, "ENHANCEDSTATUSCODES");
	keyword(s, "DSN");
	smtp_announce_schedule(s);
	if (s->config.etrn && s->config.kind == SMTP_RELAY)
		keyword(s, "ETRN");
	if (s->config.tls_available && !s->config.secure)
		keyword(s, "STARTTLS");
	if (s->config.secure)
		keyword(s, "REQUIRETLS");
	if (s->config.kind == SMTP_SUBMISSION && (s->config.secure || s->config.clear_login) &&
	    s->login.len == 0 && s->config.local_user.len == 0) {
		buf_append_string(s->out, "250-AUTH"); /* RFC 4954 section 3 */
		for (const char *const *m = s->config.announced(s->config.secure); *m; m++)
			buf_printf(s->out, " %s", *m);
		buf_append_string(s->out, "\r\n");
	}
	if (s->config.kind == SMTP_SUBMISSION && s->login.len > 0)
		keyword(s, "BURL imap"); /* RFC 4468 section 3.3 */
	if (s->config.xclient)
		keyword(s, "XCLIENT NAME ADDR");
	buf_printf(s->out, "250 LIMITS RCPTMAX=%u\r\n", s->config.recipients_max);
}

void smtp_ehlo(struct smtp_session *s, struct view argument)
{
	if (!take_name(s, argument))
		return;
	s->esmtp = true;
	reply_ehlo(s);
}

void smtp_lhlo(struct smtp_session *s, struct view argument)
{
	smtp_ehlo(s, argument);
}

void smtp_helo_command(struct smtp_session *s, struct view argument)
{
	if (!take_name(s, argument))
		return;
	s->esmtp = false;
	buf_printf(s->out, "250 %.*s\r\n", VIEW_FMT(s->config.hostname));
}

void smtp_rset(struct smtp_session *s, struct view argument)
{
	(void)argument;
	smtp_reset(s);
	smtp_reply(s, 250, "2.0.0", "transaction cancelled");
}

void smtp_noop(struct smtp_session *s, struct view argument)
{
	(void)argument;
	smtp_reply(s, 250, "2.0.0", "still here");
}

void smtp_quit(struct smtp_session *s, struct view argument)
{
	if (argument.len > 0) {
		smtp_fault(s, 501, "5.5.4", "QUIT takes no argument");
		return;
	}
	smtp_reply(s, 221, "2.0.0", "goodbye");
	smtp_close(s);
}

void smtp_vrfy(struct smtp_session *s, struct view argument)
{
	/* RFC 5321 section 3.5, RFC 5321 section 7.3: whether an address exists is not told to whoever asks;
	 * RCPT tells who may know. */
	if (argument.len == 0)
		smtp_fault(s, 501, "5.5.4", "an address is missing");
	else
		smtp_reply(s, 252, "2.5.2", "this server does not verify addresses; send the mail and see");
}

void smtp_help(struct smtp_session *s, struct view argument)
{
	static const char *const commands[] = {
	    [SMTP_RELAY] = "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY EXPN HELP STARTTLS AUTH",
	    [SMTP_SUBMISSION] =
	        "EHLO HELO MAIL RCPT DATA BDAT BURL RSET NOOP QUIT VRFY EXPN HELP STARTTLS AUTH",
	    [SMTP_LMTP] = "LHLO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY EXPN HELP STARTTLS"};
	(void)argument;
	smtp_reply(s, 214, "2.0.0", commands[s->config.kind]);
}

void smtp_starttls(struct smtp_session *s, struct view argument)
{
	if (argument.len > 0) {
		smtp_fault(s, 501, "5.5.4", "STARTTLS takes no argument");
		return;
	}
	if (s->config.secure || !s->config.tls_available) {
		smtp_fault(s, s->config.secure ? 503 : 454, s->config.secure ? "5.5.1" : "4.7.0",
		    s->config.secure ? "TLS is already in use" : "this server has no certificate");
		return;
	}
	smtp_reply(s, 220, "2.0.0", "begin TLS now");
	s->wait = SMTP_WAIT_TLS;
	s->backend->start_tls(s->arg);
}

void smtp_secured(struct smtp_session *s)
{
	s->config.secure = true;
	if (s->wait != SMTP_WAIT_TLS)
		return;
	/* RFC 3207 section 4.2: what was learned before is forgotten. */
	s->wait = SMTP_NO_WAIT;
	s->state = SMTP_NEW;
	s->esmtp = false;
	buf_clear(&s->helo);
	buf_clear(&s->login);
}
