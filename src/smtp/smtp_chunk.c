/* What DATA, BDAT and BURL share: how a message begins, and how a chunk of it ends. */
#include "smtp/smtp_private.h"

#include <stdio.h>

void smtp_begin_body(struct smtp_session *s, bool chunks)
{
	struct buf trace;
	struct smtp_body_config config = {
	    .submission = s->config.kind == SMTP_SUBMISSION,
	    .keeps_results = s->config.kind == SMTP_LMTP,
	    .kind = s->envelope.terms.body,
	    .chunks = chunks,
	    .size_max = s->config.size_max,
	    .received_max = s->config.received_max,
	    .now = s->backend->now(s->arg),
	    .hostname = s->config.hostname,
	    .writes_sender = s->config.writes_sender,
	    .sender = s->envelope.terms.sender,
	    .login = buf_view(&s->login),
	    .sink = s->backend->body,
	    .came = s->backend->came,
	    .arg = s->arg,
	};
	buf_init(&trace, 4096);
	smtp_trace_field(s, &trace);
	s->body = smtp_body_new(&config, buf_failed(&trace) ? (struct view){0} : buf_view(&trace));
	buf_done(&trace);
	s->dot = (struct smtp_dot){.state = DOT_LINE_START};
}

/* While a header is read no more is taken at once than is held when it asks. */
struct view smtp_body_step(const struct smtp_session *s, struct view bytes)
{
	return smtp_body_in_header(s->body) ? view_take(bytes, SMTP_BODY_HELD_MAX) : bytes;
}

void smtp_end_chunk(struct smtp_session *s)
{
	char text[100];
	s->mode = SMTP_COMMANDS;
	if (s->chunk_refused) {
		smtp_fault(s, 503, "5.5.1", "no recipient was accepted for these bytes");
		return;
	}
	if (s->last_chunk) {
		smtp_end_body(s);
		return;
	}
	if (smtp_refuse_fault(s, smtp_body_fault(s->body), false)) {
		smtp_reset(s);
		return;
	}
	snprintf(text, sizeof text, "%llu octets accepted", (unsigned long long)s->chunk_size);
	smtp_reply(s, 250, "2.0.0", text);
	s->chunks++;
	s->chunk_octets += s->chunk_size;
	if (s->chunk_size < SMTP_CHUNK_MEAN && s->chunk_octets / s->chunks < SMTP_CHUNK_MEAN)
		smtp_futile(s);
	smtp_end_if_too_many(s);
}
