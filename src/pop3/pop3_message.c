/*
 * RETR and TOP (RFC 1939 sections 5 and 7): the message as it is, with dots stuffed, streamed in pieces. TOP
 * asks for a piece at a time, since how many bytes its lines take is known only after reading them.
 */
#include "pop3/pop3_private.h"

#include <inttypes.h>
#include <string.h>

static void start(struct pop3_session *s, uint32_t index)
{
	s->current = index;
	s->offset = 0;
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
	s->backend->fetch(s->arg, index, 0, POP3_TOP_PIECE);
}

/* The whole piece as one, but where a line begins with a dot. Lines end with CR LF: RFC 1939 section 3.
 * Returns at once for lines without. */
static void put_message(struct pop3_session *s, struct view bytes)
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

/* TOP: line by line, and what ends with a bare LF counts as one. Returns true when enough lines were sent. */
static bool put_top(struct pop3_session *s, struct view bytes)
{
	while (bytes.len > 0) {
		if (s->in_body && s->lines_left == 0)
			return true;
		ptrdiff_t lf = view_find(bytes, '\n');
		size_t len = lf < 0 ? bytes.len : (size_t)lf + 1;
		struct view run = view_take(bytes, len);
		bool only_cr =
		    run.len == 0 ||
		    (s->line_empty && (run.data[0] == '\r' || run.data[0] == '\n') && run.len <= 2);
		put_message(s, run);
		bytes = view_skip(bytes, len);
		if (lf < 0) {
			s->line_empty = s->line_empty && only_cr;
			continue;
		}
		if (s->in_body)
			s->lines_left--;
		else if (s->line_empty && only_cr)
			s->in_body = true;
		s->line_empty = true;
	}
	return s->in_body && s->lines_left == 0;
}

static void end_message(struct pop3_session *s)
{
	/* A message whose last line has no end gets one, or the dot would join it. */
	if (!s->line_start)
		buf_append(s->out, VIEW("\r\n"));
	buf_append(s->out, VIEW(".\r\n"));
	s->wait = POP3_NO_WAIT;
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
		pop3_ok(s, "%" PRIu64 " octets", s->messages[s->current].size);
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
	/* A piece without bytes is the end as well, whatever the list said of the size: asking on would go on
	 * for ever. */
	if (enough || bytes.len == 0 || s->offset >= s->messages[s->current].size)
		end_message(s);
	else
		s->backend->fetch(s->arg, s->current, s->offset, POP3_TOP_PIECE);
}
