/*
 * MAIL_FETCH: what is known of messages, streamed. A slice of the mailbox is listed, what of it is not asked
 * for is left out, and what does not stand in the list is fetched in batches; no more than the channel takes
 * is under way.
 */
#include "mail/message_wire.h"

#include <errno.h>
#include <string.h>

#include "base/container.h"
#include "base/mem.h"
#include "account/messages.h"
#include "format/limits.h"
#include "format/line_mend.h"
#include "mime/summary.h"
#include "role/store/question.h"
#include "mail/uid_ranges.h"
#include "role/store/store_private.h"

enum {
	FRAME_BYTES = 128 * 1024,   /* entries that go together; one more may come on top */
	ENTRIES_BYTES = 960 * 1024, /* of a frame at most: process/messages_mailbox.c */
	GAP = 64,                   /* UIDs between two ranges that are listed as one: a block of flags */
	BATCH_BYTES = 256 * 1024,   /* bodies that are read at a time */
	HEADER_FIRST = 16 * 1024    /* of a body, to find its header in */
};

/* What stands with the message in its mailbox, beside its flags; and with the email, behind one more read. */
static const uint64_t OF_MESSAGE =
    MAIL_WANT_MODSEQ | MAIL_WANT_SIZE | MAIL_WANT_DATES | MAIL_WANT_ORDER | MAIL_WANT_REFERENCES;
static const uint64_t OF_EMAIL = MAIL_WANT_IDS | MAIL_WANT_SUMMARY | MAIL_WANT_STRUCTURE | MAIL_WANT_HEADER |
                                 MAIL_WANT_BODY | MAIL_WANT_UIDL | MAIL_WANT_PREFIX | MAIL_WANT_SENDER;
/* These two stand behind what a list needs, and are read when they are wanted. */
static const uint64_t OF_ORDERS = MAIL_WANT_ORDER | MAIL_WANT_REFERENCES;

struct right_fetch {
	struct question question;
	struct right_mailbox box;
	struct mail_fetch asked; /* uids: of the copy below */
	struct buf uids;
	struct cursor left;   /* ranges that were not begun */
	uint32_t first, last; /* the UIDs to be listed next; first > last: none */
	bool ended;           /* nothing is left to be listed */
	uint64_t modseq;

	struct account_list list;
	struct account_listed *listed;       /* its messages: `count` of them are asked for */
	struct account_listed_order *orders; /* beside them, or NULL */
	uint64_t chosen;                     /* messages so far, of asked.limit */
	size_t count, next;                  /* next: the first that has not been answered */
	struct right_keywords keywords;
	uint32_t *more_uids; /* of those with FLAG_MORE */
	size_t more_count;

	/* Emails of the list from `base` on, in runs: while one is answered the next one is read. */
	struct account_fetch call;
	uint64_t emails[ACCOUNT_FETCH_MAX];
	size_t base;
	bool begun, reading;
	int error; /* ends the question when the run under way is back */
	struct buf entries, texts;
	char references[8 * ACCOUNT_HASHES_MAX]; /* of the message that is answered */
};

static struct right_fetch *fetch_of(struct question *question)
{
	return container_of(question, struct right_fetch, question);
}

static void release(struct question *question)
{
	struct right_fetch *f = fetch_of(question);
	buf_done(&f->uids);
	buf_done(&f->entries);
	buf_done(&f->texts);
	right_keywords_free(&f->keywords);
	account_fetch_free(&f->call);
	mem_free(f->listed);
	mem_free(f->orders);
	mem_free(f->more_uids);
}

static void proceed(struct right_fetch *f);

static void go_on(struct question *question)
{
	proceed(fetch_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

/* ---- entries ---- */

static bool send_entries(struct right_fetch *f)
{
	struct mail_messages m = {.entries = buf_view(&f->entries)};
	bool sent = m.entries.len == 0 || question_answer(&f->question, MAIL_MESSAGES, &m);
	buf_clear(&f->entries);
	return sent;
}

static const struct account_more *more_of(const struct right_fetch *f, uint32_t uid)
{
	for (size_t i = 0; i < f->more_count; i++)
		if (f->more_uids[i] == uid)
			return &f->keywords.names.more[i];
	return NULL;
}

static void add_order(struct right_fetch *f, const struct account_listed_order *o, struct mail_message *m)
{
	m->order = o->order;
	for (size_t i = 0; i < o->hash_count; i++)
		for (size_t k = 0; k < 8; k++)
			f->references[8 * i + k] = (char)(o->hashes[i] >> (56 - 8 * k));
	m->references = view_of(f->references, 8 * o->hash_count);
}

/* What the list says of it. */
static struct mail_message message_of(struct right_fetch *f, size_t at)
{
	const struct account_listed *l = &f->listed[at];
	struct mail_message m = {.uid = l->uid,
	    .flags = l->flags & ~FLAG_MORE,
	    .modseq = l->modseq,
	    .size = l->size + l->text_growth,
	    .internaldate = l->internaldate,
	    .savedate = l->savedate,
	    .emailid = l->emailid};
	const struct account_more *more = l->flags & FLAG_MORE ? more_of(f, l->uid) : NULL;
	if (more && more->count > 0) {
		buf_clear(&f->texts);
		for (size_t i = 0; i < more->count; i++)
			buf_append_u16(&f->texts, more->numbers[i]);
		m.more_keywords = buf_view(&f->texts);
		m.flags |= buf_failed(&f->texts) ? 0 : FLAG_MORE;
	}
	if (f->orders)
		add_order(f, &f->orders[at], &m);
	return m;
}

/* An entry that is too large for its texts comes without them: whoever wants them reads the message. */
static bool put(struct right_fetch *f, struct mail_message *m)
{
	if (mail_message_put(&f->entries, f->asked.want, m))
		return buf_view(&f->entries).len < FRAME_BYTES || send_entries(f);
	if (!send_entries(f))
		return false;
	if (mail_message_put(&f->entries, f->asked.want, m))
		return true;
	m->body_error = ENOMEM;
	m->summary = m->structure = m->header = m->body = m->sender = (struct view){0};
	m->has_body = false;
	if (mail_message_put(&f->entries, f->asked.want, m))
		return true;
	f->error = -ENOMEM;
	return false;
}

/* ---- what stands with the email ---- */

/* The empty line, or the end of a message that is a header alone. */
static bool find_header(struct view text, bool whole, size_t *len)
{
	struct view rest = text;
	while (rest.len > 0) {
		ptrdiff_t lf = view_find(rest, '\n');
		if (lf < 0)
			break;
		bool empty = lf == 0 || (lf == 1 && rest.data[0] == '\r');
		rest = view_skip(rest, (size_t)lf + 1);
		if (empty) {
			*len = text.len - rest.len;
			return true;
		}
	}
	*len = text.len;
	return whole;
}

static struct view join(struct right_fetch *f, struct view prefix, struct view rest, bool binary)
{
	size_t at = buf_view(&f->texts).len;
	struct line_mend mend = {0};
	buf_append(&f->texts, prefix);
	if (binary) {
		line_mend(&mend, rest, &f->texts);
		line_mend_end(&mend, &f->texts);
	} else {
		buf_append(&f->texts, rest);
	}
	/* The buffer may move: its start is put in at the end. */
	return view_of((const char *)(uintptr_t)at, buf_view(&f->texts).len - at);
}

static void place(const struct right_fetch *f, struct view *text)
{
	if (text->len)
		text->data = buf_view(&f->texts).data + (uintptr_t)text->data;
}

static void add_bytes(
    struct right_fetch *f, const struct account_fetched *e, bool binary, struct mail_message *m)
{
	uint64_t want = f->asked.want;
	bool whole = e->body.len == e->body_len;
	size_t header = 0;
	if (want & MAIL_WANT_HEADER) {
		if (find_header(e->body, whole, &header))
			m->header = join(f, e->prefix, view_take(e->body, header), binary);
		else
			m->body_error = EMSGSIZE;
	}
	m->has_body = want & MAIL_WANT_BODY && whole && m->size <= f->asked.body_max;
	if (m->has_body)
		m->body = join(f, e->prefix, e->body, binary);
}

/* A binary message has no structure here: its offsets are not those of what is sent. */
static void add_derived(
    struct right_fetch *f, const struct account_fetched *e, bool binary, struct mail_message *m)
{
	uint64_t want = f->asked.want;
	if (want & MAIL_WANT_SUMMARY)
		m->summary = e->summary;
	if (want & MAIL_WANT_STRUCTURE && !binary)
		m->structure = e->structure;
	if (want & MAIL_WANT_SENDER)
		m->sender = e->sender;
	if (want & MAIL_WANT_ORDER && !m->order.known)
		m->order = message_summary_order(e->summary);
}

/* False when the question has ended of it. */
static bool answer_email(struct right_fetch *f, size_t i, const struct account_fetched *e)
{
	struct mail_message m = message_of(f, i);
	bool binary = f->listed[i].flags & FLAG_BINARY;
	/* The more keywords stand at the beginning of the texts, if there are any. */
	size_t keywords = m.more_keywords.len;
	buf_truncate(&f->texts, keywords);
	if (e->result == -ENOENT)
		return true; /* it went meanwhile */
	if (e->result) {
		m.body_error = (uint64_t)-e->result;
	} else {
		m.thread = e->thread;
		m.prefix_len = e->prefix.len;
		m.uidl = e->uidl;
		add_derived(f, e, binary, &m);
		add_bytes(f, e, binary, &m);
	}
	if (buf_failed(&f->texts)) {
		m.header = m.body = (struct view){0};
		m.has_body = false;
		m.body_error = ENOMEM;
	}
	place(f, &m.header);
	place(f, &m.body);
	if (keywords)
		m.more_keywords = view_take(buf_view(&f->texts), keywords);
	bool goes_on = put(f, &m);
	if (goes_on)
		buf_clear(&f->texts);
	return goes_on;
}

/* Whether it can't be answered from the list; a summary that stands behind its body has the order. */
static bool needs_email(const struct right_fetch *f, size_t i)
{
	return f->asked.want & OF_EMAIL || (f->asked.want & MAIL_WANT_ORDER && !f->orders[i].order.known);
}

/* False when the question has ended of it, or will with the run that is still under way. */
static bool answer_run(struct right_fetch *f, size_t first, size_t count)
{
	bool goes_on = true;
	f->next = f->base + first;
	for (size_t i = 0; i < count && goes_on; i++)
		goes_on = answer_email(f, f->next + i, &f->call.messages[first + i]);
	f->next += count;
	return goes_on;
}

static void read_run(struct right_fetch *f)
{
	f->reading = true;
	question_call(&f->question);
	account_fetch_next(&f->call);
}

static void emails_read(struct account_fetch *call, int result)
{
	struct right_fetch *f = container_of(call, struct right_fetch, call);
	f->reading = false;
	if (!question_back(&f->question))
		return;
	if (f->error || result) {
		question_fail(&f->question, f->error ? f->error : result);
		return;
	}
	size_t first = call->first, count = call->count;
	bool last = first + count == call->found;
	if (!last && right_has_room(f->question.right))
		read_run(f);
	bool goes_on = answer_run(f, first, count);
	if (f->reading)
		return;
	if (last) {
		account_fetch_free(call);
		f->begun = false;
	}
	if (goes_on)
		proceed(f);
	else if (f->error)
		question_fail(&f->question, f->error);
}

static void read_emails(struct right_fetch *f)
{
	uint64_t want = f->asked.want;
	size_t count = 0;
	while (count < ACCOUNT_FETCH_MAX && f->next + count < f->count && needs_email(f, f->next + count)) {
		f->emails[count] = f->listed[f->next + count].emailid;
		count++;
	}
	f->base = f->next;
	f->call = (struct account_fetch){.shard = f->box.shard,
	    .emailids = f->emails,
	    .emailid_count = count,
	    .budget = want & (MAIL_WANT_BODY | MAIL_WANT_HEADER) ? BATCH_BYTES : 0,
	    .longest = want & MAIL_WANT_BODY && f->asked.body_max > 0 ? f->asked.body_max : 1,
	    .head = want & MAIL_WANT_HEADER ? HEADER_FIRST : 0,
	    .derived = (want & (MAIL_WANT_SUMMARY | MAIL_WANT_ORDER) ? ACCOUNT_SUMMARY : 0) |
	               (want & MAIL_WANT_STRUCTURE ? ACCOUNT_STRUCTURE : 0) |
	               (want & MAIL_WANT_SENDER ? ACCOUNT_SENDER : 0),
	    .ahead = true,
	    .done = emails_read};
	f->begun = f->reading = true;
	question_call(&f->question);
	account_fetch(&store_role.accounts, &f->call);
}

/* ---- the list ---- */

/* The next UIDs to be listed: a range, and those behind it that are near. */
static void next_range(struct right_fetch *f)
{
	uint32_t first, last;
	if (f->first <= f->last)
		return;
	if (!uid_ranges_next(&f->left, &f->first, &f->last)) {
		f->ended = true;
		return;
	}
	for (struct cursor ahead = f->left; uid_ranges_next(&ahead, &first, &last); f->left = ahead) {
		if (first - f->last > GAP)
			return;
		f->last = last;
	}
}

static bool is_asked_for(const struct right_fetch *f, const struct account_listed *l)
{
	const struct mail_fetch *m = &f->asked;
	return uid_ranges_have(m->uids, l->uid) && (l->flags & m->flags_with) == m->flags_with &&
	       !(l->flags & m->flags_without) && (m->changed_since == 0 || l->modseq > m->changed_since);
}

static bool is_enough(const struct right_fetch *f)
{
	return f->asked.limit && f->chosen == f->asked.limit;
}

static void choose(struct right_fetch *f)
{
	f->count = f->next = f->more_count = 0;
	for (size_t i = 0; i < f->list.count && !is_enough(f); i++)
		if (is_asked_for(f, &f->listed[i])) {
			f->listed[f->count] = f->listed[i];
			if (f->orders)
				f->orders[f->count] = f->orders[i];
			f->count++;
			f->chosen++;
		}
	if (is_enough(f))
		f->left = cursor_on((struct view){0});
	if (f->list.more && !is_enough(f))
		f->first = f->list.next;
	else
		f->first = UINT32_MAX, f->last = 0;
}

static void names_told(struct question *question, int error)
{
	if (error)
		question_fail(question, error);
	else
		proceed(fetch_of(question));
}

/* More messages with FLAG_MORE than one read looks up: the slice ends before them. */
static void end_slice_at(struct right_fetch *f, size_t i)
{
	f->first = f->listed[i].uid;
	f->last = f->list.last;
	f->chosen -= f->count - i;
	f->count = i;
}

/* Names that a message got since the list was read do no harm. */
static void tell_names(struct right_fetch *f)
{
	uint64_t keywords = 0;
	for (size_t i = 0; i < f->count; i++) {
		keywords |= f->listed[i].flags & ~(FLAGS_SYSTEM | FLAGS_OF_MESSAGE);
		if (!(f->listed[i].flags & FLAG_MORE))
			continue;
		if (f->more_count == ACCOUNT_LIST_MAX)
			end_slice_at(f, i);
		else
			f->more_uids[f->more_count++] = f->listed[i].uid;
	}
	if (keywords && f->asked.want & MAIL_WANT_FLAGS)
		right_keywords(&f->question, &f->keywords, &f->box, f->more_uids, f->more_count, names_told);
	else
		proceed(f);
}

static void listed(struct account_list *list, int result)
{
	struct right_fetch *f = container_of(list, struct right_fetch, list);
	if (!question_back(&f->question))
		return;
	if (result) {
		question_fail(&f->question, result);
		return;
	}
	if (f->modseq == 0)
		f->modseq = list->modseq;
	choose(f);
	tell_names(f);
}

static bool wants_flags_only(const struct right_fetch *f)
{
	return !(f->asked.want & (OF_MESSAGE | OF_EMAIL)) && f->asked.changed_since == 0;
}

/* Of a few messages the first slice has no room for thousands. */
static void list_slice(struct right_fetch *f)
{
	bool flags_only = wants_flags_only(f);
	size_t room = flags_only && f->asked.limit == 0 ? ACCOUNT_LIST_FLAGS_MAX : ACCOUNT_LIST_MAX;
	if (f->last - f->first < room)
		room = f->last - f->first + 1;
	if (room > f->list.room) {
		mem_free(f->listed);
		mem_free(f->orders);
		mem_free(f->more_uids);
		f->listed = mem_array(room, sizeof *f->listed);
		f->orders = f->asked.want & OF_ORDERS ? mem_array(room, sizeof *f->orders) : NULL;
		f->more_uids = mem_array(room, sizeof *f->more_uids);
	} else {
		room = f->list.room;
	}
	f->list = (struct account_list){.shard = f->box.shard,
	    .user = f->box.user,
	    .mailbox = f->box.mailbox,
	    .first = f->first,
	    .last = f->last,
	    .flags_only = flags_only,
	    .messages = f->listed,
	    .orders = f->orders,
	    .room = room,
	    .done = listed};
	question_call(&f->question);
	account_list(&store_role.accounts, &f->list);
}

/* What is listed is answered; then the next slice is listed, or the end has come. */
static void proceed(struct right_fetch *f)
{
	if (!right_has_room(f->question.right))
		return;
	for (; f->next < f->count; f->next++) {
		if (needs_email(f, f->next)) {
			if (f->begun)
				read_run(f);
			else
				read_emails(f);
			return;
		}
		struct mail_message m = message_of(f, f->next);
		if (put(f, &m))
			continue;
		if (f->error)
			question_fail(&f->question, f->error);
		return;
	}
	next_range(f);
	if (!f->ended) {
		list_slice(f);
		return;
	}
	if (send_entries(f))
		question_done(&f->question, &(struct mail_done){.modseq = f->modseq});
}

static void granted(struct question *question)
{
	proceed(fetch_of(question));
}

void right_fetch(struct right *r, uint32_t request, const void *message)
{
	const struct mail_fetch *m = message;
	struct right_fetch *f = question_begin(r, request, sizeof *f, &kind);
	f->asked = *m;
	f->first = UINT32_MAX;
	buf_init(&f->uids, MAIL_RANGES_MAX);
	buf_init(&f->entries, ENTRIES_BYTES);
	/* A header and a body with the prefix before each, a binary one's line ends, and some numbers. */
	buf_init(&f->texts, 4 * (MAIL_BODY_MAX + MIME_HEADER_MAX));
	if (m->uids.len == 0)
		uid_ranges_add(&f->uids, 1, UINT32_MAX);
	else
		buf_append(&f->uids, m->uids);
	f->asked.uids = buf_view(&f->uids);
	f->left = cursor_on(f->asked.uids);
	if (buf_failed(&f->uids))
		question_fail(&f->question, -ENOMEM);
	else if (!uid_ranges_valid(f->asked.uids, false))
		right_break(r, "bad-ranges");
	else
		right_access(&f->question, m->account, m->mailbox, RIGHT_READ, &f->box, granted);
}
