/* Replies: RFC 1939 section 3, with the response codes of RFC 2449 and 3206; and the end of a session that
 * brings nothing. */
#include "pop3/pop3_private.h"

#include <stdarg.h>
#include <stdio.h>

void pop3_ok(struct pop3_session *s, const char *fmt, ...)
{
	char text[POP3_LINE_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	buf_append(s->out, VIEW("+OK "));
	buf_append_string(s->out, text);
	buf_append(s->out, VIEW("\r\n"));
}

void pop3_err(struct pop3_session *s, const char *code, const char *text, bool counts)
{
	if (counts)
		s->errors++;
	buf_append(s->out, VIEW("-ERR "));
	if (code) {
		buf_append_byte(s->out, '[');
		buf_append_string(s->out, code);
		buf_append(s->out, VIEW("] "));
	}
	buf_append_string(s->out, text);
	buf_append(s->out, VIEW("\r\n"));
}

void pop3_end_if_too_many(struct pop3_session *s)
{
	size_t most = s->state == POP3_AUTHORIZATION ? (size_t)POP3_FUTILE_MAX
	                                             : POP3_QUIET_MAX + POP3_QUIET_EACH * s->count;
	/* While an answer is awaited its reply comes first. */
	if (s->state == POP3_ENDED || (s->wait != POP3_NO_WAIT && s->wait != POP3_WAIT_RESPONSE) ||
	    s->reply != POP3_NO_REPLY)
		return;
	if (s->errors <= s->config.errors_max && s->futile <= most)
		return;
	pop3_err(s, NULL,
	    s->errors > s->config.errors_max ? "too many errors" : "too many commands without effect", false);
	s->state = POP3_ENDED;
	s->backend->close(s->arg);
}
