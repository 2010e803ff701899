/*
 * FETCH and UID FETCH (RFC 9051 section 6.4.5), with CHANGEDSINCE and VANISHED (RFC 7162), PARTIAL (RFC 9394)
 * and UIDFETCH (RFC 9586).
 *
 * Messages are asked for in batches, and written as their entries come. What does not come with its entry, a
 * large message, follows its batch on its own. Last, the batch's messages become \Seen where BODY[] shows
 * them: a client that goes away has seen no more than it got.
 */
#include <errno.h>

#include "imap/imap_commands.h"
#include "imap/imap_fetch_run.h"
#include "imap/imap_limit.h"
#include "imap/imap_messages.h"
#include "imap/imap_state.h"

enum {
	/* Ranges of UIDs in one question: 32 KB of them. */
	BATCH_RANGES = 4096,
	/* Messages in one question, where some may have to be noted for later. */
	BATCH_MESSAGES = 8192,
	/* What may be noted of a batch: each of its messages as a range of its own. */
	BATCH_OCTETS = BATCH_MESSAGES * UID_RANGE_SIZE,
	/* UIDs that went, as ranges: half a million of them. */
	VANISHED_MAX = 4 * 1024 * 1024
};

static void release(void *data)
{
	struct imap_fetch_run *r = data;
	imap_fetched_end(&r->fetched);
	arena_done(&r->scratch);
	buf_done(&r->annotations);
	buf_done(&r->batch);
	buf_done(&r->alone);
	buf_done(&r->seen);
	buf_done(&r->seen_alone);
	buf_done(&r->vanished);
	buf_done(&r->entry);
	buf_done(&r->gathered);
}

/* ---- one message ---- */

static void write_whole(struct imap_session *s, struct imap_fetch_run *r, struct imap_pen *p)
{
	struct imap_fetched *f = &r->fetched;
	bool became_seen = imap_fetch_see(r, &r->seen, &f->m);
	bool any = imap_fetch_response_begin(r, p, s);
	for (size_t i = 0; i < r->fetch.count; i++) {
		const struct imap_fetch_item *item = &r->fetch.items[i];
		if (item->kind == IMAP_FETCH_UID && (r->view.by_uid || r->view.uid_only))
			continue;
		if (any)
			imap_pen_byte(p, ' ');
		any = true;
		if (item->kind < IMAP_FETCH_SECTION) {
			imap_pen_fetch_item(p, &r->view, f, item);
			continue;
		}
		struct imap_place_found place = imap_fetched_place(f, item);
		r->unknown_encoding |= place.place == IMAP_PLACE_UNKNOWN;
		imap_pen_fetch_section(p, item, &place);
	}
	imap_fetch_response_end(r, p, any, became_seen);
}

/* Writes a message from its entry, or notes that it is fetched on its own. */
static void write_message(
    struct imap_session *s, struct imap_fetch_run *r, struct imap_pen *p, const struct mail_message *m)
{
	if (imap_view_number(imap_selected(s)->view, m->uid) == 0)
		return;
	if (m->body_error == EMSGSIZE || m->body_error == ENOMEM ||
	    (r->fetch.exact && m->flags & FLAG_BINARY)) {
		/* Too large, with its header or all together, to come with others; or wanted as it is kept.
		 */
		if (uid_ranges_add(&r->alone, m->uid, m->uid) < 0)
			r->error = -ENOMEM;
		return;
	}
	if (m->body_error) {
		r->error = -(int64_t)m->body_error;
		return;
	}
	if (!(r->want & (MAIL_WANT_SUMMARY | MAIL_WANT_STRUCTURE | MAIL_WANT_HEADER | MAIL_WANT_BODY))) {
		r->fetched.m = *m;
		write_whole(s, r, p);
		return;
	}
	imap_fetched_begin(&r->fetched, &r->fetch, r->want, m, &r->scratch);
	if (imap_fetched_is_whole(&r->fetched, &r->fetch))
		write_whole(s, r, p);
	else if (uid_ranges_add(&r->alone, m->uid, m->uid) < 0)
		r->error = -ENOMEM;
	imap_fetched_end(&r->fetched);
}

/* ---- the command's course ---- */

static void next_batch(struct imap_session *s);
static void after_batch(struct imap_session *s);

static void finish(struct imap_session *s)
{
	struct imap_fetch_run *r = imap_data(s);
	if (r->error)
		imap_no_error(s, r->error, "a message");
	else if (r->unknown_encoding)
		imap_no(s, "UNKNOWN-CTE", "A part has a content transfer encoding that is not known.");
	else if (r->told < r->asked && !imap_by_uid(s) && r->changed_since == 0)
		/* RFC 5530 section 3 */
		imap_no(s, "EXPUNGEISSUED", "Some of these messages have been expunged.");
	else
		imap_ok(s, NULL, "FETCH completed");
}

static void seen_stored(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_fetch_run *r = imap_data(s);
	if (type != MAIL_DONE)
		return;
	const struct mail_done *done = answer;
	if (done->error) {
		imap_no_error(s, done->error, "the mailbox");
		return;
	}
	/* Whoever follows changes by their numbers (RFC 7162 section 3.2) needs the new MODSEQ, which the
	 * end of the command tells. */
	if (!(imap_enabled(s) & IMAP_CONDSTORE) && done->modseq)
		imap_told(s, buf_view(&r->seen), done->modseq);
	buf_clear(&r->seen);
	next_batch(s);
}

static void store_seen(struct imap_session *s)
{
	struct imap_fetch_run *r = imap_data(s);
	if (buf_view(&r->seen_alone).len) {
		struct buf all;
		buf_init(&all, 2 * BATCH_OCTETS);
		if (!imap_ranges_either(&all, buf_view(&r->seen), buf_view(&r->seen_alone)))
			r->error = -ENOMEM;
		buf_done(&r->seen);
		buf_clear(&r->seen_alone);
		r->seen = all;
	}
	if (buf_view(&r->seen).len == 0) {
		next_batch(s);
		return;
	}
	const struct imap_selected *box = imap_selected(s);
	imap_ask(s, MAIL_STORE,
	    &(struct mail_store){.account = box->account,
	        .mailbox = box->mailbox,
	        .how = MAIL_ADD,
	        .flags = FLAG_SEEN,
	        .unchanged_since = UINT64_MAX,
	        .uids = buf_view(&r->seen)},
	    seen_stored);
}

static bool take_range(struct imap_uid_walk *w, uint64_t max, uint32_t *first, uint32_t *last)
{
	if (w->left == 0) {
		uint32_t from, to;
		if (!uid_ranges_next(&w->in, &from, &to))
			return false;
		w->next = from;
		w->left = (uint64_t)to - from + 1;
	}
	uint64_t count = w->left < max ? w->left : max;
	*first = w->next;
	*last = (uint32_t)(w->next + count - 1);
	w->next += (uint32_t)count;
	w->left -= count;
	return true;
}

static void after_batch(struct imap_session *s)
{
	struct imap_fetch_run *r = imap_data(s);
	uint32_t uid, same;
	if (take_range(&r->alone_walk, 1, &uid, &same))
		imap_fetch_alone(s, r, uid, after_batch);
	else
		store_seen(s);
}

static void messages_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_fetch_run *r = imap_data(s);
	if (type == MAIL_MESSAGES) {
		const struct mail_messages *messages = answer;
		struct cursor in = cursor_on(messages->entries);
		struct mail_message m;
		struct imap_pen p;
		if (r->want & MAIL_WANT_FLAGS)
			imap_put_untold_flags(s);
		imap_pen_begin(&p, s->out, r->view.utf8);
		while (mail_message_get(&in, r->want, &m))
			write_message(s, r, &p, &m);
		imap_pen_end(&p);
		if (!cursor_ok(&in))
			r->error = -EBADMSG;
	} else if (type == MAIL_DONE) {
		const struct mail_done *done = answer;
		if (done->error) {
			imap_no_error(s, done->error, "the mailbox");
			return;
		}
		r->alone_walk = (struct imap_uid_walk){.in = cursor_on(buf_view(&r->alone))};
		after_batch(s);
	}
}

/* Moves UIDs from what is left to the batch; false: nothing is left. */
static bool fill_batch(struct imap_fetch_run *r)
{
	/* Flags and numbers of any number of messages are told as they come. */
	bool bounded = r->want & (MAIL_WANT_SUMMARY | MAIL_WANT_STRUCTURE | MAIL_WANT_BODY) || r->sets_seen;
	uint64_t room = r->fetch.needs_annotations ? IMAP_ANNOTATED_AT_ONCE
	                : bounded                  ? BATCH_MESSAGES
	                                           : UINT64_MAX;
	bounded |= r->fetch.needs_annotations;
	uint32_t first, last;
	buf_clear(&r->batch);
	buf_clear(&r->alone);
	while (room && buf_view(&r->batch).len < BATCH_RANGES * UID_RANGE_SIZE &&
	       take_range(&r->uids, room, &first, &last)) {
		if (uid_ranges_add(&r->batch, first, last) < 0)
			r->error = -ENOMEM;
		room -= bounded ? (uint64_t)last - first + 1 : 0;
	}
	return buf_view(&r->batch).len > 0;
}

static void ask_messages(struct imap_session *s)
{
	struct imap_fetch_run *r = imap_data(s);
	const struct imap_selected *box = imap_selected(s);
	imap_ask(s, MAIL_FETCH,
	    &(struct mail_fetch){.account = box->account,
	        .mailbox = box->mailbox,
	        .want = r->want,
	        .body_max = IMAP_FETCH_INLINE_MAX,
	        .changed_since = r->changed_since,
	        .uids = buf_view(&r->batch)},
	    messages_came);
}

static void annotations_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_fetch_run *r = imap_data(s);
	const struct mail_done *done = answer;
	if (type == MAIL_ANNOTATION)
		imap_annotated_add(&r->annotations, answer);
	if (type != MAIL_DONE)
		return;
	r->view.annotations = buf_view(&r->annotations);
	if (done->error || buf_failed(&r->annotations))
		imap_no_error(s, done->error ? done->error : -ENOMEM, "the annotations");
	else
		ask_messages(s);
}

static void next_batch(struct imap_session *s)
{
	struct imap_fetch_run *r = imap_data(s);
	const struct imap_selected *box = imap_selected(s);
	if (!fill_batch(r)) {
		finish(s);
	} else if (r->fetch.needs_annotations) {
		buf_clear(&r->annotations);
		imap_ask(s, MAIL_ANNOTATIONS,
		    &(struct mail_annotations){
		        .account = box->account, .mailbox = box->mailbox, .uids = buf_view(&r->batch)},
		    annotations_came);
	} else {
		ask_messages(s);
	}
}

/* ---- VANISHED: RFC 7162 section 3.2.6 ---- */

static void tell_vanished(struct imap_session *s, struct view gone)
{
	if (gone.len) {
		imap_puts(s, "* VANISHED (EARLIER) ");
		imap_put_uid_set(s, gone);
		imap_put_line(s);
	}
	next_batch(s);
}

/* What went is told as far as it was asked for; where that is not known any more, all that is not there. */
static void changes_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_fetch_run *r = imap_data(s);
	if (type == MAIL_VANISHED) {
		struct cursor in = cursor_on(((const struct mail_uids *)answer)->ranges);
		uint32_t first, last;
		while (uid_ranges_next(&in, &first, &last))
			uid_ranges_add(&r->vanished, first, last);
		return;
	}
	if (type != MAIL_DONE)
		return;
	const struct mail_done *done = answer;
	struct buf gone;
	buf_init(&gone, VANISHED_MAX);
	bool made = done->error == -ESTALE
	                ? imap_ranges_without(&gone, r->asked_uids, imap_view_ranges(imap_selected(s)->view))
	                : imap_ranges_both(&gone, r->asked_uids, buf_view(&r->vanished));
	if (done->error && done->error != -ESTALE)
		imap_no_error(s, done->error, "the mailbox");
	else if (!made || buf_failed(&r->vanished))
		imap_no_error(s, -ENOMEM, "the mailbox");
	else
		tell_vanished(s, buf_view(&gone));
	buf_done(&gone);
}

/* ---- the command's text ---- */

struct modifiers {
	uint64_t changed_since;
	bool vanished, partial, from_end;
	uint64_t partial_first, partial_last; /* positions, from 1, from the beginning or from the end */
};

/* partial-range (RFC 9394 section 5): "1:100" or "-1:-100". */
static bool take_partial(struct imap_in *in, struct modifiers *m)
{
	uint64_t a, b;
	m->from_end = imap_in_take(in, '-');
	if (!imap_in_number64(in, &a) || !imap_in_char(in, ':') || (m->from_end && !imap_in_char(in, '-')) ||
	    !imap_in_number64(in, &b))
		return false;
	if (a == 0 || b == 0)
		imap_in_wrong(in, "PARTIAL counts from 1");
	m->partial = true;
	m->partial_first = a < b ? a : b;
	m->partial_last = a < b ? b : a;
	return a > 0 && b > 0;
}

static bool take_modifier(struct imap_in *in, struct modifiers *m)
{
	if (imap_in_word(in, "CHANGEDSINCE"))
		return imap_in_space(in) && imap_in_number64(in, &m->changed_since);
	if (imap_in_word(in, "VANISHED")) {
		m->vanished = true;
		return true;
	}
	if (imap_in_word(in, "PARTIAL"))
		return imap_in_space(in) && take_partial(in, m);
	imap_in_wrong(in, "FETCH does not know this modifier");
	return false;
}

static bool take_modifiers(struct imap_in *in, struct modifiers *m)
{
	if (!imap_in_take(in, ' '))
		return true;
	if (!imap_in_char(in, '('))
		return false;
	do {
		if (!take_modifier(in, m))
			return false;
	} while (imap_in_take(in, ' '));
	if (!imap_in_char(in, ')'))
		return false;
	struct imap_session *s = in->session;
	if (m->vanished && !(imap_by_uid(s) && imap_enabled(s) & IMAP_QRESYNC && m->changed_since))
		imap_in_wrong(in, "VANISHED needs UID FETCH, CHANGEDSINCE, and ENABLE QRESYNC");
	return in->wrong == NULL;
}

/* The UIDs at these places of the ranges, in the arena. */
static bool cut_partial(struct imap_session *s, const struct modifiers *m, struct view *ranges)
{
	uint64_t count = uid_ranges_count(*ranges);
	uint64_t first = m->partial_first, end = m->partial_last < count ? m->partial_last : count;
	if (m->from_end) {
		uint64_t low = end;
		end = first > count ? 0 : count - first + 1;
		first = count - low + 1;
	}
	struct imap_uid_walk walk = {.in = cursor_on(*ranges)};
	struct buf kept;
	uint32_t from, to;
	bool ok = true;
	buf_init(&kept, ranges->len);
	for (uint64_t at = 1; ok && at <= end;) {
		if (!take_range(&walk, at < first ? first - at : end - at + 1, &from, &to))
			break;
		ok = at < first || uid_ranges_add(&kept, from, to) == 0;
		at += (uint64_t)to - from + 1;
	}
	ok = ok && arena_copy(imap_arena(s), buf_view(&kept), ranges);
	buf_done(&kept);
	return ok;
}

/* The UIDs of a set as they are named, whether they are there or not: those that went are not. */
static bool take_raw_set(struct imap_in *in, struct view *raw)
{
	const struct imap_selected *box = imap_selected(in->session);
	struct imap_in ahead = *in;
	struct buf all;
	uint32_t last = box->uidnext ? box->uidnext - 1 : UINT32_MAX;
	bool ok = true;
	if (imap_in_next_is(in, '$')) {
		*raw = (struct view){0};
		return true;
	}
	buf_init(&all, VANISHED_MAX);
	do {
		uint32_t a = last, b;
		ok = imap_in_take(&ahead, '*') || imap_in_number(&ahead, &a);
		b = a;
		if (ok && imap_in_take(&ahead, ':')) {
			b = last;
			ok = imap_in_take(&ahead, '*') || imap_in_number(&ahead, &b);
		}
		struct buf one, both;
		buf_init(&one, UID_RANGE_SIZE);
		buf_init(&both, VANISHED_MAX);
		if (ok && a && b && last)
			uid_ranges_add(&one, a < b ? a : b, a < b ? b : a);
		ok = ok && imap_ranges_either(&both, buf_view(&all), buf_view(&one));
		buf_done(&one);
		buf_done(&all);
		all = both;
	} while (ok && imap_in_take(&ahead, ','));
	ok = ok && arena_copy(imap_arena(in->session), buf_view(&all), raw);
	buf_done(&all);
	return ok;
}

static struct imap_fetch_run *new_run(struct imap_session *s)
{
	struct imap_fetch_run *r = imap_command_data(s, sizeof *r, release);
	arena_init(&r->scratch, IMAP_FETCH_SCRATCH_MAX);
	buf_init(&r->annotations, IMAP_ANNOTATED_BYTES_MAX);
	buf_init(&r->batch, (BATCH_RANGES + 1) * UID_RANGE_SIZE);
	buf_init(&r->alone, BATCH_OCTETS);
	buf_init(&r->seen, BATCH_OCTETS);
	buf_init(&r->seen_alone, BATCH_OCTETS);
	buf_init(&r->vanished, VANISHED_MAX);
	buf_init(&r->entry, IMAP_FETCH_SCRATCH_MAX);
	buf_init(&r->gathered, IMAP_FETCH_HEADER_MAX);
	return r;
}

static void begin(
    struct imap_session *s, struct imap_fetch_run *r, struct view uids, const struct modifiers *m)
{
	const struct imap_selected *box = imap_selected(s);
	if (m->partial && !cut_partial(s, m, &uids)) {
		imap_no_error(s, -ENOMEM, "the mailbox");
		return;
	}
	if (!imap_limit_cut(s, &uids))
		return;
	if (m->changed_since)
		imap_fetch_add(&r->fetch, IMAP_FETCH_MODSEQ);
	if (r->fetch.want & MAIL_WANT_MODSEQ)
		imap_enable(s, IMAP_CONDSTORE);
	r->changed_since = m->changed_since;
	r->sets_seen = r->fetch.sets_seen && !box->read_only && box->rights & RIGHT_SEEN;
	r->want = r->fetch.want | (r->sets_seen ? MAIL_WANT_FLAGS : 0);
	r->asked = uid_ranges_count(uids);
	r->uids = (struct imap_uid_walk){.in = cursor_on(uids)};
	r->view = imap_fetch_view_of(s);
	if (m->vanished)
		imap_ask(s, MAIL_CHANGES,
		    &(struct mail_changes){
		        .account = box->account, .mailbox = box->mailbox, .since = m->changed_since},
		    changes_came);
	else
		next_batch(s);
}

void imap_fetch(struct imap_session *s, struct imap_in *in)
{
	struct imap_fetch_run *r = new_run(s);
	struct modifiers m = {0};
	struct view uids = {0};
	struct imap_in set;
	imap_in_space(in);
	set = *in;
	if (imap_in_sequence_set(in, imap_by_uid(s), &uids) && imap_in_space(in) &&
	    imap_in_fetch(in, &r->fetch))
		take_modifiers(in, &m);
	if (imap_wrong(s, in) ||
	    (m.partial && imap_limit_refuses_count(s, m.partial_last - m.partial_first + 1)))
		return;
	if (m.vanished && !take_raw_set(&set, &r->asked_uids))
		imap_no_error(s, -ENOMEM, "the mailbox");
	else
		begin(s, r, uids, &m);
}
