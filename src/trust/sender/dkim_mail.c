/* A message on its way through: the header is gathered up to the empty line (RFC 5322 section 2.2), strictly
 * by CRLF as all that is signed, and the body hashed. */
#include "trust/sender/dkim_mail.h"

#include <errno.h>
#include <string.h>

/* Octets taken at once while the empty line is looked for. */
enum { STEP = DKIM_BLOCK_ROOM - DKIM_HEADER_MAX };

void dkim_mail_init(struct dkim_mail *m)
{
	*m = (struct dkim_mail){0};
	buf_init(&m->block, DKIM_BLOCK_ROOM);
	dkim_body_init(&m->body);
}

void dkim_mail_done(struct dkim_mail *m)
{
	dkim_header_done(&m->header);
	dkim_body_done(&m->body);
	buf_done(&m->block);
	dkim_mail_init(m);
}

/* Where the empty line ends, which may begin at `from` or later; 0 if it is not there yet. */
static size_t find_empty_line(struct view v, size_t from)
{
	if (view_starts(v, VIEW("\r\n")))
		return 2;
	while (from < v.len) {
		ptrdiff_t cr = view_find(view_skip(v, from), '\r');
		if (cr < 0)
			return 0;
		from += (size_t)cr;
		if (view_starts(view_skip(v, from), VIEW("\r\n\r\n")))
			return from + 4;
		from++;
	}
	return 0;
}

static void end_header(struct dkim_mail *m)
{
	m->header_ended = true;
	if (m->error == 0)
		m->error = dkim_header_read(&m->header, buf_view(&m->block));
	if (m->error)
		dkim_header_done(&m->header);
}

size_t dkim_gather_header(struct buf *block, struct view bytes, bool *ended, int *error)
{
	size_t taken = 0;
	*ended = false;
	*error = 0;
	while (!*ended && taken < bytes.len) {
		struct view step = view_take(view_skip(bytes, taken), STEP);
		size_t before = block->len;
		*error = buf_append(block, step) ? -ENOMEM : 0;
		size_t end = *error ? 0 : find_empty_line(buf_view(block), before > 3 ? before - 3 : 0);
		taken += end ? end - before : step.len;
		if (end)
			buf_truncate(block, end - 2);
		if (end == 0 && *error == 0 && block->len > DKIM_HEADER_MAX)
			*error = -E2BIG;
		*ended = end || *error;
	}
	return taken;
}

size_t dkim_mail_header(struct dkim_mail *m, struct view bytes)
{
	bool ended = false;
	size_t taken = m->header_ended ? 0 : dkim_gather_header(&m->block, bytes, &ended, &m->error);
	if (ended)
		end_header(m);
	return taken;
}

void dkim_mail_header_end(struct dkim_mail *m)
{
	if (!m->header_ended)
		end_header(m);
}

void dkim_mail_body(struct dkim_mail *m, struct view bytes)
{
	dkim_body_feed(&m->body, bytes);
}

void dkim_mail_end(struct dkim_mail *m)
{
	dkim_mail_header_end(m);
	dkim_body_end(&m->body);
}
