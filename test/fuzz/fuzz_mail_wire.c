/* Entries of messages, and ranges of UIDs, as a broken store or edge would write them. The first two bytes
 * are what is wanted. */
#include "fuzz.h"

#include "mail/message_wire.h"
#include "mail/uid_ranges.h"

/* What was read is written in a form that is read alike. */
static void messages(struct view encoded, uint64_t want)
{
	struct cursor in = cursor_on(encoded);
	struct mail_message m, again;
	struct buf out;
	buf_init(&out, 1 << 20);
	while (mail_message_get(&in, want, &m)) {
		check(m.uid > 0 && m.more_keywords.len % 2 == 0 && m.references.len % 8 == 0);
		touch(m.summary);
		touch(m.structure);
		touch(m.header);
		touch(m.body);
		touch(m.uidl);
		buf_clear(&out);
		check(mail_message_put(&out, want, &m));
		struct cursor back = cursor_on(buf_view(&out));
		check(mail_message_get(&back, want, &again) && cursor_at_end(&back));
		check(again.uid == m.uid && again.flags == m.flags && again.size == m.size);
		check(view_equal(again.body, m.body) && view_equal(again.references, m.references));
	}
	buf_done(&out);
}

static void ranges(struct view encoded)
{
	struct cursor in = cursor_on(encoded);
	uint32_t first, last;
	bool valid = uid_ranges_valid(encoded, false);
	struct buf out;
	buf_init(&out, 1 << 20);
	while (uid_ranges_next(&in, &first, &last)) {
		check(first > 0 && first <= last);
		check(uid_ranges_add(&out, first, last) == 0);
		if (valid)
			check(uid_ranges_have(encoded, first) && uid_ranges_have(encoded, last));
	}
	if (valid) {
		check(uid_ranges_valid(buf_view(&out), false));
		check(uid_ranges_count(buf_view(&out)) == uid_ranges_count(encoded));
	}
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct view rest = view_of(data + 2, size - 2);
	messages(rest, (uint64_t)data[0] << 8 | data[1]);
	ranges(rest);
	return 0;
}
