/* See snooze.h. */
#include "mail/snooze.h"

#include <errno.h>

#include "format/wire.h"

static const uint64_t FLAGS = FLAGS_SYSTEM & ~FLAG_DELETED;

int mail_snooze_put(struct buf *out, const struct mail_snooze *s)
{
	if (s->add_keywords.len > SNOOZE_KEYWORDS_MAX || s->remove_keywords.len > SNOOZE_KEYWORDS_MAX)
		return -ENOBUFS;
	wire_put_number(out, s->until > 0 ? (uint64_t)s->until : 0);
	wire_put_number(out, s->mailbox);
	wire_put_number(out, s->add_flags & FLAGS);
	wire_put_number(out, s->remove_flags & FLAGS);
	wire_put_text(out, s->add_keywords);
	int error = wire_put_text(out, s->remove_keywords);
	/* What was written before there were reminders ends here. */
	return s->unless_answered ? wire_put_number(out, 1) : error;
}

bool mail_snooze_get(struct view text, struct mail_snooze *s)
{
	struct cursor c = cursor_on(text);
	struct mail_snooze got = {.until = (int64_t)wire_number(&c, INT64_MAX)};
	got.mailbox = (uint32_t)wire_number(&c, UINT32_MAX);
	got.add_flags = wire_number(&c, FLAGS);
	got.remove_flags = wire_number(&c, FLAGS);
	got.add_keywords = wire_text(&c);
	got.remove_keywords = wire_text(&c);
	got.unless_answered = cursor_ok(&c) && !cursor_at_end(&c);
	if (got.unless_answered && wire_number(&c, 1) != 1)
		return false;
	if (!cursor_ok(&c) || !cursor_at_end(&c) || got.add_keywords.len > SNOOZE_KEYWORDS_MAX ||
	    got.remove_keywords.len > SNOOZE_KEYWORDS_MAX)
		return false;
	*s = got;
	return true;
}
