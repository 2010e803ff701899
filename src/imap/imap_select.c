/*
 * SELECT and EXAMINE (RFC 9051 sections 6.3.2 and 6.3.3) with CONDSTORE and QRESYNC (RFC 7162 sections 3.1.8
 * and 3.2.5); CLOSE and UNSELECT (RFC 9051 sections 6.4.1 and 6.4.2).
 */
#include "imap/imap_commands.h"
#include "imap/imap_noted.h"
#include "imap/imap_state.h"

#include <errno.h>

#include "base/mem.h"

/* What a session that selects has heard so far. */
struct selecting {
	bool examine, annotates, qresync, since_unknown;
	uint32_t uidvalidity; /* that the client knows */
	uint64_t since;
	struct view known; /* UIDs that the client knows, as ranges; empty: all */
	struct view path;  /* as it was given */
	struct imap_selected *box;
	struct buf uids, changed, vanished;
	struct mail_mailbox mailbox;
	uint64_t unseen;
};

static void release(void *data)
{
	struct selecting *sel = data;
	buf_done(&sel->uids);
	buf_done(&sel->changed);
	buf_done(&sel->vanished);
	if (sel->box) {
		imap_view_free(sel->box->view);
		mem_free((char *)sel->box->path.data);
		mem_free(sel->box);
	}
}

/* ---- the selected mailbox ---- */

void imap_selected_forget(struct imap_session *s)
{
	struct imap_selected *box = s->selected;
	if (box == NULL)
		return;
	if (s->follower)
		s->follower->release(s);
	s->selected = NULL;
	imap_view_free(box->view);
	mem_free((char *)box->path.data);
	mem_free((char *)box->saved.data);
	mem_free(box);
	buf_done(&s->gone);
	buf_done(&s->told);
	imap_noted_forget(s);
	s->noted_lost = false;
}

void imap_unselect(struct imap_session *s)
{
	if (s->watch)
		imap_stop(s, s->watch);
	s->watch = 0;
	s->news = false;
	imap_selected_forget(s);
	if (s->state == IMAP_SELECTED)
		s->state = IMAP_AUTHENTICATED;
}

bool imap_save(struct imap_session *s, struct view ranges)
{
	struct imap_selected *box = s->selected;
	char *copy = ranges.len ? mem_try(ranges.len) : NULL;
	if (box == NULL)
		return false;
	mem_free((char *)box->saved.data);
	box->saved = (struct view){0};
	if (copy == NULL)
		return ranges.len == 0;
	for (size_t i = 0; i < ranges.len; i++)
		copy[i] = ranges.data[i];
	box->saved = view_of(copy, ranges.len);
	return true;
}

/* ---- its responses ---- */

static void put_code(struct imap_session *s, const char *code, uint64_t n, const char *text)
{
	imap_puts(s, "* OK [");
	imap_puts(s, code);
	imap_puts(s, " ");
	imap_put_number(s, n);
	imap_puts(s, "] ");
	imap_put_text(s, text);
	imap_put_line(s);
}

static void put_state(struct imap_session *s, const struct selecting *sel)
{
	const struct imap_selected *box = s->selected;
	imap_put_known_flags(s);
	imap_puts(s, "* ");
	imap_put_number(s, imap_view_count(box->view));
	imap_puts(s, " EXISTS\r\n");
	if (!(s->enabled & IMAP_REV2)) {
		imap_puts(s, "* ");
		imap_put_number(s, imap_view_count_from(box->view, box->recent));
		imap_puts(s, " RECENT\r\n");
	}
	put_code(s, "UIDVALIDITY", box->uidvalidity, "UIDs are valid");
	put_code(s, "UIDNEXT", box->uidnext, "the next UID");
	put_code(s, "HIGHESTMODSEQ", box->modseq, "the highest");
	/* RFC 5257 section 4.1 */
	imap_puts(s, "* OK [ANNOTATIONS ");
	if (box->read_only)
		imap_puts(s, "READ-ONLY");
	else
		imap_put_number(s, MAIL_ANNOTATION_VALUE_MAX);
	imap_puts(s, "] ");
	imap_put_text(s, "annotations");
	imap_put_line(s);
	imap_puts(s, "* OK [MAILBOXID (");
	imap_put_mailbox_id(s, &sel->mailbox);
	imap_puts(s, ")] ");
	imap_put_text(s, "its id");
	imap_put_line(s);
	if (s->enabled & IMAP_REV2) {
		imap_puts(s, "* LIST () \"/\" ");
		imap_put_mailbox(s, box->path);
		imap_put_line(s);
	}
}

static void end_select(struct imap_session *s)
{
	const struct imap_selected *box = s->selected;
	s->state = IMAP_SELECTED;
	s->watch = imap_ask_on(s, MAIL_WATCH,
	    &(struct mail_watch){
	        .account = box->account, .mailbox = box->mailbox, .modseq = box->modseq, .notes = 1},
	    imap_on_watch);
	imap_ok(s, box->read_only ? "READ-ONLY" : "READ-WRITE", "the mailbox is selected");
}

/* ---- QRESYNC ---- */

static void on_changed_flags(struct imap_session *s, enum mail_type type, const void *answer)
{
	if (type == MAIL_MESSAGES) {
		const struct mail_messages *messages = answer;
		struct cursor in = cursor_on(messages->entries);
		struct mail_message m;
		while (mail_message_get(&in, MAIL_WANT_FLAGS | MAIL_WANT_MODSEQ, &m))
			imap_put_flags_of(s, &m);
	} else if (type == MAIL_DONE) {
		end_select(s);
	}
}

/* Of a set the part that the client knows of; it has named UIDs, or knows all below the next one. */
static bool known_part(const struct selecting *sel, struct view ranges, struct buf *out)
{
	if (sel->known.len == 0)
		return buf_append(out, ranges) == 0;
	return imap_ranges_both(out, ranges, sel->known);
}

static bool put_vanished(struct imap_session *s, struct selecting *sel)
{
	struct buf gone, told;
	buf_init(&gone, IMAP_RANGES_MAX);
	buf_init(&told, IMAP_RANGES_MAX);
	bool ok = true;
	if (sel->since_unknown) {
		/* What went since is not known any more: all that is not there is named (RFC 7162
		 * section 3.2.5.1). */
		struct buf all;
		buf_init(&all, UID_RANGE_SIZE);
		if (s->selected->uidnext > 1)
			uid_ranges_add(&all, 1, s->selected->uidnext - 1);
		ok = imap_ranges_without(&gone, buf_view(&all), buf_view(&sel->uids));
		buf_done(&all);
	} else {
		ok = imap_ranges_without(&gone, buf_view(&sel->vanished), buf_view(&sel->uids));
	}
	ok = ok && known_part(sel, buf_view(&gone), &told);
	if (ok && buf_view(&told).len) {
		imap_puts(s, "* VANISHED (EARLIER) ");
		imap_put_uid_set(s, buf_view(&told));
		imap_put_line(s);
	}
	buf_done(&gone);
	buf_done(&told);
	return ok;
}

static void put_changes(struct imap_session *s, struct selecting *sel)
{
	struct buf changed;
	buf_init(&changed, IMAP_RANGES_MAX);
	bool ok =
	    put_vanished(s, sel) &&
	    known_part(sel, sel->since_unknown ? buf_view(&sel->uids) : buf_view(&sel->changed), &changed);
	if (!ok) {
		imap_unselect(s);
		imap_no(s, "UNAVAILABLE", "there is no memory for this command now");
	} else if (buf_view(&changed).len == 0) {
		end_select(s);
	} else {
		imap_ask(s, MAIL_FETCH,
		    &(struct mail_fetch){.account = s->selected->account,
		        .mailbox = s->selected->mailbox,
		        .want = MAIL_WANT_FLAGS | MAIL_WANT_MODSEQ,
		        .changed_since = sel->since,
		        .uids = buf_view(&changed)},
		    on_changed_flags);
	}
	buf_done(&changed);
}

static void tell_changes(struct imap_session *s, struct selecting *sel)
{
	if (sel->qresync && sel->uidvalidity == s->selected->uidvalidity)
		put_changes(s, sel);
	else
		end_select(s);
}

static void on_unseen(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct selecting *sel = imap_data(s);
	struct mail_message m;
	if (type == MAIL_MESSAGES) {
		struct cursor in = cursor_on(((const struct mail_messages *)answer)->entries);
		uint32_t number = 0;
		if (mail_message_get(&in, MAIL_WANT_FLAGS, &m))
			number = imap_view_number(s->selected->view, m.uid);
		if (number > 0)
			put_code(s, "UNSEEN", number, "the first unseen one");
	} else if (type == MAIL_DONE) {
		tell_changes(s, sel);
	}
}

/* ---- opening ---- */

static bool is_writable(uint64_t rights)
{
	/* RFC 4314 section 5.2. */
	return rights & (RIGHT_INSERT | RIGHT_EXPUNGE | RIGHT_WRITE | RIGHT_SEEN | RIGHT_DELETE);
}

static void add(struct buf *all, struct view ranges)
{
	struct buf together;
	buf_init(&together, IMAP_RANGES_MAX);
	if (imap_ranges_either(&together, buf_view(all), ranges)) {
		buf_done(all);
		*all = together;
	} else {
		buf_done(&together);
		all->failed = true;
	}
}

static void opened(struct imap_session *s, struct selecting *sel, const struct mail_done *done)
{
	struct imap_selected *box = sel->box;
	box->uidvalidity = (uint32_t)done->uidvalidity;
	box->uidnext = (uint32_t)done->uidnext;
	box->modseq = done->modseq;
	sel->since_unknown = done->number != 0;
	box->view = imap_view_new();
	if (buf_failed(&sel->uids) || buf_failed(&sel->changed) || buf_failed(&sel->vanished) ||
	    !imap_view_add(box->view, buf_view(&sel->uids))) {
		imap_no(s, "UNAVAILABLE", "there is no memory for this mailbox now");
		return;
	}
	s->selected = box;
	sel->box = NULL;
	s->claims = !box->read_only && !(s->enabled & IMAP_REV2);
	s->unclaimed = false;
	s->claimed = box->uidnext;
	put_state(s, sel);
	/* RFC 3501 section 6.3.1; RFC 9051 has it no more. */
	if (!(s->enabled & IMAP_REV2) && sel->unseen > 0)
		imap_ask(s, MAIL_FETCH,
		    &(struct mail_fetch){.account = box->account,
		        .mailbox = box->mailbox,
		        .want = MAIL_WANT_FLAGS,
		        .flags_without = FLAG_SEEN,
		        .limit = 1},
		    on_unseen);
	else
		tell_changes(s, sel);
}

static void on_opened(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct selecting *sel = imap_data(s);
	const struct mail_uids *uids = answer;
	const struct mail_done *done = answer;
	switch ((int)type) {
	case MAIL_MAILBOX:
		sel->box->recent = (uint32_t)((const struct mail_mailbox *)answer)->recent;
		sel->unseen = ((const struct mail_mailbox *)answer)->unseen;
		break;
	case MAIL_UIDS:
		add(&sel->uids, uids->ranges);
		break;
	case MAIL_ARRIVED:
	case MAIL_CHANGED_FLAGS:
		add(&sel->changed, uids->ranges);
		break;
	case MAIL_VANISHED:
		add(&sel->vanished, uids->ranges);
		break;
	case MAIL_DONE:
		if (done->error)
			imap_no_error(s, done->error, "the mailbox");
		else
			opened(s, sel, done);
		break;
	default:
		break;
	}
}

static void on_found(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct selecting *sel = imap_data(s);
	/* If it fails, no mailbox is selected (RFC 9051 section 6.3.2). */
	if (s->selected) {
		imap_unselect(s);
		imap_put_note(s, "OK", "CLOSED", "the mailbox is not selected any more");
	}
	if (mailbox && !(mailbox->rights & RIGHT_READ))
		error = -EACCES;
	if (error) {
		imap_no_error(s, error, "the mailbox");
		return;
	}
	struct imap_selected *box = mem_alloc(sizeof *box);
	sel->box = box;
	sel->mailbox = *mailbox;
	box->account = mailbox->account;
	box->mailbox = mailbox->mailbox;
	box->rights = mailbox->rights;
	box->owner_number = mailbox->owner_number;
	box->annotates = sel->annotates;
	box->read_only = sel->examine || !is_writable(mailbox->rights);
	box->path = view_of(mem_string(sel->path), sel->path.len);
	imap_ask(s, MAIL_OPEN,
	    &(struct mail_open){.account = box->account,
	        .mailbox = box->mailbox,
	        .take_recent = !box->read_only && !(s->enabled & IMAP_REV2),
	        .uidvalidity = sel->qresync ? sel->uidvalidity : 0,
	        .since = sel->qresync ? sel->since : 0},
	    on_opened);
}

/* ---- parsing ---- */

/* A set of UIDs that the client knows, of a mailbox that is not open yet: as it stands, without "*". */
static bool known_uids(struct imap_in *in, struct view *ranges)
{
	struct buf all;
	buf_init(&all, IMAP_RANGES_MAX);
	do {
		uint32_t a, b;
		if (!imap_in_number(in, &a))
			break;
		b = a;
		if (imap_in_take(in, ':') && !imap_in_number(in, &b))
			break;
		if (uid_ranges_add(&all, a < b ? a : b, a < b ? b : a) != 0)
			imap_in_wrong(in, "[LIMIT] the set is too large");
	} while (imap_in_take(in, ','));
	if (!in->wrong && !uid_ranges_valid(buf_view(&all), false))
		imap_in_wrong(in, "UIDs that are known stand in ascending order, from 1 on");
	bool ok = !in->wrong && arena_copy(imap_arena(in->session), buf_view(&all), ranges);
	buf_done(&all);
	return ok;
}

/* "(1:5 ...)": message numbers and UIDs by which a server without tombstones would find out (RFC 7162
 * section 3.2.5.2). Ours has them: read, and not needed. */
static void sequence_match(struct imap_in *in)
{
	struct view ignored;
	imap_in_char(in, '(');
	known_uids(in, &ignored);
	imap_in_space(in);
	known_uids(in, &ignored);
	imap_in_char(in, ')');
}

static void qresync_parameter(struct imap_session *s, struct imap_in *in, struct selecting *sel)
{
	imap_in_space(in);
	imap_in_char(in, '(');
	imap_in_number(in, &sel->uidvalidity);
	imap_in_space(in);
	imap_in_number64(in, &sel->since);
	if (imap_in_take(in, ' ') && !imap_in_next_is(in, '('))
		known_uids(in, &sel->known);
	if (imap_in_next_is(in, '(') || imap_in_take(in, ' '))
		sequence_match(in);
	imap_in_char(in, ')');
	if (!in->wrong && (sel->uidvalidity == 0 || sel->since == 0))
		imap_in_wrong(in, "UIDVALIDITY and modseq must not be 0");
	if (!in->wrong && !(s->enabled & IMAP_QRESYNC))
		imap_in_wrong(in, "ENABLE QRESYNC comes first"); /* RFC 7162 section 3.2.5 */
	sel->qresync = true;
}

static void parameters(struct imap_session *s, struct imap_in *in, struct selecting *sel, uint32_t *enables)
{
	imap_in_char(in, '(');
	do {
		if (imap_in_word(in, "CONDSTORE"))
			*enables |= IMAP_CONDSTORE;
		else if (imap_in_word(in, "ANNOTATE")) /* RFC 5257 section 4.2 */
			sel->annotates = true;
		else if (imap_in_word(in, "QRESYNC"))
			qresync_parameter(s, in, sel);
		else
			imap_in_wrong(in, "there is no such parameter of SELECT");
	} while (imap_in_take(in, ' '));
	imap_in_char(in, ')');
}

static void select_mailbox(struct imap_session *s, struct imap_in *in, bool examine)
{
	struct selecting *sel = imap_command_data(s, sizeof *sel, release);
	uint32_t enables = 0;
	sel->examine = examine;
	buf_init(&sel->uids, IMAP_RANGES_MAX);
	buf_init(&sel->changed, IMAP_RANGES_MAX);
	buf_init(&sel->vanished, IMAP_RANGES_MAX);
	if (imap_in_space(in) && imap_in_mailbox(in, &sel->path) && imap_in_take(in, ' '))
		parameters(s, in, sel, &enables);
	if (imap_wrong(s, in))
		return;
	s->enabled |= enables; /* HIGHESTMODSEQ comes with the mailbox */
	imap_find_mailbox(s, sel->path, on_found);
}

void imap_select(struct imap_session *s, struct imap_in *in)
{
	select_mailbox(s, in, false);
}

void imap_examine(struct imap_session *s, struct imap_in *in)
{
	select_mailbox(s, in, true);
}

/* ---- closing ---- */

static void on_expunged(struct imap_session *s, enum mail_type type, const void *answer)
{
	(void)answer;
	if (type != MAIL_DONE)
		return;
	/* What could not be removed now stays with its flag; the mailbox is closed in any case. */
	imap_unselect(s);
	imap_ok(s, NULL, "the mailbox is closed");
}

void imap_close_command(struct imap_session *s, struct imap_in *in)
{
	const struct imap_selected *box = s->selected;
	if (imap_wrong(s, in))
		return;
	if (box->read_only || !(box->rights & RIGHT_EXPUNGE)) {
		imap_unselect(s);
		imap_ok(s, NULL, "the mailbox is closed");
		return;
	}
	imap_ask(s, MAIL_EXPUNGE,
	    &(struct mail_expunge){.account = box->account, .mailbox = box->mailbox, .deleted_only = 1},
	    on_expunged);
}

void imap_unselect_command(struct imap_session *s, struct imap_in *in)
{
	if (imap_wrong(s, in))
		return;
	imap_unselect(s);
	imap_ok(s, NULL, "the mailbox is not selected any more");
}
