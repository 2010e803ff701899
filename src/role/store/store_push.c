/* See store_push.h. */
#include "role/store/store_push.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "ledger/pushed.h"
#include "role/store/store_private.h"
#include "role/store/store_push_private.h"

enum {
	MERGE_MS = 1000,        /* what changes within is one push */
	UNDER_WAY_MAX = 500,    /* at relay: many more than it has connections, and few enough to keep */
	AGAIN_MS = 5000,        /* when relay, the store or a place is missing */
	BACKOFF_MS = 30 * 1000, /* doubled with each failure */
	BACKOFF_MAX_MS = 3600 * 1000,
	FAILURES_MAX = 8,          /* beyond, it stays as slow */
	LOOK_MAX_MS = 3600 * 1000, /* an account is looked at so often at least: subscriptions expire */
	TEXTS_MAX = PUSH_COUNT_MAX * STORE_ENTRY_MAX * 2
};

static const struct sweeping nothing = {.session = ACCOUNT_PUSH_ANY};

static struct {
	bool on;
	struct map accounts; /* shard -> struct pushed */
	struct map tickets;  /* -> struct subscriber */
	uint64_t last_ticket;
	struct store_read read;
	uint64_t after, list[PUSHED_LIST_MAX];
	size_t count;
	struct loop_timer list_again;
} push;

static void look(struct pushed *p);
static void sweep(struct pushed *p);

/* ---- the life of an account here ---- */

static void forget_ticket(struct subscriber *s)
{
	if (s->ticket)
		map_remove_u64(&push.tickets, s->ticket);
	s->ticket = 0;
}

static void forget_emails(struct pushed *p)
{
	if (p->emails)
		push_emails_free(p->emails);
	mem_free(p->emails);
	p->emails = NULL;
}

static void free_pushed(struct pushed *p)
{
	forget_emails(p);
	while (p->first) {
		struct subscriber *s = p->first;
		p->first = s->next;
		mem_free(s);
	}
	arena_done(&p->arena);
	mem_free(p);
}

/* It is watched no more; its memory goes when nothing is under way. */
static void leave(struct pushed *p)
{
	if (p->over)
		return;
	p->over = true;
	for (struct subscriber *s = p->first; s; s = s->next)
		forget_ticket(s);
	store_unwatch(store_role.store, &p->watch);
	loop_timer_cancel(&p->timer);
	map_remove_u64(&push.accounts, p->shard);
	if (!p->looking && !p->sweeping)
		free_pushed(p);
}

/* Looks at it within so many milliseconds. */
static void look_within(struct pushed *p, int64_t ms)
{
	int64_t due = clock_monotonic_ms() + ms;
	if (p->over || (p->timed && p->due <= due))
		return;
	p->timed = true;
	p->due = due;
	loop_timer_set(&p->timer, ms);
}

static void on_timer(void *arg)
{
	struct pushed *p = arg;
	p->timed = false;
	look(p);
}

static void on_changed(struct store_watch *watch)
{
	look_within(container_of(watch, struct pushed, watch), MERGE_MS);
}

static struct pushed *watch_account(uint64_t shard)
{
	struct pushed *p = map_get_u64(&push.accounts, shard);
	if (p)
		return p;
	p = mem_alloc(sizeof *p);
	*p = (struct pushed){.shard = shard, .wanted = nothing};
	arena_init(&p->arena, TEXTS_MAX);
	loop_timer_init(&p->timer, &store_role.process->loop, on_timer, p);
	p->watch = (struct store_watch){.shard = shard, .changed = on_changed};
	store_watch(store_role.store, &p->watch);
	map_set_u64(&push.accounts, shard, p);
	return p;
}

/* ---- what is sent ---- */

static bool send_text(struct subscriber *s, const struct account_push *p, const struct push_said *said)
{
	struct message_push_send m = {.ticket = push.last_ticket + 1,
	    .ttl = said->ttl,
	    .urgency = said->urgency,
	    .url = p->url,
	    .point = p->point,
	    .auth = p->auth,
	    .text = buf_view(&said->text)};
	if (!store_role.relay.up || push.tickets.count >= UNDER_WAY_MAX ||
	    ipc_send(&store_role.relay.channel, MESSAGE_PUSH_SEND, 0, &m, -1) != 0) {
		s->not_before = clock_monotonic_ms() + AGAIN_MS;
		return false;
	}
	s->ticket = ++push.last_ticket;
	memcpy(s->sent, s->of->states.states, sizeof s->sent);
	map_set_u64(&push.tickets, s->ticket, s);
	return true;
}

static void tell(struct subscriber *s, const struct account_push *p)
{
	struct push_said said;
	if (push_say(s, p, &said) && send_text(s, p, &said)) {
		s->codes += said.is_code;
		s->sends_emails = said.emails > 0;
		s->fresh_sent = said.emails;
	}
	buf_done(&said.text);
}

/* ---- looking ---- */

static struct subscriber *subscriber_of(struct pushed *p, uint64_t number)
{
	struct subscriber *s = p->first;
	while (s && s->number != number)
		s = s->next;
	if (s)
		return s;
	s = mem_alloc(sizeof *s);
	*s = (struct subscriber){.next = p->first, .of = p, .number = number};
	/* From here on it is told of changes. What changed before this server looked, it may not know. */
	if (p->watch.changes == 0)
		memcpy(s->told, p->states.states, sizeof s->told);
	p->first = s;
	return s;
}

static void drop_others(struct pushed *p)
{
	for (struct subscriber **at = &p->first, *s; (s = *at);) {
		if (s->listed) {
			s->listed = false;
			at = &s->next;
			continue;
		}
		*at = s->next;
		forget_ticket(s);
		mem_free(s);
	}
}

static void go_through(struct pushed *p)
{
	int64_t now = clock_monotonic_ms(), wall = clock_wall(), next = LOOK_MAX_MS;
	for (size_t i = 0; i < p->count; i++) {
		const struct account_push *a = &p->list[i];
		if (a->expires <= wall) {
			p->wants_sweep = true;
			continue;
		}
		if ((a->expires - wall) * 1000 < next)
			next = (a->expires - wall) * 1000;
		struct subscriber *s = subscriber_of(p, a->number);
		s->listed = true;
		s->wants_emails = a->verified && a->email_form.len > 0;
		if (!s->wants_emails && s->ticket == 0)
			s->fresh_count = 0;
		if (s->ticket == 0 && s->not_before <= now)
			tell(s, a);
		if (s->ticket == 0 && s->not_before > now && s->not_before - now < next)
			next = s->not_before - now;
		/* Emails of which nothing was gathered yet. */
		if (s->ticket == 0 && s->not_before <= now && s->fresh_count && MERGE_MS < next)
			next = MERGE_MS;
	}
	drop_others(p);
	look_within(p, next);
}

static void looked(struct pushed *p, int result)
{
	p->looking = false;
	if (p->over) {
		if (!p->sweeping)
			free_pushed(p);
		return;
	}
	if (result == -ENOENT)
		p->count = 0;
	else if (result) {
		look_within(p, AGAIN_MS);
		return;
	}
	if (p->count == 0)
		p->wants_sweep = true; /* nobody is left: it is noted in the ledger as well */
	else
		go_through(p);
	if (p->wants_sweep)
		sweep(p);
	if (p->again)
		look_within(p, MERGE_MS);
	p->again = false;
	forget_emails(p);
}

/* ---- emails that were delivered ---- */

/* What cannot be read is not told: states still say that there is something. */
static void gathered(struct push_emails *e, int result)
{
	struct pushed *p = e->arg;
	if (result) {
		for (struct subscriber *s = p->first; s; s = s->next)
			if (s->ticket == 0)
				s->fresh_count = 0;
		forget_emails(p);
	}
	looked(p, 0);
}

/* False: nobody is to be told of any. */
static bool gather(struct pushed *p)
{
	struct push_emails *e = NULL;
	for (struct subscriber *s = p->first; s; s = s->next) {
		bool room = true;
		if (s->fresh_count && e == NULL)
			e = mem_alloc(sizeof *e);
		for (size_t i = 0; i < s->fresh_count && room; i++)
			room = push_emails_add(e, s->fresh[i]);
	}
	if (e == NULL)
		return false;
	e->shard = p->shard;
	e->account = push_account(p);
	e->done = gathered;
	e->arg = p;
	p->emails = e;
	push_emails_gather(e);
	return true;
}

void store_push_delivered(const struct account_target *targets, size_t count)
{
	for (size_t i = 0; push.on && i < count; i++) {
		const struct account_target *t = &targets[i];
		bool is_new = t->result == 0 && !t->repeated && !t->nowhere && t->emailid;
		struct pushed *p = is_new ? map_get_u64(&push.accounts, t->shard) : NULL;
		for (struct subscriber *s = p ? p->first : NULL; s; s = s->next)
			if (s->wants_emails)
				push_add_fresh(s, t->emailid);
	}
}

/* ---- what there is ---- */

static bool copy(struct pushed *p, struct view *text)
{
	return arena_copy(&p->arena, *text, text);
}

static int add(void *arg, const struct account_push *a)
{
	struct pushed *p = arg;
	struct account_push *to = &p->list[p->count];
	if (p->count == PUSH_COUNT_MAX)
		return -EBADMSG;
	*to = *a;
	if (!copy(p, &to->url) || !copy(p, &to->types) || !copy(p, &to->point) || !copy(p, &to->auth) ||
	    !copy(p, &to->code))
		return -ENOMEM;
	p->count++;
	return 0;
}

/* Which emails it wants to be told of. */
static int add_form(struct txn *t, struct pushed *p, struct account_push *a)
{
	struct view json;
	int error = a->emails ? account_push_emails(t, p->shard, a->number, &json, &a->email_form) : -ENOENT;
	if (error)
		a->email_form = (struct view){0};
	return error == -ENOENT ? 0 : error ? error : copy(p, &a->email_form) ? 0 : -ENOMEM;
}

static int run_list(struct txn *t, void *arg)
{
	struct pushed *p = arg;
	arena_reset(&p->arena);
	p->count = 0;
	int error = account_push_each(t, p->shard, add, p);
	for (size_t i = 0; i < p->count && error == 0; i++)
		error = add_form(t, p, &p->list[i]);
	return error;
}

static void listed(struct store_read *read, int result)
{
	struct pushed *p = container_of(read, struct pushed, read);
	if (result || p->over || !gather(p))
		looked(p, result);
}

static void states_read(struct account_states *states, int result)
{
	struct pushed *p = container_of(states, struct pushed, states);
	if (result || p->over) {
		looked(p, result);
		return;
	}
	p->read = (struct store_read){.shard = p->shard, .run = run_list, .arg = p, .done = listed};
	store_read(store_role.store, &p->read);
}

static void look(struct pushed *p)
{
	if (p->looking) {
		p->again = true;
		return;
	}
	p->looking = true;
	p->states = (struct account_states){.shard = p->shard, .done = states_read};
	account_states(&store_role.accounts, &p->states);
}

/* ---- what goes ---- */

static int run_sweep(struct txn *t, void *arg)
{
	struct pushed *p = arg;
	const struct sweeping *s = &p->run;
	int error = s->gone ? account_push_remove(t, p->shard, ACCOUNT_PUSH_ANY, s->gone) : 0;
	p->left = 0;
	if (error == 0 || error == -ENOENT)
		error = account_push_sweep(t, p->shard, p->now, s->session, s->all, &p->left);
	if (error == -ENOENT)
		error = 0;
	return error || p->left > 0 ? error : pushed_drop(t, p->shard);
}

/* Two wishes as one: where both name a session, all go, rather than one too few. */
static void add_wish(struct sweeping *to, const struct sweeping *more)
{
	bool both = to->session != ACCOUNT_PUSH_ANY && more->session != ACCOUNT_PUSH_ANY;
	to->all = to->all || more->all || (both && to->session != more->session);
	if (to->session == ACCOUNT_PUSH_ANY)
		to->session = more->session;
	if (to->gone == 0)
		to->gone = more->gone;
}

static void swept(struct store_commit *commit, int result)
{
	struct pushed *p = container_of(commit, struct pushed, commit);
	p->sweeping = false;
	if (p->over) {
		if (!p->looking)
			free_pushed(p);
	} else if (result) {
		log_event(LOG_WARNING, "-", "push-not-removed", log_u64("account", push_account(p)),
		    log_errno(result));
		add_wish(&p->wanted, &p->run);
		p->wants_sweep = true;
		look_within(p, AGAIN_MS);
	} else if (p->wants_sweep) {
		sweep(p);
	} else if (p->left == 0 && !p->again) {
		leave(p);
	} else {
		look_within(p, MERGE_MS);
	}
}

static void sweep(struct pushed *p)
{
	p->wants_sweep = true;
	if (p->sweeping)
		return;
	p->wants_sweep = false;
	p->sweeping = true;
	p->run = p->wanted;
	p->wanted = nothing;
	p->now = clock_wall();
	p->commit = (struct store_commit){.run = run_sweep, .arg = p, .done = swept, .frees_space = true};
	store_commit(store_role.store, &p->commit);
}

/*
 * Also of an account that is not watched: the list of those that are may still be under way, and so may the
 * commit of a subscription. The sweep comes behind both; where it finds nothing, the account is left again.
 */
void store_push_revoke(uint64_t account, uint64_t session)
{
	if (!push.on)
		return;
	struct pushed *p = watch_account(account);
	add_wish(&p->wanted,
	    &(struct sweeping){.session = session ? session : ACCOUNT_PUSH_ANY, .all = session == 0});
	sweep(p);
}

void store_push_now(uint64_t account)
{
	if (push.on)
		look(watch_account(account));
}

/* ---- what relay says ---- */

static void slow_down(struct subscriber *s, int64_t after_ms)
{
	int64_t ms = (int64_t)BACKOFF_MS << (s->failures ? s->failures - 1 : 0);
	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	s->not_before = clock_monotonic_ms() + (after_ms > ms ? after_ms : ms);
}

static void take_verdict(struct subscriber *s, const struct message_push_sent *m)
{
	if (m->verdict == PUSH_TAKEN) {
		/* Whoever was slow becomes quick again step by step. */
		if (s->failures && --s->failures)
			slow_down(s, 0);
	} else {
		if (s->failures < FAILURES_MAX)
			s->failures++;
		slow_down(s, (int64_t)m->after * 1000);
	}
	if ((m->verdict == PUSH_TAKEN || m->verdict == PUSH_REFUSED) && s->sends_emails) {
		push_drop_fresh(s, s->fresh_sent);
	} else if (m->verdict == PUSH_TAKEN || m->verdict == PUSH_REFUSED) {
		memcpy(s->told, s->sent, sizeof s->told);
		s->code_taken = s->codes > 0;
	}
}

void store_push_sent(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_push_sent *m = message;
	struct subscriber *s = push.on ? map_remove_u64(&push.tickets, m->ticket) : NULL;
	(void)link;
	(void)frame;
	/* A subscription that is gone meanwhile. */
	if (s == NULL)
		return;
	struct pushed *p = s->of;
	s->ticket = 0;
	take_verdict(s, m);
	if (m->verdict == PUSH_GONE) {
		log_event(LOG_INFO, "-", "push-subscription-gone", log_u64("account", push_account(p)),
		    log_u64("status", m->status));
		add_wish(&p->wanted, &(struct sweeping){.session = ACCOUNT_PUSH_ANY, .gone = s->number});
		sweep(p);
	}
	int64_t wait = s->not_before - clock_monotonic_ms();
	look_within(p, wait > MERGE_MS ? wait : MERGE_MS);
}

void store_push_relay_gone(void)
{
	size_t position = 0;
	void *value;
	while (push.on && map_each(&push.tickets, &position, NULL, &value)) {
		struct subscriber *s = value;
		s->not_before = clock_monotonic_ms() + AGAIN_MS;
		look_within(s->of, AGAIN_MS);
		forget_ticket(s);
		position = 0;
	}
}

/* ---- start and end ---- */

static int run_accounts(struct txn *t, void *arg)
{
	(void)arg;
	return pushed_list(t, push.after, push.list, &push.count);
}

static void read_accounts(void *arg);

static void accounts_read(struct store_read *read, int result)
{
	(void)read;
	if (!push.on)
		return;
	if (result) {
		loop_timer_set(&push.list_again, AGAIN_MS);
		return;
	}
	for (size_t i = 0; i < push.count; i++)
		look(watch_account(push.list[i]));
	if (push.count < PUSHED_LIST_MAX)
		return;
	push.after = push.list[push.count - 1];
	read_accounts(NULL);
}

static void read_accounts(void *arg)
{
	(void)arg;
	push.read = (struct store_read){.shard = LEDGER_SHARD, .run = run_accounts, .done = accounts_read};
	store_read(store_role.store, &push.read);
}

void store_push_start(void)
{
	push.on = true;
	map_init(&push.accounts);
	map_init(&push.tickets);
	loop_timer_init(&push.list_again, &store_role.process->loop, read_accounts, NULL);
	read_accounts(NULL);
}

void store_push_stop(void)
{
	size_t position = 0;
	void *value;
	if (!push.on)
		return;
	push.on = false;
	loop_timer_cancel(&push.list_again);
	while (map_each(&push.accounts, &position, NULL, &value)) {
		leave(value);
		position = 0;
	}
	map_done(&push.accounts);
	map_done(&push.tickets);
}
