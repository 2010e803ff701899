/* DATA (RFC 5321 section 4.1.1.4), BDAT (RFC 3030), and what becomes of the message. */
#include "smtp/smtp_private.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"

static void begin_body(struct smtp_session *s, bool chunks)
{
	struct buf trace;
	struct smtp_body_config config = {
	    .submission = s->config.kind == SMTP_SUBMISSION,
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
	    .arg = s->arg,
	};
	buf_init(&trace, 4096);
	smtp_trace_field(s, &trace);
	s->body = smtp_body_new(&config, buf_failed(&trace) ? (struct view){0} : buf_view(&trace));
	buf_done(&trace);
	s->dot = (struct smtp_dot){.state = DOT_LINE_START};
}

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
	begin_body(s, false);
	s->mode = SMTP_DATA;
	smtp_reply(s, 354, NULL, "send the message, then a line with a single dot");
}

/* ---- the end of a message ---- */

/* One reply for the message, or with LMTP one for each recipient. */
static void reply_all(
    struct smtp_session *s, unsigned code, const char *enhanced, const char *text, bool fault)
{
	size_t count = s->config.kind == SMTP_LMTP ? s->envelope.count : 1;
	if (fault)
		s->errors++;
	for (size_t i = 0; i < count; i++)
		smtp_reply(s, code, enhanced, text);
}

/* A message that was kept for anybody is what a client comes for; one that was not may be tried for ever. */
static void count_delivery(struct smtp_session *s, const int *results, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (results[i] == 0) {
			smtp_progress(s);
			return;
		}
	smtp_futile(s);
}

static bool refuse_fault(struct smtp_session *s, enum smtp_body_fault fault)
{
	switch (fault) {
	case SMTP_BODY_GOOD:
		return false;
	case SMTP_BODY_TOO_LARGE:
		reply_all(s, 552, "5.3.4", "the message is larger than this server accepts", true);
		break;
	case SMTP_BODY_LOOP:
		reply_all(s, 554, "5.4.6", "too many hops: the message is in a loop", true);
		break;
	case SMTP_BODY_BARE_END:
		reply_all(s, 550, "5.6.11",
		    "a line of the message ends in a bare CR or LF; lines must end in CR LF (RFC 5321 "
		    "section 2.3.8)",
		    true);
		break;
	case SMTP_BODY_NUL:
		reply_all(s, 550, "5.6.11",
		    "the message contains a NUL octet, which headers and text must not (RFC 5322, RFC 2045 "
		    "section 2.7)",
		    true);
		break;
	case SMTP_BODY_HEADER_TOO_LARGE:
		reply_all(s, 552, "5.3.4", "the message's header is larger than this server accepts", true);
		break;
	case SMTP_BODY_NO_MEMORY:
		smtp_futile(s);
		reply_all(s, 452, "4.3.1", "no memory for the message now, try again later", false);
		break;
	}
	return true;
}

static void end_body(struct smtp_session *s)
{
	s->mode = SMTP_COMMANDS;
	enum smtp_body_fault fault =
	    s->dot.bare_cr || s->dot.bare_lf ? SMTP_BODY_BARE_END : smtp_body_end(s->body, &s->digest);
	if (refuse_fault(s, fault)) {
		smtp_reset(s);
		return;
	}
	/* Many programs send 8 bits and say nothing. The next host is told the truth, or gets it converted.
	 */
	if (s->envelope.terms.body == SMTP_7BIT && smtp_body_has_8bit(s->body))
		s->envelope.terms.body = SMTP_8BITMIME;
	if (s->discard) {
		reply_all(s, 250, "2.0.0", "accepted", false);
		smtp_progress(s);
		smtp_reset(s);
		return;
	}
	s->checking = SMTP_AT_END;
	s->wait = SMTP_WAIT_CHECK;
	s->backend->check(s->arg, SMTP_AT_END, &s->envelope, NULL);
}

void smtp_end_checked(struct smtp_session *s, const struct smtp_verdict *verdict)
{
	if (verdict->kind == SMTP_ACCEPT) {
		s->wait = SMTP_WAIT_DELIVERY;
		s->backend->deliver(s->arg, &s->envelope, &s->digest);
		return;
	}
	if (verdict->kind == SMTP_DISCARD) {
		reply_all(s, 250, "2.0.0", "accepted", false);
		smtp_progress(s);
	} else {
		if (verdict->kind == SMTP_TEMPORARY)
			smtp_futile(s);
		reply_all(
		    s, verdict->code, verdict->enhanced, verdict->text, verdict->kind == SMTP_PERMANENT);
	}
	smtp_reset(s);
}

static void reply_result(struct smtp_session *s, int result, struct view id)
{
	char text[200];
	switch (result) {
	case 0:
		snprintf(text, sizeof text, "kept as %.*s", VIEW_FMT(id));
		smtp_reply(s, 250, "2.0.0", text);
		break;
	case -ENOSPC:
		smtp_reply(s, 452, "4.3.1", "this server has no room now, try again later");
		break;
	case -EDQUOT:
		smtp_reply(s, 452, "4.2.2", "the mailbox is full, try again later");
		break;
	case -EFBIG:
		smtp_reply(s, 552, "5.2.3", "the message is larger than this mailbox can ever hold");
		break;
	case -ENOENT:
		smtp_reply(s, 550, "5.1.1", "this mailbox is gone");
		break;
	default:
		smtp_reply(s, 451, "4.3.0", "the message cannot be kept now, try again later");
	}
}

void smtp_delivered(struct smtp_session *s, const int *results, size_t count, struct view id)
{
	if (s->wait != SMTP_WAIT_DELIVERY)
		return;
	s->wait = SMTP_NO_WAIT;
	count_delivery(s, results, count);
	if (s->config.kind == SMTP_LMTP) {
		/* RFC 2033 section 4.2: one reply for each recipient that was taken, in their order. */
		for (size_t i = 0; i < s->envelope.count; i++)
			reply_result(s, i < count ? results[i] : -EIO, id);
	} else {
		/* One message, one commit: all recipients or none. */
		int worst = count == s->envelope.count ? 0 : -EIO;
		for (size_t i = 0; i < count && worst == 0; i++)
			worst = results[i];
		reply_result(s, worst, id);
	}
	smtp_reset(s);
	smtp_end_if_too_many(s);
}

/* ---- DATA ---- */

static void take_run(void *arg, struct view run)
{
	struct smtp_session *s = arg;
	/* A message that is lost already is not kept any longer; its bytes are read to their end. */
	if (s->dot.bare_cr || s->dot.bare_lf)
		return;
	if (!smtp_body_write(s->body, run))
		s->wait = SMTP_WAIT_BODY;
}

size_t smtp_feed_data(struct smtp_session *s, struct view bytes)
{
	size_t n = smtp_dot_feed(&s->dot, bytes, take_run, s);
	if (s->dot.ended) {
		s->wait = SMTP_NO_WAIT;
		end_body(s);
	}
	return n;
}

void smtp_body_ready(struct smtp_session *s)
{
	if (s->wait == SMTP_WAIT_BODY)
		s->wait = SMTP_NO_WAIT;
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
		begin_body(s, true);
	if (!s->chunk_refused)
		s->state = SMTP_CHUNKS;
	s->mode = SMTP_BDAT;
	if (size == 0)
		smtp_feed_chunk(s, (struct view){0});
}

static void end_chunk(struct smtp_session *s)
{
	char text[100];
	s->mode = SMTP_COMMANDS;
	if (s->chunk_refused) {
		smtp_fault(s, 503, "5.5.1", "no recipient was accepted for these bytes");
		return;
	}
	if (s->last_chunk) {
		end_body(s);
		return;
	}
	if (refuse_fault(s, smtp_body_fault(s->body))) {
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

size_t smtp_feed_chunk(struct smtp_session *s, struct view bytes)
{
	struct view part = view_take(bytes, s->chunk_left < bytes.len ? (size_t)s->chunk_left : bytes.len);
	s->chunk_left -= part.len;
	bool room = s->chunk_refused || part.len == 0 || smtp_body_write(s->body, part);
	if (s->chunk_left == 0)
		end_chunk(s);
	/* Between chunks too: small ones that end whole would never wait. The last one waits for its delivery
	 * anyway. */
	if (!room && s->body && s->state == SMTP_CHUNKS && s->wait == SMTP_NO_WAIT)
		s->wait = SMTP_WAIT_BODY;
	return part.len;
}
