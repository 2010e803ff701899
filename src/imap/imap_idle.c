/* IDLE (RFC 2177, RFC 9051 section 6.3.13), and the watch that tells of changes in the selected mailbox while
 * no command runs (RFC 9051 section 5.3). */
#include "imap/imap_commands.h"
#include "imap/imap_noted.h"
#include "imap/imap_state.h"

static void go_on(struct imap_session *s);

/* What was heard while changes were told is told next. */
static void tell(struct imap_session *s)
{
	if (s->idling && s->news && s->selected && s->sync == NULL)
		imap_sync(s, true, go_on);
}

static void done(struct imap_session *s, struct view line)
{
	bool right = view_equal_nocase(view_trim(line), VIEW("DONE"));
	s->idling = false;
	s->news |= s->unclaimed;
	if (right)
		imap_ok(s, NULL, "you were idle");
	else
		imap_bad(s, "DONE ends it");
}

static void go_on(struct imap_session *s)
{
	if (s->idling)
		imap_expect_line(s, done);
	tell(s);
	if (s->listener)
		s->listener->go_on(s);
}

static bool names(const struct mail_changed *changed, uint64_t mailbox)
{
	if (changed->mailboxes.len == 0)
		return true;
	struct cursor in = cursor_on(changed->mailboxes);
	while (!cursor_at_end(&in) && cursor_ok(&in))
		if (cursor_u32(&in) == mailbox)
			return true;
	return false;
}

void imap_on_watch(struct imap_session *s, enum mail_type type, const void *answer)
{
	const struct mail_changed *changed = answer;
	if (type == MAIL_DONE) {
		s->watch = 0; /* without it, NOOP tells */
		return;
	}
	if (type == MAIL_NOTED) {
		imap_noted(s, answer);
		if (s->listener)
			s->listener->go_on(s);
	}
	if (type != MAIL_CHANGED || s->selected == NULL || changed->modseq <= s->selected->modseq ||
	    !names(changed, s->selected->mailbox))
		return;
	s->news = true;
	s->untold = false;
	if (s->idling) {
		/* DONE waits until what is being told is told: its OK comes behind it. */
		imap_expect_line(s, NULL);
		tell(s);
	} else if (s->listener) {
		s->listener->go_on(s);
	}
}

void imap_idle(struct imap_session *s, struct imap_in *in)
{
	if (imap_wrong(s, in))
		return;
	imap_puts(s, "+ ");
	imap_put_text(s, "idling");
	imap_put_line(s);
	s->idling = true;
	imap_expect_line(s, done);
	if (s->news) {
		imap_expect_line(s, NULL);
		tell(s);
	}
}
