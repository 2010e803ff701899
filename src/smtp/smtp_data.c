/* DATA (RFC 5321 section 4.1.1.4) and BDAT (RFC 3030): the message on its way in. */
#include "smtp/smtp_private.h"

void smtp_data(struct smtp_session *s, struct view argument)
{
	if (argument.len > 0) {
		smtp_fault(s, 501, "5.5.4", "DATA takes no argument");
		return;
	}
	if (s->envelope.terms.body == SMTP_BINARYMIME) {
		smtp_fault(s, 503, "5.5.1", "a binary message needs BDAT (RFC 3030)");
		return;
	}
	smtp_begin_body(s, false);
	s->mode = SMTP_DATA;
	smtp_reply(s, 354, NULL, "send the message, then a line with a single dot");
}

/* ---- DATA ---- */

static void take_run(void *arg, struct view run)
{
	struct smtp_session *s = arg;
	/* A message that is lost already is not kept any longer; its bytes are read to their end. */
	if (s->dot.bare_cr || s->dot.bare_lf || smtp_is_refused(s))
		return;
	if (!smtp_body_write(s->body, run))
		s->wait = SMTP_WAIT_BODY;
}

size_t smtp_feed_data(struct smtp_session *s, struct view bytes)
{
	size_t n = smtp_dot_feed(&s->dot, smtp_body_step(s, bytes), take_run, s);
	if (!smtp_is_refused(s) && smtp_body_asks(s->body) && !smtp_ask_header(s))
		return n;
	if (s->dot.ended) {
		s->wait = SMTP_NO_WAIT;
		smtp_end_body(s);
	}
	return n;
}

void smtp_body_ready(struct smtp_session *s)
{
	if (s->wait != SMTP_WAIT_BODY)
		return;
	s->wait = SMTP_NO_WAIT;
	smtp_take_shown(s);
}

/* ---- BDAT ---- */

static bool parse_chunk(struct view argument, uint64_t *size, bool *last)
{
	struct view rest = argument, number = {0};
	if (!view_next(&rest, ' ', &number) || !view_to_u64(number, INT64_MAX, size))
		return false;
	rest = view_trim(rest);
	*last = view_equal_nocase(rest, VIEW("LAST"));
	return rest.len == 0 || *last;
}

void smtp_bdat(struct smtp_session *s, struct view argument)
{
	uint64_t size;
	bool last;
	if (!parse_chunk(argument, &size, &last)) {
		/* How much follows is unknown, so what follows cannot be told from commands: the end (RFC
		 * 3030 section 2). */
		smtp_fault(s, 501, "5.5.4", "the syntax is BDAT size [LAST]");
		smtp_end(s, "4.5.0", "the chunk's size cannot be known");
		return;
	}
	s->chunk_left = s->chunk_size = size;
	s->last_chunk = last;
	/* RFC 3030 section 2: the bytes of a chunk out of order are read and dropped, then refused. */
	s->chunk_refused = !(s->state & (SMTP_RCPT | SMTP_CHUNKS)) || (s->body && s->state != SMTP_CHUNKS);
	if (!s->chunk_refused && s->body == NULL)
		smtp_begin_body(s, true);
	if (!s->chunk_refused)
		s->state = SMTP_CHUNKS;
	s->mode = SMTP_BDAT;
	if (size == 0)
		smtp_feed_chunk(s, (struct view){0});
}

size_t smtp_feed_chunk(struct smtp_session *s, struct view bytes)
{
	struct view part = view_take(bytes, s->chunk_left < bytes.len ? (size_t)s->chunk_left : bytes.len);
	if (!s->chunk_refused)
		part = smtp_body_step(s, part);
	s->chunk_left -= part.len;
	bool room = s->chunk_refused || smtp_is_refused(s) || part.len == 0 || smtp_body_write(s->body, part);
	if (!s->chunk_refused && !smtp_is_refused(s) && smtp_body_asks(s->body) && !smtp_ask_header(s))
		return part.len;
	if (s->chunk_left == 0)
		smtp_end_chunk(s);
	/* Between chunks too: small ones that end whole would never wait. The last one waits for its delivery
	 * anyway. */
	if (!room && s->body && s->state == SMTP_CHUNKS && s->wait == SMTP_NO_WAIT)
		s->wait = SMTP_WAIT_BODY;
	return part.len;
}

/* The message, as far as it has come meanwhile, goes on. */
static void go_on(struct smtp_session *s, bool room)
{
	if (s->ending || (s->mode == SMTP_DATA && s->dot.ended))
		smtp_end_body(s);
	else if (s->mode == SMTP_BDAT && s->chunk_left == 0)
		smtp_end_chunk(s);
	if (!room && s->body && s->wait == SMTP_NO_WAIT)
		s->wait = SMTP_WAIT_BODY;
	smtp_take_shown(s);
	smtp_end_if_too_many(s);
}

void smtp_header_checked(struct smtp_session *s, const struct smtp_verdict *verdict)
{
	bool room = true;
	if (verdict->kind == SMTP_ACCEPT)
		room = smtp_body_answer(s->body, verdict->own_author);
	else
		s->refused = smtp_keep_verdict(s, verdict);
	/* Whoever asked within this very call goes on by itself. */
	if (!s->asking)
		go_on(s, room);
	else if (!room)
		s->wait = SMTP_WAIT_BODY;
}
