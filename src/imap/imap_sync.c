/*
 * What has changed in the selected mailbox is told: EXPUNGE or VANISHED, EXISTS, FETCH with flags (RFC 9051
 * sections 5.2 and 7.5.1, RFC 7162 section 3.2.10). Store is asked what changed behind a modseq, and for the
 * flags of what did; so it does not matter who made a change, nor how many changes there were.
 */
#include "imap/imap_state.h"

#include <errno.h>

#include "base/mem.h"

enum {
	/*
	 * Messages that are told to be gone at a time, 17 octets each: a client that does not read makes the
	 * output grow no further. The others are told with the next command.
	 */
	GONE_AT_ONCE = 100000
};

void imap_sync_forget(struct imap_session *s)
{
	struct imap_sync *sync = s->sync;
	if (sync == NULL)
		return;
	s->sync = NULL;
	buf_done(&sync->changed);
	buf_done(&sync->vanished);
	buf_done(&sync->arrived);
	buf_done(&sync->later);
	mem_free(sync);
}

static void end(struct imap_session *s)
{
	void (*then)(struct imap_session * s) = s->sync->then;
	imap_sync_forget(s);
	buf_done(&s->told);
	s->told_modseq = 0;
	s->told_new_names = false;
	if (then)
		then(s);
}

/* There is no memory for all that is to be told: what was not told is asked for again, but not at once, since
 * nothing would be different then. */
static void put_off(struct imap_session *s)
{
	s->untold = true;
	if (s->selected)
		s->selected->modseq = s->sync->since;
}

/* ---- flags ---- */

/* Flags of the system, and whose right it is to change each (RFC 4314 section 4). */
static const struct {
	const char *name;
	unsigned right;
} system_flags[] = {
    {"\\Answered", RIGHT_WRITE},
    {"\\Flagged", RIGHT_WRITE},
    {"\\Deleted", RIGHT_DELETE},
    {"\\Seen", RIGHT_SEEN},
    {"\\Draft", RIGHT_WRITE},
};

/* Names of flags that any of these rights changes, with blanks between them. Whether there are any. */
static bool put_flags_changed_by(struct imap_session *s, uint64_t rights)
{
	bool any = false;
	for (size_t i = 0; i < sizeof(system_flags) / sizeof(system_flags[0]); i++)
		if (rights & system_flags[i].right) {
			imap_puts(s, any ? " " : "");
			imap_puts(s, system_flags[i].name);
			any = true;
		}
	for (uint32_t i = 0, n = mail_names_count(&s->names, s->selected->account);
	     i < n && rights & RIGHT_WRITE; i++) {
		struct view name = mail_names_get(&s->names, s->selected->account, i);
		if (name.len) {
			imap_puts(s, " ");
			imap_put(s, name);
		}
	}
	return any;
}

/* RFC 9051 section 7.3.5; names of flags that the client has not been told yet come first. */
void imap_put_known_flags(struct imap_session *s)
{
	uint64_t rights = s->selected->read_only ? 0 : s->selected->rights;
	imap_puts(s, "* FLAGS (");
	put_flags_changed_by(s, UINT64_MAX);
	imap_puts(s, ")\r\n* OK [PERMANENTFLAGS (");
	bool any = put_flags_changed_by(s, rights);
	imap_puts(s, rights & RIGHT_WRITE ? " \\*)] " : ")] ");
	imap_put_text(
	    s, any || rights & RIGHT_WRITE ? "these are kept" : "this mailbox keeps no flags of yours");
	imap_put_line(s);
	s->flags_untold = false;
}

void imap_put_untold_flags(struct imap_session *s)
{
	if (s->flags_untold && s->selected)
		imap_put_known_flags(s);
}

void imap_put_flags_of(struct imap_session *s, const struct mail_message *m)
{
	bool numbers = !(s->enabled & IMAP_UIDONLY);
	uint32_t number = imap_view_number(s->selected->view, m->uid);
	if (number == 0)
		return;
	imap_puts(s, "* ");
	imap_put_number(s, numbers ? number : m->uid);
	imap_puts(s, numbers ? " FETCH (" : " UIDFETCH (");
	/* RFC 7162 section 3.2.10 wants the UID for QRESYNC; RFC 9051 section 6.4.9 with UID commands. */
	if (numbers &&
	    (s->enabled & (IMAP_QRESYNC | IMAP_REV2) || (s->command && s->command->flags & IMAP_BY_UID))) {
		imap_puts(s, "UID ");
		imap_put_number(s, m->uid);
		imap_puts(s, " ");
	}
	imap_puts(s, "FLAGS ");
	imap_put_flags(s, m);
	if (s->enabled & IMAP_CONDSTORE) {
		imap_puts(s, " MODSEQ (");
		imap_put_number(s, m->modseq);
		imap_puts(s, ")");
	}
	imap_puts(s, ")\r\n");
}

static bool is_told(const struct imap_session *s, const struct mail_message *m)
{
	return m->modseq <= s->told_modseq && uid_ranges_have(buf_view(&s->told), m->uid);
}

/* Searches that are kept up to date look again at what came and changed, behind EXISTS and FETCH. */
static void tell_follower(struct imap_session *s)
{
	struct buf touched, there, known;
	if (s->follower == NULL || s->selected == NULL) {
		end(s);
		return;
	}
	buf_init(&touched, IMAP_RANGES_MAX);
	buf_init(&there, IMAP_RANGES_MAX);
	buf_init(&known, IMAP_RANGES_MAX);
	bool ok = imap_ranges_either(&touched, buf_view(&s->sync->changed), buf_view(&s->sync->arrived)) &&
	          imap_ranges_both(&there, buf_view(&touched), imap_view_ranges(s->selected->view)) &&
	          imap_ranges_without(&known, buf_view(&there), buf_view(&s->gone));
	if (!ok)
		s->follower->lost(s);
	s->follower->touched(s, ok ? buf_view(&known) : (struct view){0}, end);
	buf_done(&touched);
	buf_done(&there);
	buf_done(&known);
}

static void on_flags(struct imap_session *s, enum mail_type type, const void *answer)
{
	if (type == MAIL_MESSAGES && s->selected) {
		const struct mail_messages *messages = answer;
		struct cursor in = cursor_on(messages->entries);
		struct mail_message m;
		imap_put_untold_flags(s);
		while (mail_message_get(&in, MAIL_WANT_FLAGS | MAIL_WANT_MODSEQ, &m))
			if (!is_told(s, &m))
				imap_put_flags_of(s, &m);
	} else if (type == MAIL_DONE) {
		tell_follower(s);
	}
}

/*
 * Of the messages whose flags the client has been told already those stay that have changed since. A STORE of
 * a whole mailbox would read all of its flags again otherwise.
 */
static void leave_told_out(struct imap_session *s, struct buf *wanted)
{
	struct buf untold, again, left;
	buf_init(&untold, IMAP_RANGES_MAX);
	buf_init(&again, IMAP_RANGES_MAX);
	buf_init(&left, IMAP_RANGES_MAX);
	if (imap_ranges_without(&untold, buf_view(wanted), buf_view(&s->told)) &&
	    imap_ranges_both(&again, buf_view(wanted), buf_view(&s->sync->later)) &&
	    imap_ranges_either(&left, buf_view(&untold), buf_view(&again))) {
		buf_done(wanted);
		*wanted = left;
	} else {
		buf_done(&left);
	}
	buf_done(&untold);
	buf_done(&again);
}

/* Flags of messages that the client knows, and that are still there. */
static void tell_flags(struct imap_session *s, struct view known)
{
	struct buf wanted;
	buf_init(&wanted, IMAP_RANGES_MAX);
	if (!imap_ranges_both(&wanted, buf_view(&s->sync->changed), known))
		put_off(s);
	if (s->sync->later_known)
		leave_told_out(s, &wanted);
	if (buf_view(&wanted).len == 0) {
		buf_done(&wanted);
		tell_follower(s);
		return;
	}
	imap_ask(s, MAIL_FETCH,
	    &(struct mail_fetch){.account = s->selected->account,
	        .mailbox = s->selected->mailbox,
	        .want = MAIL_WANT_FLAGS | MAIL_WANT_MODSEQ,
	        .uids = buf_view(&wanted)},
	    on_flags);
	buf_done(&wanted);
}

/* ---- what came and went ---- */

static void put_expunges(struct imap_session *s, struct view gone)
{
	struct cursor in = cursor_on(gone);
	uint32_t first, last, before = 0;
	while (uid_ranges_next(&in, &first, &last)) {
		uint32_t number = imap_view_number(s->selected->view, first);
		/* Each EXPUNGE shifts all numbers behind it, so a row of messages goes by one number. */
		for (uint32_t uid = first;; uid++) {
			imap_puts(s, "* ");
			imap_put_number(s, number - before);
			imap_puts(s, " EXPUNGE\r\n");
			if (uid == last)
				break;
		}
		before += last - first + 1;
	}
}

static void put_gone(struct imap_session *s, struct view gone)
{
	if (s->enabled & (IMAP_QRESYNC | IMAP_UIDONLY)) {
		imap_puts(s, "* VANISHED ");
		imap_put_uid_set(s, gone);
		imap_put_line(s);
	} else {
		put_expunges(s, gone);
	}
}

/* Messages of the view that are gone: they wait where EXPUNGE must not be told. */
static bool take_gone(struct imap_session *s)
{
	struct buf known, all;
	buf_init(&known, IMAP_RANGES_MAX);
	buf_init(&all, IMAP_RANGES_MAX);
	bool ok =
	    imap_ranges_both(&known, imap_view_ranges(s->selected->view), buf_view(&s->sync->vanished)) &&
	    imap_ranges_either(&all, buf_view(&s->gone), buf_view(&known));
	buf_done(&known);
	if (ok) {
		buf_done(&s->gone);
		s->gone = all;
	} else {
		buf_done(&all);
	}
	return ok;
}

/* The first of these, as many as are told at once. */
static bool first_of(struct buf *out, struct view ranges)
{
	struct cursor in = cursor_on(ranges);
	uint32_t first, last, room = GONE_AT_ONCE;
	while (room > 0 && uid_ranges_next(&in, &first, &last)) {
		uint32_t len = last - first < room ? last - first + 1 : room;
		if (uid_ranges_add(out, first, first + len - 1) != 0)
			return false;
		room -= len;
	}
	return true;
}

static void tell_gone(struct imap_session *s)
{
	struct buf told, left;
	if (!s->sync->expunges || buf_view(&s->gone).len == 0)
		return;
	buf_init(&told, IMAP_RANGES_MAX);
	buf_init(&left, IMAP_RANGES_MAX);
	/* The view first: when there is no memory for it, nothing has been told, and the messages stay until
	 * the next time. */
	struct imap_view *after = imap_view_copy(s->selected->view);
	if (after && first_of(&told, buf_view(&s->gone)) &&
	    imap_ranges_without(&left, buf_view(&s->gone), buf_view(&told)) &&
	    imap_view_remove(after, buf_view(&told))) {
		if (s->follower)
			s->follower->gone(s, buf_view(&told));
		put_gone(s, buf_view(&told));
		imap_view_free(s->selected->view);
		s->selected->view = after;
		buf_done(&s->gone);
		s->gone = left;
		s->news |= buf_view(&left).len > 0;
	} else {
		imap_view_free(after);
		buf_done(&left);
		put_off(s);
	}
	buf_done(&told);
}

/* RFC 9051 section 7.4.1. */
static void tell_arrived(struct imap_session *s)
{
	struct imap_selected *box = s->selected;
	uint32_t before = imap_view_count(box->view);
	if (!imap_view_add(box->view, buf_view(&s->sync->arrived)))
		put_off(s);
	if (imap_view_count(box->view) == before)
		return;
	imap_puts(s, "* ");
	imap_put_number(s, imap_view_count(box->view));
	imap_puts(s, " EXISTS\r\n");
	if (!(s->enabled & IMAP_REV2)) {
		imap_puts(s, "* ");
		imap_put_number(s, imap_view_count_from(box->view, box->recent));
		imap_puts(s, " RECENT\r\n");
	}
}

static void tell_all(struct imap_session *s)
{
	struct imap_selected *box = s->selected;
	struct buf known;
	tell_gone(s);
	buf_init(&known, IMAP_RANGES_MAX);
	/* Of what arrives now the client asks for the flags itself. */
	imap_ranges_without(&known, imap_view_ranges(box->view), buf_view(&s->gone));
	tell_arrived(s);
	tell_flags(s, buf_view(&known));
	buf_done(&known);
}

/*
 * \Recent is a message to one session alone (RFC 3501 section 2.3.2): the first that claims it. What is
 * recent to this one are its messages from a UID on; so when another has claimed some in between, what lies
 * before is recent no more.
 */
static void on_claimed(struct imap_session *s, enum mail_type type, const void *answer)
{
	if (type == MAIL_MAILBOX && s->selected) {
		const struct mail_mailbox *mailbox = answer;
		if (mailbox->recent > s->claimed)
			s->selected->recent = (uint32_t)mailbox->recent;
		s->claimed = (uint32_t)mailbox->uidnext;
		s->unclaimed = false;
	} else if (type == MAIL_DONE) {
		if (s->selected)
			tell_all(s);
		else
			end(s);
	}
}

/* It costs a commit: a session that is idle puts it off until it does something. */
static void claim(struct imap_session *s)
{
	bool due = s->unclaimed || buf_view(&s->sync->arrived).len;
	s->unclaimed = due && s->claims;
	if (!s->unclaimed || s->idling) {
		tell_all(s);
		return;
	}
	imap_ask(s, MAIL_OPEN,
	    &(struct mail_open){
	        .account = s->selected->account, .mailbox = s->selected->mailbox, .take_recent = 1},
	    on_claimed);
}

static void tell(struct imap_session *s, const struct mail_done *done)
{
	struct imap_selected *box = s->selected;
	if (done->error == -ENOENT || done->error == -EACCES) {
		/* The mailbox is gone, or the right to it: so are all its messages. */
		buf_clear(&s->sync->vanished);
		buf_append(&s->sync->vanished, imap_view_ranges(box->view));
		buf_clear(&s->sync->changed);
	} else if (done->error || s->sync->failed) {
		put_off(s);
		end(s);
		return;
	}
	if (!take_gone(s)) {
		put_off(s);
		end(s);
		return;
	}
	if (done->error == 0) {
		box->modseq = done->modseq;
		box->uidnext = (uint32_t)done->uidnext;
	}
	claim(s);
}

/* Ranges of one kind come in several frames, maybe not in order. */
static bool gather(struct buf *all, struct view ranges)
{
	struct buf together;
	buf_init(&together, IMAP_RANGES_MAX);
	if (!uid_ranges_valid(ranges, false) || !imap_ranges_either(&together, buf_view(all), ranges)) {
		buf_done(&together);
		return false;
	}
	buf_done(all);
	*all = together;
	return true;
}

static void on_later_changes(struct imap_session *s, enum mail_type type, const void *answer)
{
	if (s->selected == NULL) {
		if (type == MAIL_DONE)
			end(s);
	} else if (type == MAIL_CHANGED_FLAGS) {
		s->sync->failed |= !gather(&s->sync->later, ((const struct mail_uids *)answer)->ranges);
	} else if (type == MAIL_DONE) {
		/* Where it isn't known, each message's modseq tells (is_told). */
		s->sync->later_known = ((const struct mail_done *)answer)->error == 0;
		struct mail_done done = s->sync->done;
		tell(s, &done);
	}
}

/* All changes are here. */
static void changes_known(struct imap_session *s, const struct mail_done *done)
{
	struct buf told;
	buf_init(&told, IMAP_RANGES_MAX);
	/* New names of keywords come with the flags. */
	bool any = done->error == 0 && !s->told_new_names &&
	           imap_ranges_both(&told, buf_view(&s->sync->changed), buf_view(&s->told)) &&
	           buf_view(&told).len > 0;
	buf_done(&told);
	if (any && done->modseq > s->told_modseq) {
		s->sync->done = *done;
		imap_ask(s, MAIL_CHANGES,
		    &(struct mail_changes){.account = s->selected->account,
		        .mailbox = s->selected->mailbox,
		        .since = s->told_modseq},
		    on_later_changes);
		return;
	}
	s->sync->later_known = any;
	tell(s, done);
}

static void reopen(struct imap_session *s);

static void on_changes(struct imap_session *s, enum mail_type type, const void *answer)
{
	const struct mail_uids *uids = answer;
	const struct mail_done *done = answer;
	if (s->selected == NULL) {
		if (type == MAIL_DONE)
			end(s);
		return;
	}
	switch ((int)type) {
	case MAIL_VANISHED:
		s->sync->failed |= !gather(&s->sync->vanished, uids->ranges);
		break;
	case MAIL_ARRIVED:
		s->sync->failed |= !gather(&s->sync->arrived, uids->ranges);
		break;
	case MAIL_CHANGED_FLAGS:
		s->sync->failed |= !gather(&s->sync->changed, uids->ranges);
		break;
	case MAIL_DONE:
		if (done->error == -ESTALE)
			reopen(s);
		else
			changes_known(s, done);
		break;
	default:
		break;
	}
}

/* Changes are not known so far back: the difference between then and now is made from the UIDs of both. */
static void on_reopened(struct imap_session *s, enum mail_type type, const void *answer)
{
	const struct mail_uids *uids = answer;
	const struct mail_done *done = answer;
	if (type == MAIL_UIDS) {
		s->sync->failed |= !gather(&s->sync->arrived, uids->ranges);
	} else if (type == MAIL_DONE) {
		if (done->error == 0 && s->selected) {
			struct view now = buf_view(&s->sync->arrived);
			buf_clear(&s->sync->vanished);
			s->sync->failed |= !imap_ranges_without(
			    &s->sync->vanished, imap_view_ranges(s->selected->view), now);
			buf_clear(&s->sync->changed);
			s->sync->failed |= buf_append(&s->sync->changed, now) != 0;
		}
		if (s->selected)
			tell(s, done);
		else
			end(s);
	}
}

static void reopen(struct imap_session *s)
{
	buf_clear(&s->sync->arrived);
	imap_ask(s, MAIL_OPEN,
	    &(struct mail_open){.account = s->selected->account, .mailbox = s->selected->mailbox},
	    on_reopened);
}

void imap_told(struct imap_session *s, struct view ranges, uint64_t modseq)
{
	gather(&s->told, ranges);
	s->told_modseq = modseq > s->told_modseq ? modseq : s->told_modseq;
}

void imap_sync(struct imap_session *s, bool expunges, void (*then)(struct imap_session *s))
{
	if (s->sync || s->selected == NULL) {
		/* One is under way, or there is nothing to tell. */
		if (then)
			then(s);
		return;
	}
	s->sync = mem_alloc(sizeof *s->sync);
	s->sync->expunges = expunges;
	s->sync->then = then;
	buf_init(&s->sync->changed, IMAP_RANGES_MAX);
	buf_init(&s->sync->vanished, IMAP_RANGES_MAX);
	buf_init(&s->sync->arrived, IMAP_RANGES_MAX);
	buf_init(&s->sync->later, IMAP_RANGES_MAX);
	s->sync->since = s->selected->modseq;
	s->news = false;
	imap_ask(s, MAIL_CHANGES,
	    &(struct mail_changes){.account = s->selected->account,
	        .mailbox = s->selected->mailbox,
	        .since = s->selected->modseq},
	    on_changes);
}
