/* The entries of email_wire.h. */
#include "mail/email_wire.h"

#include "format/wire.h"

/* ---- an email ---- */

/* An email has no UID; the entry of a message always has one. */
enum { NO_UID = 1 };

bool email_entry_put(struct buf *out, uint64_t want, const struct email_entry *e)
{
	size_t before = buf_view(out).len;
	bool failed_before = buf_failed(out);
	struct mail_message m = e->message;
	m.uid = NO_UID;
	wire_put_number(out, m.emailid);
	wire_put_number(out, e->mailbox_count);
	for (size_t i = 0; i < e->mailbox_count; i++)
		wire_put_number(out, e->mailboxes[i]);
	if (!buf_failed(out) && !mail_message_put(out, want, &m))
		out->failed = true;
	return wire_settle(out, before, failed_before);
}

bool email_entry_get(struct cursor *in, uint64_t want, struct email_entry *e)
{
	struct email_entry got;
	if (cursor_at_end(in) || !cursor_ok(in))
		return false;
	uint64_t id = wire_number(in, UINT64_MAX);
	got.mailbox_count = (size_t)wire_number(in, EMAIL_PLACES_MAX);
	for (size_t i = 0; i < got.mailbox_count && cursor_ok(in); i++) {
		got.mailboxes[i] = (uint32_t)wire_number(in, UINT32_MAX);
		if (i > 0 && got.mailboxes[i] <= got.mailboxes[i - 1])
			in->failed = true;
	}
	if (!cursor_ok(in))
		return false;
	if (!mail_message_get(in, want, &got.message)) {
		in->failed = true;
		return false;
	}
	if (want & MAIL_WANT_IDS && got.message.emailid != id) {
		in->failed = true;
		return false;
	}
	got.message.emailid = id;
	got.message.uid = 0;
	*e = got;
	return true;
}

/* ---- a row ---- */

bool email_row_put(struct buf *out, const struct email_row *row)
{
	size_t before = buf_view(out).len;
	bool failed_before = buf_failed(out);
	wire_put_number(out, row->id);
	wire_put_number(out, row->thread);
	wire_put_number(out, row->mailbox);
	wire_put_number(out, row->flags);
	if (row->flags & FLAG_MORE)
		wire_put_text(out, row->more_keywords);
	wire_put_number(out, row->size);
	wire_put_number(out, (uint64_t)row->received);
	wire_put_number(out, (uint64_t)row->snoozed);
	message_order_put(&row->order, out);
	return wire_settle(out, before, failed_before);
}

bool email_row_get(struct cursor *in, struct email_row *row)
{
	struct email_row got = {0};
	if (cursor_at_end(in) || !cursor_ok(in))
		return false;
	got.id = wire_number(in, UINT64_MAX);
	got.thread = wire_number(in, UINT64_MAX);
	got.mailbox = (uint32_t)wire_number(in, UINT32_MAX);
	got.flags = wire_number(in, UINT64_MAX);
	if (got.flags & FLAG_MORE)
		got.more_keywords = wire_items(in, 2);
	got.size = wire_number(in, UINT64_MAX);
	got.received = (int64_t)wire_number(in, UINT64_MAX);
	got.snoozed = (int64_t)wire_number(in, INT64_MAX);
	got.order = message_order_get(in);
	if (!cursor_ok(in))
		return false;
	*row = got;
	return true;
}

/* ---- a change ---- */

static const uint64_t WHAT = EMAIL_CHANGE_DESTROY | EMAIL_CHANGE_ALL_FLAGS | EMAIL_CHANGE_ALL_MAILBOXES |
                             EMAIL_CHANGE_SNOOZE | EMAIL_CHANGE_UNSNOOZE | EMAIL_CHANGE_WAKE |
                             EMAIL_CHANGE_RESTORE;

bool email_change_put(struct buf *out, const struct email_change *c)
{
	size_t before = buf_view(out).len;
	bool failed_before = buf_failed(out);
	wire_put_number(out, c->id);
	wire_put_number(out, c->what);
	wire_put_number(out, c->add_flags);
	wire_put_number(out, c->remove_flags);
	wire_put_text(out, c->add_keywords);
	wire_put_text(out, c->remove_keywords);
	wire_put_text(out, c->add_mailboxes);
	wire_put_text(out, c->remove_mailboxes);
	wire_put_text(out, c->snooze);
	return wire_settle(out, before, failed_before);
}

bool email_change_get(struct cursor *in, struct email_change *c)
{
	struct email_change got;
	if (cursor_at_end(in) || !cursor_ok(in))
		return false;
	got.id = wire_number(in, UINT64_MAX);
	got.what = wire_number(in, WHAT);
	got.add_flags = wire_number(in, FLAGS_SYSTEM);
	got.remove_flags = wire_number(in, FLAGS_SYSTEM);
	got.add_keywords = wire_text(in);
	got.remove_keywords = wire_text(in);
	got.add_mailboxes = wire_items(in, EMAIL_MAILBOX_SIZE);
	got.remove_mailboxes = wire_items(in, EMAIL_MAILBOX_SIZE);
	got.snooze = wire_text(in);
	if (!cursor_ok(in))
		return false;
	*c = got;
	return true;
}
