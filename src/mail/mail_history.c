/* The rows of mail_history.h. */
#include "mail/mail_history.h"

#include "format/wire.h"

bool history_row_put(struct buf *out, const struct history_row *row)
{
	size_t before = buf_view(out).len;
	bool failed_before = buf_failed(out);
	wire_put_number(out, row->email);
	wire_put_number(out, (uint64_t)row->expires);
	wire_put_number(out, row->mailbox);
	wire_put_number(out, (uint64_t)row->deleted);
	wire_put_number(out, (uint64_t)row->received);
	wire_put_number(out, row->size);
	wire_put_number(out, row->flags);
	wire_put_text(out, row->summary);
	if (!buf_failed(out) || failed_before)
		return !failed_before;
	buf_truncate(out, before);
	out->failed = false;
	return false;
}

bool history_row_get(struct cursor *in, struct history_row *row)
{
	struct history_row got;
	if (cursor_at_end(in) || !cursor_ok(in))
		return false;
	got.email = wire_number(in, EMAIL_ID_END);
	got.expires = (int64_t)wire_number(in, INT64_MAX);
	got.mailbox = wire_number(in, UINT32_MAX);
	got.deleted = (int64_t)wire_number(in, UINT64_MAX);
	got.received = (int64_t)wire_number(in, UINT64_MAX);
	got.size = wire_number(in, UINT64_MAX);
	got.flags = wire_number(in, UINT64_MAX);
	got.summary = wire_text(in);
	if (!cursor_ok(in))
		return false;
	*row = got;
	return true;
}
