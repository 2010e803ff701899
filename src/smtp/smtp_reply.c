/* Replies: RFC 5321 section 4.2, with the enhanced codes of RFC 2034 and 3463 where the client has said EHLO.
 */
#include "smtp/smtp_private.h"

static void put_line(
    struct smtp_session *s, unsigned code, char separator, const char *enhanced, const char *text)
{
	if (enhanced && s->esmtp)
		buf_printf(s->out, "%u%c%s %s\r\n", code, separator, enhanced, text);
	else
		buf_printf(s->out, "%u%c%s\r\n", code, separator, text);
}

void smtp_reply_line(struct smtp_session *s, unsigned code, const char *enhanced, const char *text)
{
	put_line(s, code, '-', enhanced, text);
}

void smtp_reply(struct smtp_session *s, unsigned code, const char *enhanced, const char *text)
{
	put_line(s, code, ' ', enhanced, text);
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

void smtp_close(struct smtp_session *s)
{
	if (s->state == SMTP_OVER)
		return;
	smtp_reset(s);
	s->state = SMTP_OVER;
	s->wait = SMTP_NO_WAIT; /* an answer that comes yet is too late */
	s->backend->close(s->arg);
}

void smtp_end(struct smtp_session *s, const char *enhanced, const char *text)
{
	if (s->state == SMTP_OVER)
		return;
	smtp_reply(s, 421, enhanced, text);
	smtp_close(s);
}

void smtp_end_if_too_many(struct smtp_session *s)
{
	/* While an answer is awaited its reply comes first; whoever gives it asks again. */
	if (s->state == SMTP_OVER || (s->wait != SMTP_NO_WAIT && s->wait != SMTP_WAIT_RESPONSE))
		return;
	if (s->errors >= s->config.errors_max)
		smtp_end(s, "4.7.0", "too many errors");
	else if (s->futile > SMTP_FUTILE_MAX || s->recipients_said > SMTP_RECIPIENTS_SAID_MAX)
		smtp_end(s, "4.7.0", "too many commands without a message");
}
