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

#include "account/email_look.h"
#include "account/emails.h"
#include "base/container.h"
#include "base/mem.h"

enum {
	SLICE = STORE_READ_KEYS_MAX - 40,
	MEMBERS = 64,     /* of a thread, that are looked at in a row */
	RELATED_MAX = 500 /* emails whose threads are followed to mailboxes; of more any count may be other */
};

/* Something happened to an email. arrived: of a place that went, when it had come; 0: it did not go. */
struct event {
	uint64_t id, modseq, arrived, thread;
};

/* The flags of a message changed, whose email is not known yet. */
struct pending {
	uint64_t modseq;
	uint32_t mailbox, uid;
};

struct touched {
	uint64_t id, first; /* first: modseq of the first event behind the state */
	uint64_t thread;    /* 0: not known yet */
	bool was_there;     /* a place went that is older than the state */
	bool before, now;   /* once it has been judged */
};

/* A state lies between two of these. */
struct told {
	uint64_t modseq, id;
};

struct box {
	uint32_t number;
	bool created, changed, counts;
	uint64_t messages_modseq;
};

struct thread {
	uint64_t id;
	bool before, now;
};

enum phase { BEGIN, BOXES, LOG, ARRIVED, FLAGS, GATHER, JUDGE, THREADS, END };

struct state {
	enum phase phase;
	struct account_key from; /* G or L */
	size_t boxes, events, pending, destroyed;
	size_t next;     /* of boxes, pending, touched or threads */
	uint32_t below;  /* ARRIVED: UIDs below it are left; 0: of all */
	uint64_t behind; /* THREADS: members up to it are done */
	uint64_t access;
};

struct email_changes_work {
	struct state saved, now;
	uint64_t upto; /* what happened later is for the next time */
	uint64_t states[MAIL_STATES];
	struct email_look look;
	struct box *boxes;
	size_t box_room;
	struct event *events;
	size_t event_room;
	struct pending *pending;
	size_t pending_room;
	uint64_t *destroyed; /* mailboxes */
	size_t destroyed_room;
	struct touched *touched; /* by id */
	size_t touched_count, taken;
	struct told *order; /* by modseq, then id; the first `taken` are told */
	struct thread *threads;
	size_t thread_count;
};

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

/* What is known of an email in the state: a part of the changes of one modseq may be. */
static uint64_t known(const struct account_email_changes *c, uint64_t id)
{
	return c->since + (id <= c->part ? 1 : 0);
}

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
		return w->look.looked >= SLICE;
	if (!GROW(w->boxes, w->box_room, w->now.boxes))
		return -ENOMEM;
	w->boxes[w->now.boxes++] = (struct box){.number = number,
	    .created = m.created_modseq > c->since,
	    .changed = m.modseq > c->since,
	    .counts = m.messages_modseq > c->since,
	    .messages_modseq = m.messages_modseq};
	if (c->who)
		w->now.access = look_access(w->now.access, number);
	return w->look.looked >= SLICE;
}

/* 0: go on with the next phase; 1: the slice is full. The same of all phases. */
static int read_boxes(struct txn *t, struct account_email_changes *c)
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

static int add_event(struct account_email_changes *c, const struct event *e)
{
	struct email_changes_work *w = c->work;
	if (e->modseq > w->upto || e->modseq <= known(c, e->id))
		return 0;
	if (w->now.events + w->now.pending >= ACCOUNT_EVENTS_MAX)
		return -E2BIG;
	if (!GROW(w->events, w->event_room, w->now.events))
		return -ENOMEM;
	w->events[w->now.events++] = *e;
	return 0;
}

static int add_pending(struct account_email_changes *c, const struct pending *p)
{
	struct email_changes_work *w = c->work;
	if (w->now.events + w->now.pending >= ACCOUNT_EVENTS_MAX)
		return -E2BIG;
	if (!GROW(w->pending, w->pending_room, w->now.pending))
		return -ENOMEM;
	w->pending[w->now.pending++] = *p;
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
	for (uint64_t left = log->gone; left && error == 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		struct event e = {log->emailids[i], modseq, log->arrived[i], log->threads[i]};
		error = add_event(c, &e);
	}
	if (!is_box(c->work, mailbox))
		return error;
	for (uint64_t left = log->changed; left && error == 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		error = add_pending(c, &(struct pending){modseq, mailbox, first + i});
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
	return error ? error : w->look.looked >= SLICE;
}

static int read_log(struct txn *t, struct account_email_changes *c)
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
		return w->look.looked >= SLICE;
	if (m.modseq <= c->since)
		return 2;
	struct event e = {m.emailid, m.modseq, 0, m.thread};
	int error = add_event(c, &e);
	return error ? error : w->look.looked >= SLICE;
}

static int read_arrived(struct txn *t, struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	for (; w->now.next < w->now.boxes; w->now.next++, w->now.below = 0) {
		const struct box *b = &w->boxes[w->now.next];
		if (b->messages_modseq <= c->since)
			continue;
		if (w->look.looked >= SLICE)
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

static int read_flags(struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	for (; w->now.next < w->now.pending; w->now.next++) {
		const struct pending *p = &w->pending[w->now.next];
		struct account_message m;
		if (w->look.looked >= SLICE)
			return 1;
		int error = look_message(&w->look, &(struct account_place){p->mailbox, p->uid}, false, &m);
		/* What went since is in the log as well. */
		if (error == 0)
			error = add_event(c, &(struct event){m.emailid, p->modseq, 0, m.thread});
		if (error && error != -ENOENT && error != -EBADMSG)
			return error;
	}
	w->now.next = 0;
	return 0;
}

/* ---- whom it concerns ---- */

static int by_email(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->modseq < y->modseq ? -1 : x->modseq > y->modseq;
}

static int gather(struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	size_t count = w->now.events;
	if (count > 1)
		qsort(w->events, count, sizeof *w->events, by_email);
	mem_free(w->touched);
	mem_free(w->order);
	w->touched_count = 0;
	w->touched = mem_try((count + 1) * sizeof *w->touched);
	w->order = mem_try((count + 1) * sizeof *w->order);
	if (w->touched == NULL || w->order == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct event *e = &w->events[i];
		struct touched *t = w->touched_count ? &w->touched[w->touched_count - 1] : NULL;
		if (t == NULL || t->id != e->id) {
			t = &w->touched[w->touched_count++];
			*t = (struct touched){.id = e->id, .first = e->modseq};
		}
		t->was_there = t->was_there || (e->arrived && e->arrived <= known(c, e->id));
		t->thread = e->thread ? e->thread : t->thread;
	}
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct told *x = a, *y = b;
	if (x->modseq != y->modseq)
		return x->modseq < y->modseq ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* The first ones, if not all may be told, and the state that lies behind them. */
static void choose(struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	for (size_t i = 0; i < w->touched_count; i++)
		w->order[i] = (struct told){w->touched[i].first, w->touched[i].id};
	w->taken = w->touched_count;
	if (c->max == 0 || w->touched_count <= c->max)
		return;
	qsort(w->order, w->touched_count, sizeof *w->order, by_time);
	w->taken = (size_t)c->max;
}

static struct touched *find_touched(const struct email_changes_work *w, uint64_t id)
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
static int judge(
    struct account_email_changes *c, uint64_t id, struct touched *touched, struct touched *out, bool boxes)
{
	struct email_look *l = &c->work->look;
	struct account_places places;
	struct account_message m;
	struct touched t = touched ? *touched : (struct touched){.id = id};
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
		t.before = t.before || m.modseq <= known(c, id);
		t.thread = m.thread;
	}
	*out = t;
	return 0;
}

static int judge_emails(struct account_email_changes *c)
{
	struct email_changes_work *w = c->work;
	for (; w->now.next < w->taken; w->now.next++) {
		struct touched *t = find_touched(w, w->order[w->now.next].id);
		if (w->look.looked >= SLICE)
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
	const struct thread *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* What a flag changes in the counts of other mailboxes of its thread is told as long as it is not too much to
 * look at. */
static bool follows_all(const struct account_email_changes *c)
{
	return c->want & EMAIL_CHANGES_MAILBOXES && c->work->taken <= RELATED_MAX;
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
		const struct touched *t = find_touched(w, w->order[i].id);
		if (t->thread && (t->before != t->now || follows_all(c)))
			w->threads[count++] = (struct thread){.id = t->thread};
	}
	if (count > 1)
		qsort(w->threads, count, sizeof *w->threads, by_id);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || w->threads[kept - 1].id != w->threads[i].id)
			w->threads[kept++] = w->threads[i];
	w->thread_count = kept;
	return 0;
}

static int judge_member(struct account_email_changes *c, struct thread *thread, uint64_t id)
{
	struct touched out = {0};
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
		struct thread *thread = &w->threads[w->now.next];
		bool known_already = thread->before && thread->now && !follows_all(c);
		int error = 0;
		if (w->look.looked >= SLICE)
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
	case BEGIN:
		return begin(c, head);
	case BOXES:
		/* Nothing is new: the owner's own mailboxes need no look. */
		if (c->who == NULL && state_of(c) == c->since && c->part == 0) {
			c->work->now.phase = END - 1;
			return 0;
		}
		return read_boxes(t, c);
	case LOG:
		return read_log(t, c);
	case ARRIVED:
		return read_arrived(t, c);
	case FLAGS:
		return read_flags(c);
	case GATHER:
		error = gather(c);
		if (error == 0)
			choose(c);
		return error;
	case JUDGE:
		error = judge_emails(c);
		return error == 0 && c->want & (EMAIL_CHANGES_THREADS | EMAIL_CHANGES_MAILBOXES)
		           ? gather_threads(c)
		           : error;
	case THREADS:
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
	while (error == 0 && w->now.phase != END) {
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
		const struct touched *t = find_touched(w, w->order[i].id);
		if (t->before || t->now)
			c->emails[c->email_count++] =
			    (struct account_email_changed){t->id, t->before, t->now};
	}
	for (size_t i = 0; i < w->thread_count; i++) {
		const struct thread *t = &w->threads[i];
		if (t->before || t->now)
			c->threads[c->thread_count++] =
			    (struct account_email_changed){t->id, t->before, t->now};
	}
	for (size_t i = 0; i < w->now.boxes; i++) {
		const struct box *b = &w->boxes[i];
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
		const struct told *last = &w->order[w->taken - 1];
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
	mem_free(w->pending);
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
	if (result == 0 && w->now.phase != END) {
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
