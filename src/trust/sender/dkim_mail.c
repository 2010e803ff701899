/* A message on its way through: the header is gathered up to the empty line (RFC 5322 section 2.2), strictly
 * by CRLF as all that is signed, and the body hashed. */
#include "trust/sender/dkim_mail.h"

#include <errno.h>
#include <string.h>

enum { STEP = 4096 }; /* octets taken at once while the empty line is looked for */

void dkim_mail_init(struct dkim_mail *m)
{
	*m = (struct dkim_mail){0};
	buf_init(&m->block, DKIM_HEADER_MAX + STEP);
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

size_t dkim_mail_header(struct dkim_mail *m, struct view bytes)
{
	size_t taken = 0;
	while (!m->header_ended && taken < bytes.len) {
		struct view step = view_take(view_skip(bytes, taken), STEP);
		size_t before = m->block.len;
		m->error = buf_append(&m->block, step) ? -ENOMEM : 0;
		size_t end = m->error ? 0 : find_empty_line(buf_view(&m->block), before > 3 ? before - 3 : 0);
		taken += end ? end - before : step.len;
		if (end)
			buf_truncate(&m->block, end - 2);
		if (end == 0 && m->error == 0 && m->block.len > DKIM_HEADER_MAX)
			m->error = -E2BIG;
		if (end || m->error)
			end_header(m);
	}
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
