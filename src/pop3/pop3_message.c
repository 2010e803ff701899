/*
 * RETR and TOP (RFC 1939 sections 5 and 7): the message as it is, with dots stuffed, streamed in pieces. TOP
 * asks for a piece at a time, since how many bytes its lines take is known only after reading them. Of a
 * message that holds more than lines of text lines are made, since a program may end them where it likes and
 * take what follows for our reply.
 */
#include "pop3/pop3_private.h"

#include <inttypes.h>
#include <string.h>

static void start(struct pop3_session *s, uint32_t index)
{
	s->current = index;
	s->offset = s->asked = 0;
	s->binary = (s->messages[index].size & POP3_BINARY) != 0;
	s->stuff = (struct dot_stuff){0};
	s->in_body = s->announced = s->last_cr = false;
	s->line_start = s->line_empty = true;
	s->wait = POP3_WAIT_MESSAGE;
}

void pop3_retr(struct pop3_session *s, struct view argument)
{
	uint32_t index;
	if (!pop3_number(s, view_trim(argument), &index))
		return;
	s->top = false;
	start(s, index);
	s->backend->fetch(s->arg, index, 0, UINT64_MAX);
}

void pop3_top(struct pop3_session *s, struct view argument)
{
	struct view rest = view_trim(argument), number;
	uint32_t index;
	uint64_t lines;
	view_next(&rest, ' ', &number);
	if (!view_to_u64(view_trim(rest), UINT32_MAX, &lines)) {
		pop3_err(s, NULL, "TOP takes a message number and a number of lines", true);
		return;
	}
	if (!pop3_number(s, number, &index))
		return;
	s->top = true;
	s->lines_left = lines;
	start(s, index);
	s->asked = POP3_TOP_PIECE;
	s->backend->fetch(s->arg, index, 0, POP3_TOP_PIECE);
}

/* What is binary, as lines. Its NULs go as "?": a program that leaves them out could find a dot alone on its
 * line. */
static void put_as_lines(struct pop3_session *s, struct view bytes, struct buf *out)
{
	for (ptrdiff_t nul; (nul = view_find(bytes, '\0')) >= 0; bytes = view_skip(bytes, (size_t)nul + 1)) {
		dot_stuff(&s->stuff, view_take(bytes, (size_t)nul), out);
		dot_stuff(&s->stuff, VIEW("?"), out);
	}
	dot_stuff(&s->stuff, bytes, out);
}

/* Text: the whole piece as one, but where a line begins with a dot. */
static void put_text(struct pop3_session *s, struct view bytes)
{
	while (bytes.len > 0) {
		size_t run = 0;
		if (s->line_start && bytes.data[0] == '.')
			buf_append_byte(s->out, '.');
		s->line_start = false;
		/* Up to the next CRLF that a dot follows; one at the very end leaves that to the next piece.
		 */
		for (;;) {
			const char *lf = memchr(bytes.data + run, '\n', bytes.len - run);
			if (lf == NULL) {
				run = bytes.len;
				break;
			}
			size_t at = (size_t)(lf - bytes.data);
			bool after_cr = at > 0 ? bytes.data[at - 1] == '\r' : s->last_cr;
			run = at + 1;
			if (after_cr && run == bytes.len) {
				s->line_start = true;
				break;
			}
			if (after_cr && bytes.data[run] == '.') {
				s->line_start = true;
				break;
			}
		}
		s->last_cr = bytes.data[run - 1] == '\r';
		buf_append(s->out, view_take(bytes, run));
		bytes = view_skip(bytes, run);
	}
}

/* TOP: how much of this, of text or of what was made lines already, is still wanted. */
static size_t take_top_lines(struct pop3_session *s, struct view bytes)
{
	size_t taken = 0;
	while (taken < bytes.len && !(s->in_body && s->lines_left == 0)) {
		struct view rest = view_skip(bytes, taken);
		ptrdiff_t lf = view_find(rest, '\n');
		struct view run = lf < 0 ? rest : view_take(rest, (size_t)lf + 1);
		bool only_end = s->line_empty && (run.data[0] == '\r' || run.data[0] == '\n') && run.len <= 2;
		taken += run.len;
		s->line_empty = lf < 0 ? only_end : true;
		if (lf < 0)
			continue;
		if (s->in_body)
			s->lines_left--;
		else
			s->in_body = only_end;
	}
	return taken;
}

/* Returns true when enough lines were sent. */
static bool put_top(struct pop3_session *s, struct view bytes)
{
	if (!s->binary) {
		put_text(s, view_take(bytes, take_top_lines(s, bytes)));
		return s->in_body && s->lines_left == 0;
	}
	size_t before = buf_view(s->out).len;
	put_as_lines(s, bytes, s->out);
	size_t wanted = take_top_lines(s, view_skip(buf_view(s->out), before));
	buf_truncate(s->out, before + wanted);
	if (!s->in_body || s->lines_left > 0)
		return false;
	/* The bytes held back belong to a line that is no longer wanted. */
	s->stuff = (struct dot_stuff){0};
	return true;
}

static void put_message(struct pop3_session *s, struct view bytes)
{
	if (s->binary)
		put_as_lines(s, bytes, s->out);
	else
		put_text(s, bytes);
}

static void end_message(struct pop3_session *s)
{
	s->wait = POP3_NO_WAIT;
	if (s->binary) {
		dot_stuff_end(&s->stuff, s->out);
		return;
	}
	/* A message whose last line has no end gets one, or the dot would join it. */
	if (!s->line_start)
		buf_append(s->out, VIEW("\r\n"));
	buf_append(s->out, VIEW(".\r\n"));
}

static void fail(struct pop3_session *s)
{
	s->wait = POP3_NO_WAIT;
	if (!s->announced) {
		pop3_err(s, "SYS/TEMP", "the message cannot be read now, try again later", false);
		return;
	}
	/* Half a message is out: only the connection's end tells the client that it is not whole. */
	s->state = POP3_ENDED;
	s->backend->close(s->arg);
}

void pop3_piece(struct pop3_session *s, struct view bytes, bool last, int error)
{
	if (s->wait != POP3_WAIT_MESSAGE)
		return;
	if (error) {
		fail(s);
		return;
	}
	if (!s->announced) {
		pop3_ok(s, "%" PRIu64 " octets", pop3_size(&s->messages[s->current]));
		s->announced = true;
	}
	if (!s->top) {
		put_message(s, bytes);
		if (last)
			end_message(s);
		return;
	}
	s->offset += bytes.len;
	bool enough = put_top(s, bytes);
	if (!last)
		return;
	/* Less than was asked for is the end, whatever the list said of the size. */
	if (enough || s->offset < s->asked) {
		end_message(s);
		return;
	}
	s->asked += POP3_TOP_PIECE;
	s->backend->fetch(s->arg, s->current, s->offset, POP3_TOP_PIECE);
}
