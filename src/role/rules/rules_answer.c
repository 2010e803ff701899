/*
 * What is to be sent for the scripts, composed here, where the texts of strangers are read anyway: answers,
 * and notifications by mail (answer/answer.h). Store gets each as a whole message, and whom it is for.
 */
#include "role/rules/rules_private.h"

#include <errno.h>

#include "answer/answer.h"
#include "base/mem.h"
#include "base/random.h"
#include "format/header.h"
#include "format/mailto.h"

enum {
	/* What composing takes beside the message: its texts, twice. */
	COMPOSE_MEMORY_MAX = 4 * ANSWER_MESSAGE_MAX,
	/* Octets of all that one run composes: store gives it no more room. */
	COMPOSED_MAX = 2 * ANSWER_MESSAGE_MAX
};

struct composer {
	struct rules_outcome *all;
	struct answer_context context;
	char id[RANDOM_ID_SIZE], boundary[2 * RANDOM_ID_SIZE];
	size_t composed; /* octets so far */
};

/* Why nothing is sent: store tells it with what else was done. */
static void give_up(struct message_rules_action *a, const char *why)
{
	a->silent = view_from_string(why);
}

static bool join_recipients(struct rules_outcome *all, const struct answer *answer, struct view *out)
{
	struct buf text;
	buf_init(&text, 64 << 10);
	for (size_t i = 0; i < answer->recipient_count; i++)
		buf_printf(&text, "%s%.*s", i ? "\n" : "", VIEW_FMT(answer->recipients[i]));
	bool kept = !buf_failed(&text) && arena_copy(all->arena, buf_view(&text), out);
	buf_done(&text);
	return kept;
}

static bool keep(struct composer *c, size_t i, const struct answer *answer, struct buf *message)
{
	struct message_rules_action *a = &c->all->actions[i];
	if (c->composed + buf_view(message).len > COMPOSED_MAX ||
	    !join_recipients(c->all, answer, &a->target) ||
	    !arena_copy(c->all->arena, answer->sender, &a->sender) ||
	    !arena_copy(c->all->arena, answer->author, &a->author))
		return false;
	c->composed += buf_view(message).len;
	a->composed = true;
	a->utf8 = answer->utf8;
	a->eight_bit = answer->eight_bit;
	c->all->sources[i].message = *message;
	buf_init(message, ANSWER_MESSAGE_MAX);
	return true;
}

static void compose(struct composer *c, size_t i)
{
	struct message_rules_action *a = &c->all->actions[i];
	const struct rules_source *from = &c->all->sources[i];
	struct arena arena;
	struct buf message;
	struct answer answer;
	const char *problem = "there was not enough memory for it";
	random_id(c->id);
	random_id(c->boundary);
	random_id(c->boundary + RANDOM_ID_SIZE - 1);
	c->context.id = view_from_string(c->id);
	c->context.boundary = view_from_string(c->boundary);
	c->context.arena = &arena;
	arena_init(&arena, COMPOSE_MEMORY_MAX);
	buf_init(&message, ANSWER_MESSAGE_MAX);
	int error = from->vacation ? answer_vacation(&c->context, from->vacation, &answer, &message, &problem)
	                           : answer_notify(&c->context, from->notify, &answer, &message, &problem);
	if (error || !keep(c, i, &answer, &message))
		give_up(a, problem);
	buf_done(&message);
	arena_done(&arena);
}

/*
 * Whether smtp has found that the sender's domain does not know the host that sent this (SPF). Its results
 * are the first ones of this host's name, since smtp lets no others in (mime/own_results.h). Who is answered
 * then is whoever's address was taken.
 */
static bool is_forged(const struct rules_outcome *all, struct view hostname)
{
	struct view results;
	struct buf line;
	if (!header_find(all->bytes, VIEW("Authentication-Results"), &results))
		return false;
	buf_init(&line, 64 << 10);
	header_unfold(results, &line);
	struct view rest = buf_view(&line), id, part;
	bool ours = view_next(&rest, ';', &id) && view_equal_nocase(view_trim(id), hostname), forged = false;
	while (ours && !forged && view_next(&rest, ';', &part))
		forged = view_starts_nocase(view_trim(part), VIEW("spf=fail"));
	buf_done(&line);
	return forged;
}

void rules_answer_compose(struct rules_outcome *all, const struct message_rules_run *m,
    const struct view *addresses, struct view hostname)
{
	struct composer c = {.all = all,
	    .context = {.message = all->bytes,
	        .sender = m->terms.sender,
	        .recipient = m->recipient,
	        .addresses = m->addresses.count ? addresses : &m->recipient,
	        .address_count = m->addresses.count ? m->addresses.count : 1,
	        .now = {.seconds = (int64_t)m->now, .offset_minutes = (int16_t)m->zone, .zone_known = true}}};
	for (size_t i = 0; i < all->count; i++) {
		bool sends = all->sources[i].vacation || all->sources[i].notify;
		if (!sends || all->actions[i].silent.len > 0)
			continue;
		if (all->sources[i].vacation && is_forged(all, hostname))
			give_up(&all->actions[i], "its sender is forged, by what SPF says of it");
		else if (c.context.addresses[0].len == 0)
			give_up(&all->actions[i], "the account has no address that it could be sent from");
		else
			compose(&c, i);
	}
}

void rules_answer_free(struct rules_outcome *all)
{
	for (size_t i = 0; i < all->count; i++)
		buf_done(&all->sources[i].message);
}
