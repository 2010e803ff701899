/* The entries of message_wire.h. */
#include "mail/message_wire.h"

#include "format/wire.h"

/* What is derived from the body or read from it. */
static const uint64_t FROM_BODY =
    MAIL_WANT_SUMMARY | MAIL_WANT_STRUCTURE | MAIL_WANT_HEADER | MAIL_WANT_BODY | MAIL_WANT_SENDER;

static void put_fields(struct buf *out, uint64_t want, const struct mail_message *m)
{
	wire_put_number(out, m->uid);
	if (want & MAIL_WANT_FLAGS) {
		wire_put_number(out, m->flags);
		if (m->flags & FLAG_MORE)
			wire_put_text(out, m->more_keywords);
	}
	if (want & MAIL_WANT_MODSEQ)
		wire_put_number(out, m->modseq);
	if (want & MAIL_WANT_SIZE)
		wire_put_number(out, m->size);
	if (want & MAIL_WANT_DATES) {
		wire_put_number(out, (uint64_t)m->internaldate);
		wire_put_number(out, (uint64_t)m->savedate);
	}
	if (want & MAIL_WANT_ORDER)
		message_order_put(&m->order, out);
	if (want & MAIL_WANT_IDS) {
		wire_put_number(out, m->emailid);
		wire_put_number(out, m->thread);
	}
	if (want & (MAIL_WANT_PREFIX | MAIL_WANT_STRUCTURE))
		wire_put_number(out, m->prefix_len);
	if (want & FROM_BODY)
		wire_put_number(out, m->body_error);
	if (want & MAIL_WANT_SUMMARY)
		wire_put_text(out, m->summary);
	if (want & MAIL_WANT_STRUCTURE)
		wire_put_text(out, m->structure);
	if (want & MAIL_WANT_HEADER)
		wire_put_text(out, m->header);
	if (want & MAIL_WANT_REFERENCES)
		wire_put_text(out, m->references);
	if (want & MAIL_WANT_BODY) {
		wire_put_number(out, m->has_body);
		if (m->has_body)
			wire_put_text(out, m->body);
	}
	if (want & MAIL_WANT_UIDL)
		wire_put_text(out, m->uidl);
	if (want & MAIL_WANT_SENDER)
		wire_put_text(out, m->sender);
	if (want & MAIL_WANT_SNOOZE) {
		wire_put_text(out, m->snooze);
		wire_put_number(out, m->awake);
	}
	if (want & MAIL_WANT_CONTACT) {
		wire_put_number(out, m->contact);
		wire_put_text(out, m->looks_like);
		wire_put_text(out, m->name_of);
	}
}

bool mail_message_put(struct buf *out, uint64_t want, const struct mail_message *m)
{
	size_t before = buf_view(out).len;
	bool failed_before = buf_failed(out);
	put_fields(out, want, m);
	return wire_settle(out, before, failed_before);
}

bool mail_message_get(struct cursor *in, uint64_t want, struct mail_message *m)
{
	struct mail_message got = {0};
	if (cursor_at_end(in) || !cursor_ok(in))
		return false;
	got.uid = (uint32_t)wire_number(in, UINT32_MAX);
	if (want & MAIL_WANT_FLAGS) {
		got.flags = wire_number(in, UINT64_MAX);
		if (got.flags & FLAG_MORE)
			got.more_keywords = wire_items(in, 2);
	}
	if (want & MAIL_WANT_MODSEQ)
		got.modseq = wire_number(in, UINT64_MAX);
	if (want & MAIL_WANT_SIZE)
		got.size = wire_number(in, UINT64_MAX);
	if (want & MAIL_WANT_DATES) {
		got.internaldate = (int64_t)wire_number(in, UINT64_MAX);
		got.savedate = (int64_t)wire_number(in, UINT64_MAX);
	}
	if (want & MAIL_WANT_ORDER)
		got.order = message_order_get(in);
	if (want & MAIL_WANT_IDS) {
		got.emailid = wire_number(in, UINT64_MAX);
		got.thread = wire_number(in, UINT64_MAX);
	}
	if (want & (MAIL_WANT_PREFIX | MAIL_WANT_STRUCTURE))
		got.prefix_len = wire_number(in, UINT64_MAX);
	if (want & FROM_BODY)
		got.body_error = wire_number(in, UINT64_MAX);
	if (want & MAIL_WANT_SUMMARY)
		got.summary = wire_text(in);
	if (want & MAIL_WANT_STRUCTURE)
		got.structure = wire_text(in);
	if (want & MAIL_WANT_HEADER)
		got.header = wire_text(in);
	if (want & MAIL_WANT_REFERENCES)
		got.references = wire_items(in, 8);
	if (want & MAIL_WANT_BODY) {
		got.has_body = wire_number(in, 1);
		if (got.has_body)
			got.body = wire_text(in);
	}
	if (want & MAIL_WANT_UIDL)
		got.uidl = wire_text(in);
	if (want & MAIL_WANT_SENDER)
		got.sender = wire_text(in);
	if (want & MAIL_WANT_SNOOZE) {
		got.snooze = wire_text(in);
		got.awake = wire_number(in, 1);
	}
	if (want & MAIL_WANT_CONTACT) {
		got.contact = wire_number(in, MAIL_CONTACTS - 1);
		got.looks_like = wire_text(in);
		got.name_of = wire_text(in);
	}
	if (got.uid == 0)
		in->failed = true;
	if (!cursor_ok(in))
		return false;
	*m = got;
	return true;
}
