/* What emails are, and states of an account: see emails.h. */
#include "account/emails.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account/email_look.h"
#include "account/snooze.h"
#include "base/container.h"
#include "base/mem.h"

enum { SLICE = STORE_READ_KEYS_MAX - 8 };

/* ---- states ---- */

struct states_walk {
	struct account_states *states;
	size_t seen;
};

static int add_mailbox(void *arg, struct view key, struct view value)
{
	struct states_walk *w = arg;
	struct account_states *s = w->states;
	struct account_mailbox m;
	uint32_t number;
	int error = mailbox_decode(value, &m);
	if (error == 0 && !key_read_mailbox(key, &number))
		error = -EBADMSG;
	if (error)
		return error;
	if (look_may_read(&m, s->who))
		s->hash = look_access(s->hash, number);
	s->next = key_mailbox(number + 1);
	s->more = ++w->seen == SLICE;
	return 0;
}

static int run_states(struct txn *t, void *arg)
{
	struct account_states *s = arg;
	struct states_walk walk = {.states = s};
	struct account_head head;
	s->hash = s->slice_hash;
	s->next = s->from;
	s->more = false;
	int error = head_get(t, s->shard, &head);
	if (error)
		return error;
	if (s->from.len == key_letter('G').len || s->who == NULL) {
		s->modseq = head.modseq;
		memcpy(s->states, head.states, sizeof s->states);
	}
	if (s->who == NULL)
		return 0;
	struct account_key from = s->from, to = key_behind_letter('G');
	struct txn_range range = {
	    .shard = s->shard, .from = key_view(&from), .to = key_view(&to), .limit = SLICE};
	return txn_range(t, &range, add_mailbox, &walk);
}

static void states_read(struct store_read *read, int result)
{
	struct account_states *s = container_of(read, struct account_states, read);
	if (result == 0 && s->more) {
		s->slice_hash = s->hash;
		s->from = s->next;
		store_read(s->accounts->store, &s->read);
		return;
	}
	s->access = s->hash;
	s->done(s, result == 0 && s->who && s->access == 0 ? -ENOENT : result);
}

void account_states(struct accounts *a, struct account_states *s)
{
	s->accounts = a;
	s->from = key_letter('G');
	s->slice_hash = 0;
	s->read = (struct store_read){.shard = s->shard, .run = run_states, .arg = s, .done = states_read};
	store_read(a->store, &s->read);
}

/* ---- what emails are ---- */

static void add_place_of(struct account_email_info *e, uint32_t mailbox)
{
	size_t at = e->mailbox_count;
	while (at > 0 && e->mailboxes[at - 1] > mailbox)
		at--;
	if (at > 0 && e->mailboxes[at - 1] == mailbox)
		return;
	memmove(e->mailboxes + at + 1, e->mailboxes + at, (e->mailbox_count - at) * sizeof *e->mailboxes);
	e->mailboxes[at] = mailbox;
	e->mailbox_count++;
}

/* Both ascending; what finds no room is left out. */
static void join_more(struct account_more *to, const struct account_more *from)
{
	for (size_t i = 0; i < from->count; i++) {
		size_t at = to->count;
		while (at > 0 && to->numbers[at - 1] > from->numbers[i])
			at--;
		if ((at > 0 && to->numbers[at - 1] == from->numbers[i]) ||
		    to->count == ACCOUNT_MORE_KEYWORDS_MAX)
			continue;
		memmove(to->numbers + at + 1, to->numbers + at, (to->count - at) * sizeof *to->numbers);
		to->numbers[at] = from->numbers[i];
		to->count++;
	}
}

static void take_message(struct account_email_info *e, const struct account_message *m)
{
	if (e->mailbox_count > 0) {
		if (m->savedate < e->savedate)
			e->savedate = m->savedate;
		return;
	}
	e->thread = m->thread;
	e->size = m->size;
	e->text_growth = m->text_growth;
	e->internaldate = m->internaldate;
	e->savedate = m->savedate;
	e->order = m->order;
	e->hash_count = m->hash_count;
	memcpy(e->hashes, m->hashes, m->hash_count * sizeof m->hashes[0]);
}

static int take_place(struct account_emails *emails, struct email_look *l, const struct account_place *place,
    struct account_email_info *e)
{
	struct account_message m;
	struct account_more more;
	uint64_t flags, modseq;
	int error = look_message(l, place, true, &m);
	/* Only the index can be at fault, and it is looked at then. */
	if (error == -ENOENT)
		return -EBADMSG;
	if (error == 0)
		error = look_flags(l, place, &m, &flags, &modseq);
	if (error == 0)
		error = look_more(l, place, flags, &more);
	if (error)
		return error;
	take_message(e, &m);
	add_place_of(e, place->mailbox);
	if (modseq > e->modseq)
		e->modseq = modseq;
	if (more.count > 0 && !(e->flags & FLAG_MORE)) {
		e->more = emails->more_count++;
		emails->more[e->more].count = 0;
	}
	if (more.count > 0)
		join_more(&emails->more[e->more], &more);
	e->flags |= more.count > 0 ? flags : flags & ~FLAG_MORE;
	return 0;
}

static int take_snooze(struct account_emails *emails, struct email_look *l, const struct account_place *place,
    struct account_email_info *e)
{
	struct account_snooze *z = mem_alloc(sizeof *z);
	int error = snooze_get(l->txn, l->shard, *place, z);
	l->looked++;
	if (error == 0) {
		e->snooze_at = buf_view(emails->snoozes).len;
		e->awake = z->awake;
		error = mail_snooze_put(emails->snoozes, &z->s);
		e->snooze_len = buf_view(emails->snoozes).len - e->snooze_at;
	}
	mem_free(z);
	return error == -ENOENT ? 0 : error;
}

/* A damaged place is passed over: the email shows as far as it can be seen. */
static int take_email(struct account_emails *emails, struct email_look *l, uint64_t id)
{
	struct account_email_info *e = &emails->emails[emails->found];
	struct account_places places;
	memset(e, 0, offsetof(struct account_email_info, hashes));
	e->id = id;
	int error = look_places(l, id, &places);
	for (size_t i = 0; i < places.count && error == 0; i++) {
		error = take_place(emails, l, &places.at[i], e);
		if (error == 0 && emails->snoozes && e->snooze_len == 0)
			error = take_snooze(emails, l, &places.at[i], e);
		if (error == -EBADMSG)
			error = 0;
	}
	emails->found++;
	return error == -EBADMSG ? 0 : error;
}

static int run_emails(struct txn *t, void *arg)
{
	struct account_emails *e = arg;
	struct email_look look;
	struct account_head head;
	e->found = e->more_count = 0;
	int error = look_begin(&look, t, e->shard, e->who, &head);
	if (error)
		return error;
	e->emails_modseq = head.states[MAIL_STATE_EMAILS];
	if (e->snoozes)
		buf_clear(e->snoozes);
	while (error == 0 && e->found < e->count && look.looked < SLICE &&
	       e->more_count < ACCOUNT_EMAILS_MORE_MAX)
		error = take_email(e, &look, e->ids[e->found]);
	return error;
}

static void emails_read(struct store_read *read, int result)
{
	struct account_emails *e = container_of(read, struct account_emails, read);
	e->done(e, result);
}

void account_emails(struct accounts *a, struct account_emails *e)
{
	e->emails = mem_array(e->count ? e->count : 1, sizeof *e->emails);
	e->more = mem_array(ACCOUNT_EMAILS_MORE_MAX, sizeof *e->more);
	e->snoozes = e->with_snoozes && e->who == NULL ? mem_alloc(sizeof *e->snoozes) : NULL;
	if (e->snoozes)
		buf_init(e->snoozes, ACCOUNT_EMAILS_MAX * SNOOZE_BYTES_MAX);
	e->read = (struct store_read){.shard = e->shard, .run = run_emails, .arg = e, .done = emails_read};
	store_read(a->store, &e->read);
}

void account_emails_free(struct account_emails *e)
{
	mem_free(e->emails);
	mem_free(e->more);
	if (e->snoozes)
		buf_done(e->snoozes);
	mem_free(e->snoozes);
	e->snoozes = NULL;
	e->emails = NULL;
	e->more = NULL;
}

/* ---- threads ---- */

static int add_thread_email(struct email_look *l, struct account_thread_emails *t, uint64_t id)
{
	struct account_places places;
	struct account_message m;
	int error = look_places(l, id, &places);
	if (error || places.count == 0)
		return error == -EBADMSG ? 0 : error;
	error = look_message(l, &places.at[0], false, &m);
	if (error)
		return error == -EBADMSG || error == -ENOENT ? 0 : error;
	/* The number may be that of an email which joined another thread. */
	if (m.thread != t->threads[t->at.thread])
		return 0;
	if (t->at.count == t->room) {
		size_t room = t->room ? 2 * t->room : 64;
		struct account_thread_email *more = mem_try_resize(t->emails, room * sizeof *more);
		if (more == NULL)
			return -ENOMEM;
		t->emails = more;
		t->room = room;
	}
	t->emails[t->at.count++] = (struct account_thread_email){t->at.thread, id, m.internaldate};
	return 0;
}

struct thread_walk {
	uint64_t *ids;
	size_t count;
};

static int take_member(void *arg, struct view key, struct view value)
{
	struct thread_walk *w = arg;
	uint64_t thread;
	(void)value;
	return key_read_thread_email(key, &thread, &w->ids[w->count++]) ? 0 : -EBADMSG;
}

int thread_members(struct txn *t, uint64_t shard, uint64_t thread, uint64_t behind, uint64_t *ids,
    size_t room, size_t *count)
{
	struct thread_walk walk = {.ids = ids};
	struct account_key from = key_thread_email(thread, behind + 1), to = key_thread_email(thread + 1, 0);
	struct txn_range range = {
	    .shard = shard, .from = key_view(&from), .to = key_view(&to), .limit = room};
	*count = 0;
	int error = txn_range(t, &range, take_member, &walk);
	*count = walk.count;
	return error;
}

static int by_date(const void *a, const void *b)
{
	const struct account_thread_email *x = a, *y = b;
	if (x->internaldate != y->internaldate)
		return x->internaldate < y->internaldate ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* The next members of the thread, and its end if these were the last ones. */
static int read_members(struct email_look *l, struct account_thread_emails *t)
{
	enum { MEMBERS = 128 };
	uint64_t ids[MEMBERS], thread = t->threads[t->at.thread];
	size_t count;
	/* The email that gave the thread its number has no entry there. */
	int error = t->at.behind == 0 ? add_thread_email(l, t, thread) : 0;
	if (error == 0)
		error = thread_members(l->txn, t->shard, thread, t->at.behind, ids, MEMBERS, &count);
	for (size_t i = 0; error == 0 && i < count; i++)
		error = add_thread_email(l, t, ids[i]);
	if (error)
		return error;
	l->looked++;
	if (count == MEMBERS) {
		t->at.behind = ids[count - 1];
		return 0;
	}
	if (t->at.count - t->at.begun > 1)
		qsort(t->emails + t->at.begun, t->at.count - t->at.begun, sizeof *t->emails, by_date);
	t->at.begun = t->at.count;
	t->at.behind = 0;
	t->at.thread++;
	return 0;
}

static int run_threads(struct txn *txn, void *arg)
{
	struct account_thread_emails *t = arg;
	struct email_look look;
	struct account_head head;
	t->at = t->slice;
	int error = look_begin(&look, txn, t->shard, t->who, &head);
	if (error == 0 && t->at.thread == 0)
		t->threads_modseq = head.states[MAIL_STATE_THREADS];
	while (error == 0 && t->at.thread < t->thread_count && look.looked < SLICE / 2)
		error = read_members(&look, t);
	return error;
}

static void threads_read(struct store_read *read, int result)
{
	struct account_thread_emails *t = container_of(read, struct account_thread_emails, read);
	t->slice = t->at;
	if (result == 0 && t->at.thread < t->thread_count) {
		store_read(t->accounts->store, &t->read);
		return;
	}
	t->count = t->at.count;
	t->done(t, result);
}

void account_thread_emails(struct accounts *a, struct account_thread_emails *t)
{
	t->accounts = a;
	t->emails = NULL;
	t->room = t->count = 0;
	memset(&t->slice, 0, sizeof t->slice);
	t->read = (struct store_read){.shard = t->shard, .run = run_threads, .arg = t, .done = threads_read};
	store_read(a->store, &t->read);
}

void account_thread_emails_free(struct account_thread_emails *t)
{
	mem_free(t->emails);
	t->emails = NULL;
	t->count = t->room = 0;
}
