/* What a session knows, and how a transaction ends: below all commands, which use it. */
#include "smtp/smtp_private.h"

#include "base/mem.h"

void smtp_start(struct smtp_session *s)
{
	s->wait = SMTP_WAIT_CONNECT;
	s->backend->check(s->arg, SMTP_AT_CONNECT, &s->envelope, NULL);
}

void smtp_reset(struct smtp_session *s)
{
	bool was_open = s->state & (SMTP_MAIL | SMTP_RCPT | SMTP_CHUNKS);
	smtp_body_free(s->body);
	s->body = NULL;
	mem_free(s->envelope.recipients);
	s->envelope = (struct smtp_envelope){0};
	s->recipient_room = 0;
	arena_done(&s->arena);
	s->discard = s->priority_ignored = s->held = false;
	s->refused = (struct smtp_verdict){.kind = SMTP_ACCEPT};
	s->each = NULL;
	s->note = NULL;
	s->ending = false;
	s->chunks = s->chunk_octets = 0;
	buf_done(&s->shown);
	if (s->state & (SMTP_MAIL | SMTP_RCPT | SMTP_CHUNKS))
		s->state = SMTP_READY;
	if (was_open)
		s->backend->abandon(s->arg);
}

/* ---- for the driver ---- */

enum smtp_waiting smtp_waits_for(const struct smtp_session *s)
{
	if (s->wait != SMTP_NO_WAIT && s->wait != SMTP_WAIT_RESPONSE)
		return SMTP_FOR_US;
	return s->mode == SMTP_COMMANDS ? SMTP_FOR_COMMAND : SMTP_FOR_DATA;
}

const struct smtp_envelope *smtp_envelope(const struct smtp_session *s)
{
	return &s->envelope;
}

const struct authors *smtp_authors(const struct smtp_session *s)
{
	return s->body ? smtp_body_authors(s->body) : NULL;
}

const struct message_digest *smtp_message(const struct smtp_session *s)
{
	return &s->digest;
}

struct view smtp_login_address(const struct smtp_session *s)
{
	return buf_view(&s->login);
}

struct view smtp_helo(const struct smtp_session *s)
{
	return buf_view(&s->helo);
}
