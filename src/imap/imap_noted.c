/* See imap_noted.h. */
#include "imap/imap_noted.h"

#include "format/wire.h"
#include "imap/imap_state.h"

enum {
	/* Octets of entries that wait to be told: hundreds of them, of a client that does nothing. */
	KEPT_MAX = 16 * 1024,
	/* Lines that wait to be told: a message each that got an annotation. A program that sets more of them
	 * is at work; who wants to know sees what changed by its MODSEQ. They are told at once, and so many
	 * are far from what the output can hold. */
	LINES_MAX = 2000
};

void imap_noted(struct imap_session *s, const struct mail_noted *noted)
{
	const struct imap_selected *box = s->selected;
	if (box == NULL || !(box->annotates || s->notes_annotations) || box->account != noted->account)
		return;
	if (noted->name.len == 0) {
		s->noted_lost = true;
		return;
	}
	if (noted->uids.len == 0 || box->mailbox != noted->mailbox)
		return;
	size_t before = s->noted.len;
	bool fits = uid_ranges_valid(noted->uids, false) &&
	            uid_ranges_count(noted->uids) <= (uint64_t)(LINES_MAX - s->noted_lines) &&
	            before + noted->uids.len + noted->name.len + 16 <= KEPT_MAX &&
	            wire_put_text(&s->noted, noted->uids) == 0 && wire_put_text(&s->noted, noted->name) == 0;
	if (fits) {
		s->noted_lines += (uint16_t)uid_ranges_count(noted->uids);
	} else {
		buf_truncate(&s->noted, before);
		s->noted_lost = true;
	}
	if (s->idling)
		imap_noted_tell(s);
}

static void put_entry(struct imap_session *s, uint32_t uid, struct view name)
{
	bool numbers = !(s->enabled & IMAP_UIDONLY);
	uint32_t number = imap_view_number(s->selected->view, uid);
	if (number == 0)
		return;
	imap_puts(s, "* ");
	imap_put_number(s, numbers ? number : uid);
	imap_puts(s, numbers ? " FETCH (" : " UIDFETCH (");
	if (numbers && s->enabled & (IMAP_QRESYNC | IMAP_REV2)) { /* as in imap_put_flags_of */
		imap_puts(s, "UID ");
		imap_put_number(s, uid);
		imap_puts(s, " ");
	}
	imap_puts(s, "ANNOTATION (");
	imap_put_string(s, name);
	imap_puts(s, "))\r\n");
}

void imap_noted_tell(struct imap_session *s)
{
	struct cursor in = cursor_on(buf_view(&s->noted));
	while (s->selected && !cursor_at_end(&in) && cursor_ok(&in)) {
		struct cursor uids = cursor_on(wire_text(&in));
		struct view name = wire_text(&in);
		uint32_t first, last;
		while (uid_ranges_next(&uids, &first, &last))
			for (uint64_t uid = first; uid <= last; uid++)
				put_entry(s, (uint32_t)uid, name);
	}
	imap_noted_forget(s);
}

void imap_noted_forget(struct imap_session *s)
{
	buf_done(&s->noted);
	s->noted_lines = 0;
}
