/* Tallies (ledger/tally.h): counted for smtp and relay, read and dropped by relay, which makes reports of
 * them. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "ledger/tally.h"
#include "role/store/store_private.h"

/* ---- counting ---- */

struct tally_adding {
	struct store_commit commit;
	struct asked asked;
	unsigned kind;
	struct arena arena;
	struct tally *items;
	size_t count;
	unsigned left_out; /* rows that found no room */
};

static int run_add(struct txn *t, void *arg)
{
	struct tally_adding *a = arg;
	int result = 0;
	a->left_out = 0;
	for (size_t i = 0; i < a->count && result >= 0; i++) {
		result = tally_add(t, a->kind, &a->items[i]);
		a->left_out += result == 1;
	}
	return result < 0 ? result : 0;
}

static void added(struct store_commit *commit, int result)
{
	struct tally_adding *a = container_of(commit, struct tally_adding, commit);
	struct message_result m = {.error = result};
	if (result == 0 && a->left_out > 0)
		log_event(LOG_WARNING, "-", "tallies-full", log_u64("kind", a->kind),
		    log_u64("left-out", a->left_out));
	asked_answer(&a->asked, MESSAGE_TALLY_ADDED, &m);
	arena_done(&a->arena);
	mem_free(a);
}

/* A day that is still reported on, and will be: tomorrow's too, for its first second may come before ours. */
static bool is_near(uint64_t day, uint32_t today)
{
	return day <= today + 1 && day + TALLY_DAYS >= today;
}

static bool copy_tallies(struct tally_adding *a, const struct message_tally_add *m)
{
	const struct message_tally *from = m->tallies.items, *end = from + m->tallies.count;
	uint32_t today = tally_day(clock_wall());
	a->items = arena_array(&a->arena, m->tallies.count, sizeof *a->items);
	if (a->items == NULL)
		return false;
	for (; from < end; from++) {
		if (from->count == 0 || !is_near(from->day, today))
			continue;
		struct tally *to = &a->items[a->count++];
		*to = (struct tally){.day = (uint32_t)from->day, .count = from->count};
		if (!arena_copy(&a->arena, from->subject, &to->subject) ||
		    !arena_copy(&a->arena, from->policy, &to->policy) ||
		    !arena_copy(&a->arena, from->row, &to->row))
			return false;
	}
	return true;
}

void store_tally_add(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_tally_add *m = message;
	/* Each counts what it sees. */
	int error = m->kind == (link->peer == ROLE_SMTP ? TALLY_DMARC : TALLY_TLS) ? 0 : -EACCES;
	struct tally_adding *a = mem_alloc(sizeof *a);
	if (error || !asked_begin(&a->asked, link, frame)) {
		struct message_result refused = {.error = error ? error : -EBUSY};
		ipc_send(&link->channel, MESSAGE_TALLY_ADDED, frame->request, &refused, -1);
		mem_free(a);
		return;
	}
	a->kind = (unsigned)m->kind;
	arena_init(&a->arena, 1 << 20); /* twice what a frame holds */
	a->commit = (struct store_commit){.run = run_add, .arg = a, .done = added, .large = true};
	if (!copy_tallies(a, m)) {
		added(&a->commit, -ENOMEM);
		return;
	}
	store_commit(store_role.store, &a->commit);
}

/* ---- the next subject ---- */

struct tally_seeking {
	struct store_read read;
	struct asked asked;
	unsigned kind;
	uint32_t before;
	struct tally_subject after, found;
};

static struct tally_subject subject_of(uint64_t day, struct view name)
{
	struct tally_subject s = {.day = (uint32_t)day};
	memcpy(s.name, name.data, name.len < sizeof s.name ? name.len : sizeof s.name - 1);
	return s;
}

static int run_next(struct txn *t, void *arg)
{
	struct tally_seeking *s = arg;
	return tally_next(t, s->kind, s->before, &s->after, &s->found);
}

static void sought(struct store_read *read, int result)
{
	struct tally_seeking *s = container_of(read, struct tally_seeking, read);
	struct message_tally_subject m = {.error = result};
	if (result == 0)
		m = (struct message_tally_subject){.day = s->found.day,
		    .subject = view_from_string(s->found.name),
		    .left_out = s->found.left_out};
	asked_answer(&s->asked, MESSAGE_TALLY_SUBJECT, &m);
	mem_free(s);
}

void store_tally_next(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_tally_next *m = message;
	struct tally_seeking *s = mem_alloc(sizeof *s);
	if (!asked_begin(&s->asked, link, frame)) {
		struct message_tally_subject busy = {.error = -EBUSY};
		ipc_send(&link->channel, MESSAGE_TALLY_SUBJECT, frame->request, &busy, -1);
		mem_free(s);
		return;
	}
	s->kind = (unsigned)m->kind;
	s->before = (uint32_t)m->before;
	s->after = subject_of(m->day, m->subject);
	s->read = (struct store_read){.shard = LEDGER_SHARD, .run = run_next, .arg = s, .done = sought};
	store_read(store_role.store, &s->read);
}

/* ---- what a subject has ---- */

struct tally_listing {
	struct store_read read;
	struct asked asked;
	unsigned kind;
	struct tally_subject subject;
	struct tally_place from, place;
	struct arena arena;
	struct message_tally items[TALLY_LIST_MAX];
	size_t count;
	bool more;
};

static int take_tally(void *arg, const struct tally *entry)
{
	struct tally_listing *l = arg;
	struct message_tally *m = &l->items[l->count];
	*m = (struct message_tally){.day = entry->day, .count = entry->count};
	if (!arena_copy(&l->arena, entry->policy, &m->policy) || !arena_copy(&l->arena, entry->row, &m->row))
		return -ENOMEM;
	l->count++;
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct tally_listing *l = arg;
	l->count = 0;
	l->place = l->from;
	arena_reset(&l->arena);
	return tally_list(t, l->kind, &l->subject, &l->place, take_tally, l, &l->more);
}

static void listed(struct store_read *read, int result)
{
	struct tally_listing *l = container_of(read, struct tally_listing, read);
	struct message_tally_rows m = {.error = result};
	if (result == 0)
		m = (struct message_tally_rows){.more = l->more,
		    .policy = l->place.policy,
		    .row = l->place.row,
		    .tallies = {.items = l->items, .count = l->count}};
	asked_answer(&l->asked, MESSAGE_TALLY_ROWS, &m);
	arena_done(&l->arena);
	mem_free(l);
}

void store_tally_list(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_tally_list *m = message;
	struct tally_listing *l = mem_alloc(sizeof *l);
	if (!asked_begin(&l->asked, link, frame)) {
		struct message_tally_rows busy = {.error = -EBUSY};
		ipc_send(&link->channel, MESSAGE_TALLY_ROWS, frame->request, &busy, -1);
		mem_free(l);
		return;
	}
	l->kind = (unsigned)m->kind;
	l->subject = subject_of(m->day, m->subject);
	l->from = (struct tally_place){.policy = m->policy, .row = m->row, .begun = m->begun};
	arena_init(&l->arena, 1 << 20);
	l->read = (struct store_read){.shard = LEDGER_SHARD, .run = run_list, .arg = l, .done = listed};
	store_read(store_role.store, &l->read);
}

/* ---- removing ---- */

struct tally_dropping {
	struct store_commit commit;
	struct asked asked;
	unsigned kind;
	struct tally_subject subject;
	bool more;
};

static int run_drop(struct txn *t, void *arg)
{
	struct tally_dropping *d = arg;
	return tally_drop(t, d->kind, &d->subject, &d->more);
}

static void dropped(struct store_commit *commit, int result)
{
	struct tally_dropping *d = container_of(commit, struct tally_dropping, commit);
	if (result == 0 && d->more && !store_role.draining) {
		store_commit(store_role.store, commit);
		return;
	}
	struct message_result m = {.error = result};
	asked_answer(&d->asked, MESSAGE_TALLY_DROPPED, &m);
	mem_free(d);
}

void store_tally_drop(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_tally_drop *m = message;
	struct tally_dropping *d = mem_alloc(sizeof *d);
	if (!asked_begin(&d->asked, link, frame)) {
		struct message_result busy = {.error = -EBUSY};
		ipc_send(&link->channel, MESSAGE_TALLY_DROPPED, frame->request, &busy, -1);
		mem_free(d);
		return;
	}
	d->kind = (unsigned)m->kind;
	d->subject = subject_of(m->day, m->subject);
	d->commit = (struct store_commit){
	    .run = run_drop, .arg = d, .done = dropped, .large = true, .frees_space = true};
	store_commit(store_role.store, &d->commit);
}

/* ---- upkeep ---- */

static struct {
	struct store_commit commit;
	unsigned kind, next;
	uint32_t today;
	bool running;
} expiry;

/* Too old; or counted while the clock was wrong, on a day that is still to come. */
static int find_expired(struct txn *t, struct tally_subject *out)
{
	int error = tally_next(t, expiry.kind, expiry.today - TALLY_DAYS, NULL, out);
	if (error == -ENOENT) {
		struct tally_subject last = {.day = expiry.today + 1, .name = "~"}; /* no name is behind it */
		error = tally_next(t, expiry.kind, UINT32_MAX, &last, out);
	}
	return error;
}

static int run_expire(struct txn *t, void *arg)
{
	struct tally_subject old;
	bool more;
	(void)arg;
	expiry.next = expiry.kind;
	int error = find_expired(t, &old);
	if (error == -ENOENT) {
		expiry.next = expiry.kind + 1;
		return 0;
	}
	return error ? error : tally_drop(t, expiry.kind, &old, &more);
}

static void expired(struct store_commit *commit, int result)
{
	expiry.kind = expiry.next;
	if (result == 0 && expiry.kind < TALLY_KINDS && !store_role.draining) {
		store_commit(store_role.store, commit);
		return;
	}
	if (result)
		log_event(LOG_WARNING, "-", "tallies-not-expired", log_errno(result));
	expiry.running = false;
}

/* What nobody could be told of. */
void store_tally_expire(void)
{
	uint32_t today = tally_day(clock_wall());
	if (expiry.running || today < TALLY_DAYS)
		return;
	expiry.running = true;
	expiry.kind = 1;
	expiry.today = today;
	expiry.commit =
	    (struct store_commit){.run = run_expire, .done = expired, .large = true, .frees_space = true};
	store_commit(store_role.store, &expiry.commit);
}
