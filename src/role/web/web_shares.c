/* See web_shares.h. */
#include "role/web/web_shares.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "mail/push_types.h"
#include "mail/mail_id.h"

enum {
	/* Store allows 300 watches of a session. */
	WATCHES_MAX = 250,
	STATE_TEXT_MAX = 48,
	/* Only the first states are told of another's account. */
	STATES = MAIL_STATE_COUNTS + 1
};

/* An account of which something is shared. */
struct owner {
	struct owner *next;
	uint64_t account, number; /* as questions name it, and as its id does */
	uint64_t states[MAIL_STATES], access;
	uint32_t asked; /* for the states; 0: not now */
	bool again, known;
	uint32_t changed; /* types, since they were told */
};

struct watch {
	struct watch *next;
	uint64_t account, mailbox;
	uint32_t request;
	bool found; /* in the list that comes */
};

struct web_shares {
	struct web_user *user;
	struct owner *owners;
	struct watch *watches;
	size_t count;
	uint32_t listing; /* 0: the list is not asked for */
	bool again;
};

static void ask(struct web_shares *s, uint32_t request, unsigned type, const void *question)
{
	if (!s->user->lost)
		account_client_ask(&s->user->channel, request, type, question);
}

/* ---- what is shared ---- */

void web_shares_look(struct web_shares *s)
{
	s->again = s->listing != 0;
	if (s->again)
		return;
	for (struct watch *w = s->watches; w; w = w->next)
		w->found = false;
	s->listing = web_user_question(s->user);
	ask(s, s->listing, MAIL_SHARES, &(struct mail_shares){0});
}

static struct owner *owner_of(const struct web_shares *s, uint64_t account)
{
	struct owner *o = s->owners;
	while (o && o->account != account)
		o = o->next;
	return o;
}

static void ask_states(struct web_shares *s, struct owner *o)
{
	o->again = o->asked != 0;
	if (o->again)
		return;
	o->asked = web_user_question(s->user);
	ask(s, o->asked, EMAIL_STATES, &(struct email_states){.account = o->account});
}

static void take_share(struct web_shares *s, const struct mail_share *share)
{
	struct watch *w = s->watches;
	if (share->state != MAIL_SHARE_ACCEPTED || share->account == 0)
		return;
	while (w && (w->account != share->account || w->mailbox != share->mailbox))
		w = w->next;
	if (w || s->count >= WATCHES_MAX) {
		if (w)
			w->found = true;
		return;
	}
	w = mem_alloc(sizeof *w);
	*w = (struct watch){.next = s->watches,
	    .account = share->account,
	    .mailbox = share->mailbox,
	    .request = web_user_question(s->user),
	    .found = true};
	s->watches = w;
	s->count++;
	if (owner_of(s, w->account) == NULL) {
		struct owner *o = mem_alloc(sizeof *o);
		*o = (struct owner){.next = s->owners, .account = w->account};
		s->owners = o;
	}
	/* It tells at once that there is something: then the states are asked for the first time. */
	ask(s, w->request, MAIL_WATCH, &(struct mail_watch){.account = w->account, .mailbox = w->mailbox});
}

/* Those that stand in the list no more. */
static void end_watches(struct web_shares *s, bool all)
{
	for (struct watch **at = &s->watches; *at;) {
		struct watch *w = *at;
		if (w->found && !all) {
			at = &w->next;
			continue;
		}
		ask(s, w->request, MAIL_STOP, NULL);
		*at = w->next;
		s->count--;
		mem_free(w);
	}
}

static void listed(struct web_shares *s, int64_t error)
{
	s->listing = 0;
	if (error == 0)
		end_watches(s, false);
	if (s->again)
		web_shares_look(s);
}

/* ---- states ---- */

static bool take_states(struct owner *o, const struct email_state *state)
{
	uint64_t now[MAIL_STATES] = {0};
	struct cursor in = cursor_on(state->modseqs);
	for (size_t i = 0; i < STATES && !cursor_at_end(&in); i++)
		now[i] = cursor_u64(&in);
	for (unsigned i = 0; o->known && i < MAIL_PUSH_TYPES; i++)
		if ((int)mail_push_types[i].states[0] < STATES &&
		    (o->access != state->access || mail_push_state(&mail_push_types[i], now) !=
		                                       mail_push_state(&mail_push_types[i], o->states)))
			o->changed |= 1u << i;
	for (size_t i = 0; i < MAIL_STATES; i++)
		o->states[i] = now[i];
	o->access = state->access;
	o->number = state->owner;
	o->known = true;
	return o->changed != 0;
}

static bool states_answered(struct web_shares *s, struct owner *o, unsigned type, const void *said)
{
	if (type == EMAIL_STATE)
		return take_states(o, said);
	if (type != MAIL_DONE)
		return false;
	o->asked = 0;
	if (o->again) {
		o->again = false;
		ask_states(s, o);
	}
	return false;
}

bool web_shares_answer(struct web_shares *s, uint32_t request, unsigned type, const void *said)
{
	if (request == s->listing) {
		if (type == MAIL_SHARE)
			take_share(s, said);
		else if (type == MAIL_DONE)
			listed(s, ((const struct mail_done *)said)->error);
		return false;
	}
	for (struct owner *o = s->owners; o; o = o->next)
		if (request == o->asked)
			return states_answered(s, o, type, said);
	for (struct watch *w = s->watches; w && type == MAIL_CHANGED; w = w->next)
		if (request == w->request && owner_of(s, w->account))
			ask_states(s, owner_of(s, w->account));
	return false;
}

/* ---- what is told ---- */

bool web_shares_put(const struct web_shares *s, struct json_out *w, uint32_t types, bool all)
{
	char id[MAIL_ID_MAX], state[STATE_TEXT_MAX];
	bool any = false;
	for (const struct owner *o = s->owners; o; o = o->next) {
		uint32_t told = types & (all ? ~UINT32_C(0) : o->changed);
		bool open = false;
		for (unsigned i = 0; o->known && i < MAIL_PUSH_TYPES; i++) {
			if ((told & 1u << i) == 0 || (int)mail_push_types[i].states[0] >= STATES)
				continue;
			if (!open) {
				json_out_name(w, view_of(id, mail_account_id_write(id, o->number)));
				json_out_object(w);
			}
			any = open = true;
			int len =
			    snprintf(state, sizeof state, o->access ? "%" PRIu64 "-%" PRIu64 : "%" PRIu64,
			        mail_push_state(&mail_push_types[i], o->states), o->access);
			json_out_name(w, view_from_string(mail_push_types[i].name));
			json_out_string(w, view_of(state, (size_t)len));
		}
		if (open)
			json_out_end(w);
	}
	return any;
}

void web_shares_told(struct web_shares *s)
{
	for (struct owner *o = s->owners; o; o = o->next)
		o->changed = 0;
}

/* ---- its life ---- */

struct web_shares *web_shares_new(struct web_user *user)
{
	struct web_shares *s = mem_alloc(sizeof *s);
	s->user = user;
	web_shares_look(s);
	return s;
}

void web_shares_free(struct web_shares *s)
{
	if (s == NULL)
		return;
	end_watches(s, true);
	while (s->owners) {
		struct owner *o = s->owners;
		s->owners = o->next;
		mem_free(o);
	}
	mem_free(s);
}
