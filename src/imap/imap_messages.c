/* What STORE, COPY, MOVE and EXPUNGE share. */
#include "imap/imap_messages.h"

#include <errno.h>

#include "imap/imap_state.h"

static void put_range(struct buf *out, uint32_t first, uint32_t last, bool *any)
{
	if (*any)
		buf_append_byte(out, ',');
	*any = true;
	buf_printf(out, "%u", first);
	if (last != first)
		buf_printf(out, ":%u", last);
}

/* UIDs that follow one another, and are all there, have numbers that do. Ranges with a gap between them may
 * still have none between their numbers. */
int imap_number_set_write(struct buf *out, const struct imap_view *view, struct view ranges)
{
	struct cursor in = cursor_on(ranges);
	uint32_t first, last, from = 0, to = 0;
	bool any = false;
	while (uid_ranges_next(&in, &first, &last)) {
		uint32_t a = imap_view_number(view, first), b = imap_view_number(view, last);
		if (a == 0 || b == 0)
			continue;
		if (from && a == to + 1) {
			to = b;
			continue;
		}
		if (from)
			put_range(out, from, to, &any);
		from = a;
		to = b;
	}
	if (from)
		put_range(out, from, to, &any);
	return buf_failed(out) ? -ENOBUFS : 0;
}

struct imap_fetch_view imap_fetch_view_of(struct imap_session *s)
{
	const struct imap_selected *box = imap_selected(s);
	uint32_t enabled = imap_enabled(s);
	return (struct imap_fetch_view){.session = s,
	    .account = box->account,
	    .owner = box->owner_number,
	    .recent = enabled & IMAP_REV2 ? 0 : box->recent,
	    .by_uid = imap_by_uid(s),
	    .uid_only = enabled & IMAP_UIDONLY,
	    .utf8 = enabled & (IMAP_REV2 | IMAP_UTF8_ACCEPT)};
}

bool imap_put_flag_responses(struct imap_session *s, uint64_t want, struct view entries)
{
	struct imap_fetch_view view = imap_fetch_view_of(s);
	struct cursor in = cursor_on(entries);
	struct mail_message m;
	struct imap_pen p;
	/* RFC 7162 section 3.2.4: after ENABLE QRESYNC each FETCH response has the UID. */
	view.by_uid |= imap_enabled(s) & IMAP_QRESYNC;
	if (want & MAIL_WANT_FLAGS)
		imap_put_untold_flags(s);
	imap_pen_begin(&p, s->out, view.utf8);
	while (mail_message_get(&in, want, &m)) {
		uint32_t number = imap_view_number(imap_selected(s)->view, m.uid);
		if (number == 0)
			continue;
		bool any = imap_pen_fetch_begin(&p, &view, number, m.uid);
		if (want & MAIL_WANT_FLAGS) {
			imap_pen_view(&p, any ? VIEW(" FLAGS ") : VIEW("FLAGS "));
			imap_pen_flags(&p, &view, &m);
			any = true;
		}
		if (want & MAIL_WANT_MODSEQ) {
			imap_pen_view(&p, any ? VIEW(" MODSEQ (") : VIEW("MODSEQ ("));
			imap_pen_number(&p, m.modseq);
			imap_pen_byte(&p, ')');
		}
		imap_pen_view(&p, VIEW(")\r\n"));
	}
	imap_pen_end(&p);
	return cursor_ok(&in);
}

bool imap_refuse_read_only(struct imap_session *s)
{
	if (!imap_selected(s)->read_only)
		return false;
	imap_no(s, "NOPERM", "the mailbox was opened for reading only");
	return true;
}
