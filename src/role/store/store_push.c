/* See store_push.h. */
#include "role/store/store_push.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "account/emails.h"
#include "account/push.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/json_out.h"
#include "ledger/pushed.h"
#include "mail/mail_id.h"
#include "mail/push_types.h"
#include "role/store/store_private.h"

enum {
	MERGE_MS = 1000,        /* what changes within is one push */
	UNDER_WAY_MAX = 500,    /* at relay: many more than it has connections, and few enough to keep */
	AGAIN_MS = 5000,        /* when relay, the store or a place is missing */
	BACKOFF_MS = 30 * 1000, /* doubled with each failure */
	BACKOFF_MAX_MS = 3600 * 1000,
	FAILURES_MAX = 8,          /* beyond, it stays as slow */
	CODE_TRIES = 5,            /* a code that arrives nowhere: the client makes another subscription */
	CODE_TTL = 3600,           /* seconds for which a push service keeps a code */
	STATES_TTL = 24 * 3600,    /* and states: whoever was away for longer asks anyway */
	LOOK_MAX_MS = 3600 * 1000, /* an account is looked at so often at least: subscriptions expire */
	TEXTS_MAX = PUSH_COUNT_MAX * STORE_ENTRY_MAX * 2
};

/* A subscription, as long as it is there. */
struct subscriber {
	struct subscriber *next;
	struct pushed *of;
	uint64_t number;
	bool listed;        /* the last look has found it */
	unsigned codes;     /* how often its code was sent */
	bool code_taken;    /* by the push service */
	uint64_t ticket;    /* of the push under way; 0: none */
	int64_t not_before; /* clock_monotonic_ms */
	unsigned failures;
	uint64_t told[MAIL_STATES], sent[MAIL_STATES]; /* sent: by the push under way */
};

/* Which subscriptions go, beside those that have expired. */
struct sweeping {
	uint64_t session; /* all that were made with it; ACCOUNT_PUSH_ANY: of none */
	bool all;
	uint64_t gone; /* this one, which its push service does not know any more; 0: none */
};
static const struct sweeping nothing = {.session = ACCOUNT_PUSH_ANY};

/* An account that somebody has subscribed to. */
struct pushed {
	uint64_t shard;
	struct store_watch watch;
	struct loop_timer timer;
	bool timed; /* the timer is set, for `due` */
	int64_t due;
	bool looking, again; /* again: it has changed meanwhile */
	bool over;           /* is freed when what is under way is back */
	bool sweeping;
	struct account_states states;
	struct store_read read;
	struct store_commit commit;
	bool wants_sweep;
	struct sweeping wanted, run; /* run: of the commit that is under way */
	size_t left;
	int64_t now;
	struct arena arena;
	struct account_push list[PUSH_COUNT_MAX];
	size_t count;
	struct subscriber *first;
};

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

static uint64_t account_number(const struct pushed *p)
{
	return p->shard & (MAIL_ACCOUNT_END - 1);
}

/* ---- the life of an account here ---- */

static void forget_ticket(struct subscriber *s)
{
	if (s->ticket)
		map_remove_u64(&push.tickets, s->ticket);
	s->ticket = 0;
}

static void free_pushed(struct pushed *p)
{
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

/* ---- what is said ---- */

static bool wants(const struct account_push *p, const char *type)
{
	struct view names = p->types, name;
	while (!p->all_types && names.len && view_next(&names, '\n', &name))
		if (view_equal(name, view_from_string(type)))
			return true;
	return p->all_types;
}

static bool put_states(struct json_out *w, const struct subscriber *s, const struct account_push *p)
{
	char text[24];
	bool any = false;
	for (size_t i = 0; i < MAIL_PUSH_TYPES; i++) {
		const struct mail_push_type *type = &mail_push_types[i];
		uint64_t state = mail_push_state(type, s->of->states.states);
		if (state == mail_push_state(type, s->told) || !wants(p, type->name))
			continue;
		any = true;
		int len = snprintf(text, sizeof text, "%" PRIu64, state);
		json_out_name(w, view_from_string(type->name));
		json_out_string(w, view_of(text, (size_t)len));
	}
	return any;
}

/* RFC 8620 section 7.1. False: nothing that it wants to know has changed. */
static bool put_change(struct buf *out, const struct subscriber *s, const struct account_push *p)
{
	struct json_out w = json_out_on(out);
	char id[MAIL_ID_MAX];
	json_out_object(&w);
	json_out_name(&w, VIEW("@type"));
	json_out_string(&w, VIEW("StateChange"));
	json_out_name(&w, VIEW("changed"));
	json_out_object(&w);
	json_out_name(&w, view_of(id, mail_account_id_write(id, account_number(s->of))));
	json_out_object(&w);
	bool any = put_states(&w, s, p);
	json_out_end(&w);
	json_out_end(&w);
	json_out_end(&w);
	return any;
}

/* RFC 8620 section 7.2.2. */
static void put_code(struct buf *out, const struct subscriber *s, const struct account_push *p)
{
	struct json_out w = json_out_on(out);
	char id[MAIL_ID_MAX];
	json_out_object(&w);
	json_out_name(&w, VIEW("@type"));
	json_out_string(&w, VIEW("PushVerification"));
	json_out_name(&w, VIEW("pushSubscriptionId"));
	json_out_string(&w, view_of(id, mail_id_write(id, MAIL_ID_PUSH, account_number(s->of), s->number)));
	json_out_name(&w, VIEW("verificationCode"));
	json_out_string(&w, p->code);
	json_out_end(&w);
}

static bool push_text(struct subscriber *s, const struct account_push *p, struct view text, uint64_t ttl)
{
	struct message_push_send m = {.ticket = push.last_ticket + 1,
	    .ttl = ttl,
	    .url = p->url,
	    .point = p->point,
	    .auth = p->auth,
	    .text = text};
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
	struct buf text;
	buf_init(&text, PUSH_TEXT_MAX);
	if (p->verified) {
		if (put_change(&text, s, p))
			push_text(s, p, buf_view(&text), STATES_TTL);
	} else if (!s->code_taken && s->codes < CODE_TRIES) {
		put_code(&text, s, p);
		s->codes += push_text(s, p, buf_view(&text), CODE_TTL);
	}
	buf_done(&text);
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
		if (s->ticket == 0 && s->not_before <= now)
			tell(s, a);
		if (s->ticket == 0 && s->not_before > now && s->not_before - now < next)
			next = s->not_before - now;
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
}

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

static int run_list(struct txn *t, void *arg)
{
	struct pushed *p = arg;
	arena_reset(&p->arena);
	p->count = 0;
	return account_push_each(t, p->shard, add, p);
}

static void listed(struct store_read *read, int result)
{
	looked(container_of(read, struct pushed, read), result);
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
		log_event(LOG_WARNING, "-", "push-not-removed", log_u64("account", account_number(p)),
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

void store_push_revoke(uint64_t account, uint64_t session)
{
	struct pushed *p = push.on ? map_get_u64(&push.accounts, account) : NULL;
	if (p == NULL)
		return;
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
	if (m->verdict == PUSH_TAKEN || m->verdict == PUSH_REFUSED) {
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
		log_event(LOG_INFO, "-", "push-subscription-gone", log_u64("account", account_number(p)),
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
