/*
 * What changed of emails, threads and mailboxes behind a state: see emails.h. First all that happened since
 * is gathered: what the log says of places that went and flags that changed, and the messages that came, from
 * the newest back to the first that was there before. Then each email is judged once: whether it was visible
 * then, by places that are older than the state or went since; and whether it is now.
 *
 * One slice does as much as a read may look at, so that a change or two take one read. A slice that is run
 * again begins with what the one before has left (`saved`).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account/email_events.h"
#include "base/container.h"
#include "base/mem.h"

enum {
	MEMBERS = 64,     /* of a thread, that are looked at in a row */
	RELATED_MAX = 500 /* emails whose threads are followed to mailboxes; of more any count may be other */
};

/* ---- whom it concerns ---- */

static int by_place(const void *a, const void *b)
{
	const struct email_event *x = a, *y = b;
	if (x->mailbox != y->mailbox)
		return x->mailbox < y->mailbox ? -1 : 1;
	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return x->modseq < y->modseq ? -1 : x->modseq > y->modseq;
}

/* The last event of the place tells whose it is, if any does: a message that went since its flags changed is
 * in no M any more. */
static size_t end_of_place(const struct email_event *events, size_t count, size_t begin, uint64_t *id)
{
	size_t end = begin;
	*id = 0;
	for (; end < count && events[end].mailbox == events[begin].mailbox &&
	       events[end].uid == events[begin].uid;
	     end++)
		*id = events[end].id ? events[end].id : *id;
	return end;
}

/* What happened to a place, one or more events in the order of time. */
static void add_touched(
    struct account_email_changes *c, const struct email_event *events, size_t count, uint64_t id)
{
	struct email_changes_work *w = c->work;
	const struct email_event *change = NULL;
	struct email_touched t = {.id = id};
	for (size_t i = 0; i < count; i++) {
		const struct email_event *e = &events[i];
		t.thread = e->thread ? e->thread : t.thread;
		if (e->modseq <= events_known(c, id))
			continue;
		/* Of a place that went there is no other word of its coming, which a state may lie behind. */
		uint64_t began = e->arrived > events_known(c, id) ? e->arrived : e->modseq;
		t.first = t.first && t.first < began ? t.first : began;
		change = change || e->what == EVENT_CAME ? change : e;
		t.was_there = t.was_there || (e->arrived && e->arrived <= events_known(c, id));
	}
	if (t.first == 0)
		return;
	/* It was there, and is to have been seen: by what it was before the first change. */
	t.was_there = t.was_there && !(change && change->deleted);
	w->touched[w->touched_count++] = t;
}

static int by_email(const void *a, const void *b)
{
	const struct email_touched *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Each email once. */
static void join_touched(struct email_changes_work *w)
{
	size_t kept = 0;
	if (w->touched_count > 1)
		qsort(w->touched, w->touched_count, sizeof *w->touched, by_email);
	for (size_t i = 0; i < w->touched_count; i++) {
		const struct email_touched *t = &w->touched[i];
		struct email_touched *last = kept ? &w->touched[kept - 1] : NULL;
		if (last == NULL || last->id != t->id) {
			w->touched[kept++] = *t;
			continue;
		}
		last->first = t->first < last->first ? t->first : last->first;
		last->thread = t->thread ? t->thread : last->thread;
		last->was_there = last->was_there || t->was_there;
	}
	w->touched_count = kept;
}

static int gather(struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	size_t count = w->now.events;
	uint64_t id;
	if (count > 1)
		qsort(w->events, count, sizeof *w->events, by_place);
	mem_free(w->touched);
	mem_free(w->order);
	w->touched_count = 0;
	w->touched = mem_try((count + 1) * sizeof *w->touched);
	w->order = mem_try((count + 1) * sizeof *w->order);
	if (w->touched == NULL || w->order == NULL)
		return -ENOMEM;
	for (size_t i = 0, end; i < count; i = end) {
		end = end_of_place(w->events, count, i, &id);
		if (id)
			add_touched(c, w->events + i, end - i, id);
	}
	join_touched(w);
	return 0;
}

/* Whether something happened to the place behind the state, so that `was_there` tells of it. */
static bool has_event(const struct account_email_changes *c, const struct account_place *place, uint64_t id)
{
	const struct email_changes_work *w = c->work;
	struct email_event sought = {
	    .mailbox = place->mailbox, .uid = place->uid, .modseq = events_known(c, id) + 1};
	size_t low = 0, high = w->now.events;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_place(&w->events[middle], &sought) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < w->now.events && w->events[low].mailbox == place->mailbox &&
	       w->events[low].uid == place->uid;
}

static int by_time(const void *a, const void *b)
{
	const struct email_told *x = a, *y = b;
	if (x->modseq != y->modseq)
		return x->modseq < y->modseq ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* The first ones, if not all may be told, and the state that lies behind them. */
static void choose(struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	for (size_t i = 0; i < w->touched_count; i++)
		w->order[i] = (struct email_told){w->touched[i].first, w->touched[i].id};
	w->taken = w->touched_count;
	if (c->max == 0 || w->touched_count <= c->max)
		return;
	qsort(w->order, w->touched_count, sizeof *w->order, by_time);
	w->taken = (size_t)c->max;
}

static struct email_touched *find_touched(const struct email_changes_work *w, uint64_t id)
{
	size_t low = 0, high = w->touched_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (w->touched[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < w->touched_count && w->touched[low].id == id ? &w->touched[low] : NULL;
}

/* ---- then and now ---- */

static void count_box(struct email_changes_work *w, uint32_t number)
{
	for (size_t i = 0; i < w->now.boxes; i++)
		if (w->boxes[i].number == number)
			w->boxes[i].counts = true;
}

/* Of an email that nothing happened to, `touched` is NULL. */
static int judge(struct account_email_changes *c, uint64_t id, struct email_touched *touched,
    struct email_touched *out, bool boxes)
{
	struct email_look *l = &c->work->look;
	struct account_places places;
	struct account_message m;
	struct email_touched t = touched ? *touched : (struct email_touched){.id = id};
	int error = look_places(l, id, &places);
	if (error)
		return error == -EBADMSG ? 0 : error;
	t.before = touched ? t.was_there : places.count > 0;
	t.now = places.count > 0;
	for (size_t i = 0; i < places.count && boxes; i++)
		count_box(c->work, places.at[i].mailbox);
	for (size_t i = 0; i < places.count && (!t.before || t.thread == 0); i++) {
		error = look_message(l, &places.at[i], false, &m);
		if (error == -ENOENT || error == -EBADMSG)
			continue;
		if (error)
			return error;
		t.before = t.before || (m.modseq <= events_known(c, id) && !has_event(c, &places.at[i], id));
		t.thread = m.thread;
	}
	*out = t;
	return 0;
}

static int judge_emails(struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	for (; w->now.next < w->taken; w->now.next++) {
		struct email_touched *t = find_touched(w, w->order[w->now.next].id);
		if (w->look.looked >= EVENTS_SLICE)
			return 1;
		int error = judge(c, t->id, t, t, false);
		if (error)
			return error;
	}
	w->now.next = 0;
	return 0;
}

/* ---- threads ---- */

static int by_id(const void *a, const void *b)
{
	const struct email_thread_changed *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int by_number(const void *number, const void *thread)
{
	const uint64_t *id = number;
	const struct email_thread_changed *y = thread;
	return *id < y->id ? -1 : *id > y->id;
}

/* What a flag changes in the counts of other mailboxes of its thread is told as long as it is not too much to
 * look at. */
static bool follows_all(const struct account_email_changes *c)
{
	return c->want & EMAIL_CHANGES_MAILBOXES && c->work->taken <= RELATED_MAX;
}

/* An email that went is no member of its thread any more, but it was one. */
static void remember_thread(struct email_changes_work *w, const struct email_touched *t)
{
	struct email_thread_changed *thread =
	    bsearch(&t->thread, w->threads, w->thread_count, sizeof *w->threads, by_number);
	if (thread == NULL)
		return;
	thread->before = thread->before || t->before || t->was_there;
	thread->now = thread->now || t->now;
}

static int gather_threads(struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	size_t count = 0, kept = 0;
	mem_free(w->threads);
	w->thread_count = 0;
	w->threads = mem_try((w->taken + 1) * sizeof *w->threads);
	if (w->threads == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < w->taken; i++) {
		const struct email_touched *t = find_touched(w, w->order[i].id);
		if (t->thread && (t->before != t->now || follows_all(c)))
			w->threads[count++] = (struct email_thread_changed){.id = t->thread};
	}
	if (count > 1)
		qsort(w->threads, count, sizeof *w->threads, by_id);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || w->threads[kept - 1].id != w->threads[i].id)
			w->threads[kept++] = w->threads[i];
	w->thread_count = kept;
	for (size_t i = 0; i < w->touched_count; i++)
		remember_thread(w, &w->touched[i]);
	return 0;
}

static int judge_member(struct account_email_changes *c, struct email_thread_changed *thread, uint64_t id)
{
	struct email_touched out = {0};
	int error = judge(c, id, find_touched(c->work, id), &out, follows_all(c));
	/* The number of the thread may be that of an email in another one. */
	if (error || out.thread != thread->id)
		return error;
	thread->before = thread->before || out.before;
	thread->now = thread->now || out.now;
	return 0;
}

static int judge_threads(struct txn *t, struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	uint64_t ids[MEMBERS];
	size_t count;
	while (w->now.next < w->thread_count) {
		struct email_thread_changed *thread = &w->threads[w->now.next];
		bool known_already = thread->before && thread->now && !follows_all(c);
		int error = 0;
		if (w->look.looked >= EVENTS_SLICE)
			return 1;
		if (w->now.behind == 0)
			error = judge_member(c, thread, thread->id);
		count = 0;
		if (error == 0 && !known_already)
			error = thread_members(t, c->shard, thread->id, w->now.behind, ids, MEMBERS, &count);
		for (size_t i = 0; i < count && error == 0; i++)
			error = judge_member(c, thread, ids[i]);
		if (error)
			return error;
		w->now.behind = count == MEMBERS ? ids[count - 1] : 0;
		w->now.next += count < MEMBERS;
	}
	return 0;
}

/* ---- the run ---- */

/* The state that is asked about, of what it is. */
static uint64_t state_of(const struct account_email_changes *c)
{
	const uint64_t *s = c->work->states;
	uint64_t state = c->since;
	if (c->want & EMAIL_CHANGES_EMAILS && s[MAIL_STATE_EMAILS] > state)
		state = s[MAIL_STATE_EMAILS];
	unsigned threads = c->who ? MAIL_STATE_EMAILS : MAIL_STATE_THREADS;
	if (c->want & EMAIL_CHANGES_THREADS && s[threads] > state)
		state = s[threads];
	if (c->want & EMAIL_CHANGES_MAILBOXES && s[MAIL_STATE_MAILBOXES] > state)
		state = s[MAIL_STATE_MAILBOXES];
	if (c->want & EMAIL_CHANGES_MAILBOXES && s[MAIL_STATE_COUNTS] > state)
		state = s[MAIL_STATE_COUNTS];
	return state;
}

static int begin(struct account_email_changes *c, const struct account_head *head)
{
	struct email_changes_work *w = c->work;
	if (c->since < head->log_floor || c->since > head->modseq)
		return -ESTALE;
	w->upto = head->modseq;
	memcpy(w->states, head->states, sizeof w->states);
	w->now.from = key_letter('G');
	return 0;
}

static int run_phase(struct txn *t, struct account_email_changes *c, const struct account_head *head)
{
	int error;
	switch (c->work->now.phase) {
	case CHANGES_BEGIN:
		return begin(c, head);
	case CHANGES_BOXES:
		/* Nothing is new: the owner's own mailboxes need no look. */
		if (c->who == NULL && state_of(c) == c->since && c->part == 0) {
			c->work->now.phase = CHANGES_END - 1;
			return 0;
		}
		return events_boxes(t, c);
	case CHANGES_LOG:
		return events_log(t, c);
	case CHANGES_ARRIVED:
		return events_arrived(t, c);
	case CHANGES_FLAGS:
		return events_flags(c);
	case CHANGES_GATHER:
		error = gather(c);
		if (error == 0)
			choose(c);
		return error;
	case CHANGES_JUDGE:
		error = judge_emails(c);
		return error == 0 && c->want & (EMAIL_CHANGES_THREADS | EMAIL_CHANGES_MAILBOXES)
		           ? gather_threads(c)
		           : error;
	case CHANGES_THREADS:
		return judge_threads(t, c);
	default:
		return 0;
	}
}

static int run_changes(struct txn *t, void *arg)
{
	struct account_email_changes *c = arg;
	struct email_changes_work *w = c->work;
	struct account_head head;
	w->now = w->saved;
	int error = look_begin(&w->look, t, c->shard, c->who, &head);
	while (error == 0 && w->now.phase != CHANGES_END) {
		error = run_phase(t, c, &head);
		if (error == 0)
			w->now.phase++;
	}
	return error < 0 ? error : 0;
}

/* ---- the results ---- */

static int tell_emails(struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	c->emails = mem_try((w->taken + 1) * sizeof *c->emails);
	c->threads = mem_try((w->thread_count + 1) * sizeof *c->threads);
	c->mailboxes = mem_try((w->now.boxes + 1) * sizeof *c->mailboxes);
	if (c->emails == NULL || c->threads == NULL || c->mailboxes == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < w->taken; i++) {
		const struct email_touched *t = find_touched(w, w->order[i].id);
		if (t->before || t->now)
			c->emails[c->email_count++] =
			    (struct account_email_changed){t->id, t->before, t->now};
	}
	for (size_t i = 0; i < w->thread_count; i++) {
		const struct email_thread_changed *t = &w->threads[i];
		if (t->before || t->now)
			c->threads[c->thread_count++] =
			    (struct account_email_changed){t->id, t->before, t->now};
	}
	for (size_t i = 0; i < w->now.boxes; i++) {
		const struct email_box *b = &w->boxes[i];
		if (b->created || b->changed || b->counts || c->work->taken > RELATED_MAX)
			c->mailboxes[c->mailbox_count++] =
			    (struct account_mailbox_changed){b->number, b->created, b->changed};
	}
	return 0;
}

static void tell_state(struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	c->access_now = c->who ? w->now.access : 0;
	c->more = w->taken < w->touched_count;
	if (c->more) {
		const struct email_told *last = &w->order[w->taken - 1];
		c->modseq = last->modseq - 1;
		c->new_part = last->id;
	} else {
		c->modseq = state_of(c);
	}
	c->destroyed = w->destroyed;
	c->destroyed_count = w->now.destroyed;
	w->destroyed = NULL;
}

static void free_work(struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	if (w == NULL)
		return;
	mem_free(w->boxes);
	mem_free(w->events);
	mem_free(w->destroyed);
	mem_free(w->touched);
	mem_free(w->order);
	mem_free(w->threads);
	mem_free(w);
	c->work = NULL;
}

static void slice_ended(struct store_read *read, int result)
{
	struct account_email_changes *c = container_of(read, struct account_email_changes, read);
	struct email_changes_work *w = c->work;
	w->saved = w->now;
	if (result == 0 && w->now.phase != CHANGES_END) {
		store_read(c->accounts->store, &c->read);
		return;
	}
	if (result == 0)
		result = tell_emails(c);
	if (result == 0)
		tell_state(c);
	free_work(c);
	c->done(c, result);
}

void account_email_changes(struct accounts *a, struct account_email_changes *c)
{
	c->accounts = a;
	c->emails = c->threads = NULL;
	c->mailboxes = NULL;
	c->destroyed = NULL;
	c->email_count = c->thread_count = c->mailbox_count = c->destroyed_count = 0;
	c->modseq = c->new_part = 0;
	c->more = false;
	c->work = mem_alloc(sizeof *c->work);
	c->read = (struct store_read){.shard = c->shard, .run = run_changes, .arg = c, .done = slice_ended};
	store_read(a->store, &c->read);
}

void account_email_changes_free(struct account_email_changes *c)
{
	free_work(c);
	mem_free(c->emails);
	mem_free(c->threads);
	mem_free(c->mailboxes);
	mem_free(c->destroyed);
	c->emails = c->threads = NULL;
	c->mailboxes = NULL;
	c->destroyed = NULL;
}
