/* Gathering what happened behind a state: see email_events.h. */
#include "account/email_events.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

/* Room for one more; false without memory. */
static bool grow(void **items, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return true;
	size_t more = *room ? 2 * *room : 64;
	void *bigger = mem_try_resize(*items, more * size);
	if (bigger == NULL)
		return false;
	*items = bigger;
	*room = more;
	return true;
}
#define GROW(items, room, count) grow((void **)&(items), &(room), (count), sizeof *(items))

/* ---- mailboxes ---- */

static int add_box(void *arg, struct view key, struct view value)
{
	struct account_email_changes *c = arg;
	struct email_changes_work *w = c->work;
	struct account_mailbox m;
	uint32_t number;
	int error = mailbox_decode(value, &m);
	if (error == 0 && !key_read_mailbox(key, &number))
		error = -EBADMSG;
	if (error)
		return error;
	w->look.looked++;
	w->now.from = key_mailbox(number + 1);
	if (!look_may_read(&m, c->who))
		return w->look.looked >= EVENTS_SLICE;
	if (!GROW(w->boxes, w->box_room, w->now.boxes))
		return -ENOMEM;
	w->boxes[w->now.boxes++] = (struct email_box){.number = number,
	    .created = m.created_modseq > c->since,
	    .changed = m.modseq > c->since,
	    .counts = m.messages_modseq > c->since,
	    .messages_modseq = m.messages_modseq};
	if (c->who)
		w->now.access = look_access(w->now.access, number);
	return w->look.looked >= EVENTS_SLICE;
}

int events_boxes(struct txn *t, struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	struct account_key from = w->now.from, to = key_behind_letter('G');
	struct txn_range range = {.shard = c->shard, .from = key_view(&from), .to = key_view(&to)};
	int error = txn_range(t, &range, add_box, c);
	if (error)
		return error;
	if (c->who && w->now.access != c->access)
		return w->now.access == 0 ? -ENOENT : -ESTALE;
	w->now.from = key_log(c->since + 1, (enum account_kind)0, 0);
	return 0;
}

static bool is_box(const struct email_changes_work *w, uint32_t number)
{
	size_t low = 0, high = w->now.boxes;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (w->boxes[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < w->now.boxes && w->boxes[low].number == number;
}

/* ---- what happened ---- */

static int add_event(struct account_email_changes *c, const struct email_event *e)
{
	struct email_changes_work *w = c->work;
	if (e->modseq > w->upto)
		return 0;
	if (w->now.events >= ACCOUNT_EVENTS_MAX)
		return -E2BIG;
	if (!GROW(w->events, w->event_room, w->now.events))
		return -ENOMEM;
	w->events[w->now.events++] = *e;
	return 0;
}

static int add_places(
    struct account_email_changes *c, uint64_t modseq, uint64_t id, const struct account_log *log)
{
	uint32_t mailbox = (uint32_t)(id >> 32), first = (uint32_t)id * ACCOUNT_BLOCK;
	int error = 0;
	/* Of the owner's own the mailbox may be gone as well. */
	if (c->who && !is_box(c->work, mailbox))
		return 0;
	for (uint64_t left = log->gone | log->changed; left && error == 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		struct email_event e = {.modseq = modseq,
		    .mailbox = mailbox,
		    .uid = first + i,
		    .what = EVENT_FLAGS,
		    .deleted = log->deleted >> i & 1};
		if (log->gone >> i & 1) {
			e.what = EVENT_WENT;
			e.id = log->emailids[i];
			e.thread = log->threads[i];
			e.arrived = log->arrived[i];
		}
		error = add_event(c, &e);
	}
	return error;
}

static int add_logged(void *arg, struct view key, struct view value)
{
	struct account_email_changes *c = arg;
	struct email_changes_work *w = c->work;
	struct account_log log;
	uint64_t modseq, id;
	enum account_kind kind;
	if (!key_read_log(key, &modseq, &kind, &id))
		return -EBADMSG;
	memcpy(w->now.from.data, key.data, key.len);
	w->now.from.data[key.len] = '\0';
	w->now.from.len = key.len + 1;
	w->look.looked++;
	int error = 0;
	if (kind == KIND_PLACES) {
		error = log_decode(value, &log);
		if (error == 0)
			error = add_places(c, modseq, id, &log);
	} else if (kind == KIND_MAILBOX) {
		if (!GROW(w->destroyed, w->destroyed_room, w->now.destroyed))
			return -ENOMEM;
		w->destroyed[w->now.destroyed++] = id;
	}
	return error ? error : w->look.looked >= EVENTS_SLICE;
}

int events_log(struct txn *t, struct account_email_changes *c)
{
	struct account_key from = c->work->now.from, to = key_behind_letter('L');
	struct txn_range range = {.shard = c->shard, .from = key_view(&from), .to = key_view(&to)};
	return txn_range(t, &range, add_logged, c);
}

/* Backwards, to the first that was there before: 2. */
static int add_arrived(void *arg, struct view key, struct view value)
{
	struct account_email_changes *c = arg;
	struct email_changes_work *w = c->work;
	struct account_message m;
	uint32_t mailbox;
	if (!key_read_message(key, &mailbox, &w->now.below))
		return -EBADMSG;
	w->look.looked++;
	/* A damaged one is passed over: it can't be shown. */
	if (message_decode_short(value, &m) != 0)
		return w->look.looked >= EVENTS_SLICE;
	if (m.modseq <= c->since)
		return 2;
	struct email_event e = {.modseq = m.modseq,
	    .id = m.emailid,
	    .thread = m.thread,
	    .arrived = m.modseq,
	    .mailbox = mailbox,
	    .uid = w->now.below,
	    .what = EVENT_CAME};
	int error = add_event(c, &e);
	return error ? error : w->look.looked >= EVENTS_SLICE;
}

int events_arrived(struct txn *t, struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	for (; w->now.next < w->now.boxes; w->now.next++, w->now.below = 0) {
		const struct email_box *b = &w->boxes[w->now.next];
		if (b->messages_modseq <= c->since)
			continue;
		if (w->look.looked >= EVENTS_SLICE)
			return 1;
		struct account_key from = key_message(b->number, 0);
		struct account_key to =
		    w->now.below ? key_message(b->number, w->now.below) : key_message(b->number + 1, 0);
		struct txn_range range = {
		    .shard = c->shard, .from = key_view(&from), .to = key_view(&to), .backwards = true};
		int error = txn_range(t, &range, add_arrived, c);
		if (error == 1 || error < 0)
			return error;
	}
	w->now.next = 0;
	return 0;
}

int events_flags(struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	for (; w->now.next < w->now.events; w->now.next++) {
		struct email_event *e = &w->events[w->now.next];
		struct account_message m;
		if (e->what != EVENT_FLAGS)
			continue;
		if (w->look.looked >= EVENTS_SLICE)
			return 1;
		int error = look_message(&w->look, &(struct account_place){e->mailbox, e->uid}, false, &m);
		if (error == 0) {
			e->id = m.emailid;
			e->thread = m.thread;
			e->arrived = m.modseq;
		} else if (error != -ENOENT && error != -EBADMSG) {
			return error;
		}
	}
	w->now.next = 0;
	return 0;
}
