/*
 * MAIL_FETCH: what is known of messages, streamed. A slice of the mailbox is listed, what of it is not asked
 * for is left out, and what does not stand in the list is fetched in batches; no more than the channel takes
 * is under way.
 */
#include <errno.h>
#include <string.h>

#include "base/container.h"
#include "base/mem.h"
#include "account/messages.h"
#include "role/store/question.h"
#include "role/store/right_message.h"
#include "mail/uid_ranges.h"
#include "role/store/store_private.h"

enum { GAP = 64 /* UIDs between two ranges that are listed as one: a block of flags */ };

/* What stands with the message in its mailbox, beside its flags. */
static const uint64_t OF_MESSAGE = MAIL_WANT_MODSEQ | MAIL_WANT_SIZE | MAIL_WANT_IDS | MAIL_WANT_DATES |
                                   MAIL_WANT_ORDER | MAIL_WANT_REFERENCES;
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
	struct buf entries;
	struct right_message message;
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
	right_message_done(&f->message);
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

/* What the list says of it. */
static struct mail_message message_of(struct right_fetch *f, size_t at)
{
	const struct account_listed *l = &f->listed[at];
	struct mail_message m = {.uid = l->uid,
	    .flags = l->flags,
	    .modseq = l->modseq,
	    .size = l->size + l->text_growth,
	    .internaldate = l->internaldate,
	    .savedate = l->savedate,
	    .emailid = l->emailid,
	    .thread = l->thread};
	right_message_begin(&f->message, l->flags & FLAG_MORE ? more_of(f, l->uid) : NULL, &m);
	if (f->orders)
		right_message_order(
		    &f->message, &f->orders[at].order, f->orders[at].hashes, f->orders[at].hash_count, &m);
	return m;
}

/* An entry that is too large for its texts comes without them: whoever wants them reads the message. */
static bool put(struct right_fetch *f, struct mail_message *m)
{
	if (mail_message_put(&f->entries, f->asked.want, m))
		return buf_view(&f->entries).len < MESSAGE_FRAME_BYTES || send_entries(f);
	if (!send_entries(f))
		return false;
	if (mail_message_put(&f->entries, f->asked.want, m))
		return true;
	right_message_shorten(m);
	if (mail_message_put(&f->entries, f->asked.want, m))
		return true;
	f->error = -ENOMEM;
	return false;
}

/* ---- what stands with the email ---- */

/* False when the question has ended of it. */
static bool answer_email(struct right_fetch *f, size_t i, const struct account_fetched *e)
{
	if (e->result == -ENOENT)
		return true; /* it went meanwhile */
	struct mail_message m = message_of(f, i);
	right_message_email(&f->message, e, &m);
	return put(f, &m);
}

/* Whether it can't be answered from the list; a summary that stands behind its body has the order. */
static bool needs_email(const struct right_fetch *f, size_t i)
{
	return right_message_needs_email(f->asked.want) ||
	       (f->asked.want & MAIL_WANT_ORDER && !f->orders[i].order.known);
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
	size_t count = 0;
	while (count < ACCOUNT_FETCH_MAX && f->next + count < f->count && needs_email(f, f->next + count)) {
		f->emails[count] = f->listed[f->next + count].emailid;
		count++;
	}
	f->base = f->next;
	f->call = right_message_fetch(&f->message, f->box.shard, f->emails, count);
	f->call.done = emails_read;
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
	return !(f->asked.want & OF_MESSAGE) && !right_message_needs_email(f->asked.want) &&
	       f->asked.changed_since == 0;
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
	buf_init(&f->entries, MESSAGE_ENTRIES_BYTES);
	right_message_init(&f->message, m->want, m->body_max);
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
