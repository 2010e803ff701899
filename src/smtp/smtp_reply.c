/* Replies: RFC 5321 section 4.2, with the enhanced codes of RFC 2034 and 3463 where the client has said EHLO.
 */
#include "smtp/smtp_private.h"

#include <inttypes.h>

void smtp_reply(struct smtp_session *s, unsigned code, const char *enhanced, const char *text)
{
	if (enhanced && s->esmtp)
		buf_printf(s->out, "%u %s %s\r\n", code, enhanced, text);
	else
		buf_printf(s->out, "%u %s\r\n", code, text);
}

void smtp_fault(struct smtp_session *s, unsigned code, const char *enhanced, const char *text)
{
	s->errors++;
	smtp_reply(s, code, enhanced, text);
}

void smtp_futile(struct smtp_session *s)
{
	s->futile++;
}

void smtp_progress(struct smtp_session *s)
{
	s->futile = s->recipients_said = 0;
}

void smtp_reply_verdict(struct smtp_session *s, const struct smtp_verdict *verdict)
{
	bool for_good = verdict->kind == SMTP_PERMANENT;
	if (for_good)
		s->errors++;
	else if (s->checking != SMTP_AT_RCPT)
		smtp_futile(s);
	smtp_reply(s,
	    verdict->code ? verdict->code
	    : for_good    ? 550
	                  : 451,
	    verdict->enhanced ? verdict->enhanced
	    : for_good        ? "5.7.1"
	                      : "4.3.0",
	    verdict->text ? verdict->text
	    : for_good    ? "refused"
	                  : "try again later");
}

void smtp_greet(struct smtp_session *s)
{
	const char *protocol = s->config.kind == SMTP_LMTP ? "LMTP" : "ESMTP";
	buf_printf(s->out, "220 %.*s %s Postrider\r\n", VIEW_FMT(s->config.hostname), protocol);
}

static void keyword(struct smtp_session *s, const char *text)
{
	buf_printf(s->out, "250-%s\r\n", text);
}

void smtp_reply_ehlo(struct smtp_session *s)
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
	    s->login.len == 0) {
		buf_append_string(s->out, "250-AUTH"); /* RFC 4954 section 3 */
		for (const char *const *m = s->config.announced(s->config.secure); *m; m++)
			buf_printf(s->out, " %s", *m);
		buf_append_string(s->out, "\r\n");
	}
	if (s->config.xclient)
		keyword(s, "XCLIENT NAME ADDR");
	buf_printf(s->out, "250 LIMITS RCPTMAX=%u\r\n", s->config.recipients_max);
}

void smtp_close(struct smtp_session *s)
{
	if (s->state == SMTP_OVER)
		return;
	smtp_reset(s);
	s->state = SMTP_OVER;
	s->backend->close(s->arg);
}

void smtp_end(struct smtp_session *s, const char *enhanced, const char *text)
{
	if (s->state == SMTP_OVER)
		return;
	smtp_reply(s, 421, enhanced, text);
	smtp_close(s);
}
