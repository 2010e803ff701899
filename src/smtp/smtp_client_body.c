/*
 * The body: behind DATA with its dots doubled, or in BDATs (RFC 3030), one for each piece that the driver
 * gives. It stops where the output is full, and where a chunk's reply must come first.
 */
#include "smtp/smtp_client_private.h"

static bool may_flow(const struct smtp_client *c)
{
	return c->body_open && !(c->lockstep && c->replied < c->chunks) &&
	       buf_view(c->out).len < SMTP_CLIENT_OUTPUT_HIGH;
}

void smtp_client_open_body(struct smtp_client *c)
{
	c->body_open = c->body_paused = true;
	smtp_client_resume_body(c);
}

void smtp_client_resume_body(struct smtp_client *c)
{
	if (!c->body_paused || !may_flow(c))
		return;
	c->body_paused = false;
	c->backend->body(c->arg);
}

void smtp_client_drained(struct smtp_client *c)
{
	smtp_client_resume_body(c);
}

void smtp_client_await_chunk(struct smtp_client *c)
{
	if (c->accepted == 0)
		c->body_open = false;
	c->step = c->replied == c->chunks                      ? CLIENT_BODY
	          : c->end_sent && c->chunks - c->replied == 1 ? CLIENT_END
	                                                       : CLIENT_CHUNK;
	if (c->step == CLIENT_BODY)
		smtp_client_resume_body(c);
}

static void put_chunk(struct smtp_client *c, struct view bytes, bool last)
{
	if (bytes.len == 0 && !last)
		return;
	buf_printf(c->out, "BDAT %zu%s\r\n", bytes.len, last ? " LAST" : "");
	buf_append(c->out, bytes);
	c->chunks++;
	c->end_sent = last;
	/* While the envelope's replies are awaited, they come first. */
	if (c->step == CLIENT_BODY || c->step == CLIENT_CHUNK)
		smtp_client_await_chunk(c);
}

static void put_data(struct smtp_client *c, struct view bytes, bool last)
{
	dot_stuff(&c->stuff, bytes, c->out);
	if (!last)
		return;
	dot_stuff_end(&c->stuff, c->out);
	c->end_sent = true;
	c->step = CLIENT_END;
}

bool smtp_client_body(struct smtp_client *c, struct view bytes, bool last)
{
	if (!c->body_open)
		return false;
	c->body_open = !last;
	if (c->chunking)
		put_chunk(c, bytes, last);
	else
		put_data(c, bytes, last);
	if (bytes.len > SMTP_CLIENT_PIECE_MAX || buf_failed(c->out)) {
		smtp_client_fail_unanswered(c, SMTP_CLIENT_NO_MEMORY);
		return false;
	}
	c->body_paused = !may_flow(c);
	return !c->body_paused;
}
