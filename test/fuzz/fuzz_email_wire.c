/* Entries of emails, rows and changes, as a broken store or edge would write them. The first two bytes are
 * what is wanted. */
#include "fuzz.h"

#include "mail/email_wire.h"

/* What was read is written in a form that is read alike. */
static void entries(struct view encoded, uint64_t want)
{
	struct cursor in = cursor_on(encoded);
	struct email_entry e, again;
	struct buf out;
	buf_init(&out, 1 << 20);
	while (email_entry_get(&in, want, &e)) {
		check(e.mailbox_count <= EMAIL_PLACES_MAX && e.message.uid == 0);
		for (size_t i = 1; i < e.mailbox_count; i++)
			check(e.mailboxes[i] > e.mailboxes[i - 1]);
		touch(e.message.body);
		buf_clear(&out);
		check(email_entry_put(&out, want, &e));
		struct cursor back = cursor_on(buf_view(&out));
		check(email_entry_get(&back, want, &again) && cursor_at_end(&back));
		check(again.message.emailid == e.message.emailid && again.mailbox_count == e.mailbox_count);
	}
	buf_done(&out);
}

static void rows(struct view encoded)
{
	struct cursor in = cursor_on(encoded);
	struct email_row r, again;
	struct buf out;
	buf_init(&out, 1 << 20);
	while (email_row_get(&in, &r)) {
		check(r.more_keywords.len % 2 == 0);
		touch(r.more_keywords);
		buf_clear(&out);
		check(email_row_put(&out, &r));
		struct cursor back = cursor_on(buf_view(&out));
		check(email_row_get(&back, &again) && cursor_at_end(&back));
		check(again.id == r.id && again.flags == r.flags && again.order.subject == r.order.subject);
	}
	buf_done(&out);
}

static void changes(struct view encoded)
{
	struct cursor in = cursor_on(encoded);
	struct email_change c, again;
	struct buf out;
	buf_init(&out, 1 << 20);
	while (email_change_get(&in, &c)) {
		check(c.add_mailboxes.len % EMAIL_MAILBOX_SIZE == 0 && !(c.add_flags & ~FLAGS_SYSTEM));
		touch(c.add_keywords);
		touch(c.remove_mailboxes);
		buf_clear(&out);
		check(email_change_put(&out, &c));
		struct cursor back = cursor_on(buf_view(&out));
		check(email_change_get(&back, &again) && cursor_at_end(&back));
		check(again.id == c.id && again.what == c.what && again.add_flags == c.add_flags);
		check(view_equal(again.add_mailboxes, c.add_mailboxes));
	}
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct view rest = view_of(data + 2, size - 2);
	entries(rest, (uint64_t)data[0] << 8 | data[1]);
	rows(rest);
	changes(rest);
	return 0;
}
