/* See web_push.h. */
#include "role/web/web_push.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/json_out.h"
#include "jmap/jmap.h"
#include "mail/push_types.h"
#include "mail/mail_email.h"
#include "mail/mail_id.h"
#include "role/web/web_shares.h"

enum {
	CHANGED_MAX =
	    256 * 1024, /* of a StateChange: 400 octets an account, and others share 250 mailboxes at most */
	PUSH_STATE_MAX = 24
};

/* Of a user to whom somebody listens. */
struct web_push {
	struct web_listener *first;
	uint32_t asked, watching; /* the questions under way; 0: none */
	bool again;               /* something changed while the states were asked for */
	bool known;               /* the states of an earlier answer stand here */
	uint64_t modseq;          /* of the account's last change */
	uint64_t states[MAIL_STATES];
	struct web_shares *shares;
};

static struct {
	struct loop_timer ticks;
	uint32_t due;     /* of the timer, 0: it is not set */
	struct map users; /* to whom somebody listens: their address in memory -> struct web_user */
} all;

/* ---- what is told ---- */

uint32_t web_push_type(struct view name)
{
	if (view_equal(name, VIEW("*")))
		return (1u << MAIL_PUSH_TYPES) - 1;
	for (unsigned i = 0; i < MAIL_PUSH_TYPES; i++)
		if (view_equal(name, view_from_string(mail_push_types[i].name)))
			return 1u << i;
	return 0;
}

uint32_t web_push_types(struct view list, char separator)
{
	struct view name;
	uint32_t types = 0;
	while (list.len && view_next(&list, separator, &name))
		types |= web_push_type(view_trim(name));
	return types;
}

static void put_own(const struct web_user *user, uint32_t types, struct json_out *w)
{
	char id[MAIL_ID_MAX], state[PUSH_STATE_MAX];
	json_out_name(w, view_of(id, mail_account_id_write(id, user->account)));
	json_out_object(w);
	for (unsigned i = 0; i < MAIL_PUSH_TYPES; i++) {
		if ((types & 1u << i) == 0)
			continue;
		int len = snprintf(state, sizeof state, "%" PRIu64,
		    mail_push_state(&mail_push_types[i], user->push->states));
		json_out_name(w, view_from_string(mail_push_types[i].name));
		json_out_string(w, view_of(state, (size_t)len));
	}
	json_out_end(w);
}

/* {"A1":{"Email":"123"}}. False: there is nothing to tell. shared: what others share has changed. */
static bool put_changed(const struct web_listener *l, bool shared, struct buf *out)
{
	struct json_out w = json_out_on(out);
	json_out_object(&w);
	if (l->pending)
		put_own(l->user, l->pending, &w);
	bool any = l->pending != 0;
	if (shared || l->behind)
		any = web_shares_put(l->user->push->shares, &w, l->types, l->behind) || any;
	json_out_end(&w);
	return any;
}

static void tell(struct web_listener *l, bool shared)
{
	struct buf changed;
	char state[PUSH_STATE_MAX];
	if (l->types == 0 || l->waits || (l->pending == 0 && !shared && !l->behind))
		return;
	int len = snprintf(state, sizeof state, "%" PRIu64, l->user->push->modseq);
	buf_init(&changed, CHANGED_MAX);
	if (!put_changed(l, shared, &changed)) {
		l->behind = false;
	} else if (!buf_failed(&changed) &&
	           l->handler->changed(l, buf_view(&changed), view_of(state, (size_t)len))) {
		l->pending = 0;
		l->behind = false;
	} else {
		l->behind = l->behind || shared;
	}
	buf_done(&changed);
}

void web_push_room(struct web_listener *l)
{
	if (l->user->push && l->user->push->known)
		tell(l, false);
}

/* ---- what store says ---- */

static void ask_states(struct web_user *user)
{
	struct web_push *push = user->push;
	push->again = push->asked != 0;
	if (push->asked || user->lost)
		return;
	push->asked = web_user_question(user);
	account_client_ask(&user->channel, push->asked, EMAIL_STATES, &(struct email_states){0});
}

static void watch(struct web_user *user)
{
	struct web_push *push = user->push;
	if (push->watching || user->lost)
		return;
	push->watching = web_user_question(user);
	account_client_ask(
	    &user->channel, push->watching, MAIL_WATCH, &(struct mail_watch){.modseq = push->modseq});
}

/* Types whose state is another than the one that is known. */
static uint32_t changed_types(const uint64_t *before, const uint64_t *now)
{
	uint32_t types = 0;
	for (unsigned i = 0; i < MAIL_PUSH_TYPES; i++)
		if (mail_push_state(&mail_push_types[i], before) != mail_push_state(&mail_push_types[i], now))
			types |= 1u << i;
	return types;
}

/* What changed behind a push state that the client had. */
static uint32_t types_since(const struct web_push *push, uint64_t since)
{
	uint32_t types = 0;
	for (unsigned i = 0; since != WEB_PUSH_NEW && i < MAIL_PUSH_TYPES; i++)
		if (mail_push_state(&mail_push_types[i], push->states) > since)
			types |= 1u << i;
	return types;
}

static void take_states(struct web_user *user, const struct email_state *state)
{
	struct web_push *push = user->push;
	uint64_t now[MAIL_STATES] = {0};
	struct cursor in = cursor_on(state->modseqs);
	for (size_t i = 0; i < MAIL_STATES && !cursor_at_end(&in); i++)
		now[i] = cursor_u64(&in);
	uint32_t changed = push->known ? changed_types(push->states, now) : 0;
	memcpy(push->states, now, sizeof now);
	push->modseq = state->modseq;
	push->known = true;
	for (struct web_listener *l = push->first; l; l = l->next) {
		l->pending |= (l->waits ? types_since(push, l->since) : changed) & l->types;
		l->waits = false;
		tell(l, false);
	}
	/* What is shared is a matter of mailboxes; and it is asked about when the first listener came. */
	if (push->shares == NULL)
		push->shares = web_shares_new(user);
	else if (changed & (web_push_type(VIEW("Mailbox")) | web_push_type(VIEW("ShareNotification"))))
		web_shares_look(push->shares);
	/* Whoever is told of an account asks for it next. */
	if (changed & web_push_type(VIEW("ShareNotification")) && user->jmap)
		jmap_session_accounts_changed(user->jmap);
}

static void tell_shared(struct web_push *push)
{
	for (struct web_listener *l = push->first; l; l = l->next)
		tell(l, true);
	web_shares_told(push->shares);
}

static void states_done(struct web_user *user, int64_t error)
{
	struct web_push *push = user->push;
	push->asked = 0;
	if (error) {
		/* Store is there, and cannot read them: it is asked again when something changes. */
		log_event(LOG_WARNING, "-", "push-states-unread", log_string("address", user->address),
		    log_errno((int)error));
	}
	watch(user);
	if (push->again) {
		push->again = false;
		ask_states(user);
	}
}

static void answer(struct web_user *user, uint32_t request, unsigned type, const void *said)
{
	struct web_push *push = user->push;
	/* Another number: of somebody who listened before, and has gone. */
	if (push == NULL)
		return;
	if (type == EMAIL_STATE && request == push->asked)
		take_states(user, said);
	else if (type == MAIL_DONE && request == push->asked)
		states_done(user, ((const struct mail_done *)said)->error);
	else if (type == MAIL_CHANGED && request == push->watching)
		ask_states(user);
	else if (type == MAIL_DONE && request == push->watching)
		push->watching = 0;
	else if (push->shares && web_shares_answer(push->shares, request, type, said))
		tell_shared(push);
}

/* ---- who listens ---- */

void web_push_join(struct web_listener *l)
{
	struct web_user *user = l->user;
	if (user->push == NULL) {
		user->push = mem_alloc(sizeof *user->push);
		map_set_u64(&all.users, (uint64_t)(uintptr_t)user, user);
	}
	struct web_push *push = user->push;
	l->previous = NULL;
	l->next = push->first;
	if (push->first)
		push->first->previous = l;
	push->first = l;
}

void web_push_want(struct web_listener *l, uint32_t types, uint64_t since)
{
	struct web_push *push = l->user->push;
	l->types = types;
	l->since = since;
	l->pending = 0;
	l->waits = false;
	/* A push state says nothing of others' accounts: who comes again is told all of them. */
	l->behind = types != 0 && since != WEB_PUSH_NEW && push->shares;
	if (types == 0)
		return;
	/* What is known is as new as the watch; without one it is asked for first. */
	if (push->known && push->watching) {
		l->pending = types_since(push, since) & types;
		tell(l, false);
	} else {
		l->waits = true;
		ask_states(l->user);
	}
}

/* The last one has gone: the watch ends, and what is known grows old. */
static void stop(struct web_user *user)
{
	if (user->push->watching && !user->lost)
		account_client_ask(&user->channel, user->push->watching, MAIL_STOP, NULL);
	web_shares_free(user->push->shares);
	map_remove_u64(&all.users, (uint64_t)(uintptr_t)user);
	mem_free(user->push);
	user->push = NULL;
}

void web_push_leave(struct web_listener *l)
{
	if (l->previous)
		l->previous->next = l->next;
	else
		l->user->push->first = l->next;
	if (l->next)
		l->next->previous = l->previous;
	if (l->user->push->first == NULL)
		stop(l->user);
}

/* ---- the end ---- */

static void end_all(struct web_user *user)
{
	for (struct web_listener *l = user->push ? user->push->first : NULL; l; l = l->next)
		l->handler->end(l);
}

const struct web_user_part web_push_part = {.answer = answer, .lost = end_all};

/* ---- time ---- */

static uint32_t seconds_now(void)
{
	return (uint32_t)(clock_monotonic_ms() / 1000);
}

static void set_timer(uint32_t due)
{
	uint32_t now = seconds_now();
	if (all.due && all.due <= due)
		return;
	all.due = due;
	loop_timer_set(&all.ticks, due > now ? (int64_t)(due - now) * 1000 : 1);
}

void web_push_due(struct web_listener *l, unsigned seconds)
{
	l->due = seconds ? seconds_now() + seconds : 0;
	if (l->due)
		set_timer(l->due);
}

/* Those of one user, whose time it is. Returns the earliest of the others; 0: none. */
static uint32_t tick_user(struct web_user *user, uint32_t now)
{
	uint32_t earliest = 0;
	for (struct web_listener *l = user->push->first; l; l = l->next) {
		if (l->due && l->due <= now)
			l->handler->tick(l);
		else if (l->due && (earliest == 0 || l->due < earliest))
			earliest = l->due;
	}
	return earliest;
}

/* At most once a second all listeners are walked: ten thousand take some microseconds each time. */
static void tick(void *arg)
{
	uint32_t now = seconds_now();
	struct view key;
	void *value;
	(void)arg;
	all.due = 0;
	for (size_t position = 0; map_each(&all.users, &position, &key, &value);) {
		uint32_t earliest = tick_user(value, now);
		if (earliest)
			set_timer(earliest);
	}
}

void web_push_drain(void)
{
	struct view key;
	void *value;
	for (size_t position = 0; map_each(&all.users, &position, &key, &value);)
		end_all(value);
}

void web_push_start(struct role_process *p)
{
	map_init(&all.users);
	loop_timer_init(&all.ticks, &p->loop, tick, NULL);
}
