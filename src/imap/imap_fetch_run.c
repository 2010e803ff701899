/* The frame of a FETCH response, and what a message becomes when it was fetched. */
#include "imap/imap_fetch_run.h"

bool imap_fetch_response_begin(struct imap_fetch_run *r, struct imap_pen *p, struct imap_session *s)
{
	uint32_t uid = r->fetched.m.uid;
	r->told++;
	return imap_pen_fetch_begin(p, &r->view, imap_view_number(imap_selected(s)->view, uid), uid);
}

void imap_fetch_response_end(struct imap_fetch_run *r, struct imap_pen *p, bool any, bool became_seen)
{
	bool flags_told = false;
	for (size_t i = 0; i < r->fetch.count && became_seen; i++)
		flags_told |= r->fetch.items[i].kind == IMAP_FETCH_FLAGS;
	if (became_seen && !flags_told) {
		imap_pen_view(p, any ? VIEW(" FLAGS ") : VIEW("FLAGS "));
		imap_pen_flags(p, &r->view, &r->fetched.m);
	}
	imap_pen_view(p, VIEW(")\r\n"));
}

bool imap_fetch_see(const struct imap_fetch_run *r, struct buf *seen, struct mail_message *m)
{
	if (!r->sets_seen || m->flags & FLAG_SEEN || uid_ranges_add(seen, m->uid, m->uid) < 0)
		return false;
	m->flags |= FLAG_SEEN;
	return true;
}
