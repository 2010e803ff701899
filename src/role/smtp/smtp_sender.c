/* From the tap to the verdict: see smtp_sender.h. Questions are asked as soon as they are known, so that most
 * answers are there when the message ends. */
#include "role/smtp/smtp_sender_private.h"

#include "base/clock.h"
#include "base/mem.h"

enum {
	/* A client waits for the reply: what has no answer by then is temporary. Several rounds may follow
	   one another, so one question has less. */
	PATIENCE_MS = 20 * 1000,
	QUESTION_MS = 8 * 1000,
	ANSWERS_MEMORY = 1024 * 1024 /* of one message, while it is under way: 20 keys, 400 small answers */
};

/* ---- the questions ---- */

static void finish(struct smtp_sender *s);

static void ready(void *arg)
{
	struct smtp_sender *s = arg;
	if (s->ended)
		finish(s);
}

static void too_late(void *arg)
{
	struct smtp_sender *s = arg;
	lookup_give_up(&s->lookup);
}

/* ---- the tap ---- */

static void begin(struct smtp_connection *c)
{
	const struct smtp_envelope *e = smtp_envelope(c->session);
	const struct role_process *p = smtp_role.edge.process;
	if (!p->settings.sender_check ||
	    network_contains(p->settings.trusted_networks, &c->edge.client.address))
		return;
	struct view sender = e->sender_is_null ? (struct view){0} : e->terms.sender;
	ptrdiff_t at = view_find_last(sender, '@');
	struct smtp_sender *s = mem_alloc(sizeof *s);
	*s = (struct smtp_sender){.connection = c};
	s->request = (struct sender_request){.client = (const struct sockaddr *)&c->edge.client.address,
	    .helo = smtp_helo(c->session),
	    .sender_local = view_take(sender, at < 0 ? 0 : (size_t)at),
	    .sender_domain = e->sender_is_null ? (struct view){0} : e->sender_domain,
	    .receiver = p->settings.hostname,
	    .now = (uint64_t)clock_wall()};
	lookup_init(&s->lookup, &smtp_role.edge.process->loop, &smtp_role.dns, QUESTION_MS, ready, s);
	lookup_limit(&s->lookup, SENDER_QUESTIONS_MAX, ANSWERS_MEMORY);
	loop_timer_init(&s->patience, &smtp_role.edge.process->loop, too_late, s);
	s->check = sender_check_new(&s->request, &s->lookup.answers);
	c->message.sender = s;
	lookup_ask(&s->lookup);
}

static void came(struct smtp_connection *c, struct view v)
{
	struct smtp_sender *s = c->message.sender;
	if (s && sender_check_bytes(s->check, v))
		lookup_ask(&s->lookup);
}

static bool bytes(struct smtp_connection *c, struct view v)
{
	struct smtp_sender *s = c->message.sender;
	if (s && sender_check_kept(s->check, v))
		lookup_ask(&s->lookup);
	return true;
}

static void end(struct smtp_connection *c)
{
	struct smtp_sender *s = c->message.sender;
	c->message.sender = NULL;
	if (s == NULL)
		return;
	loop_timer_cancel(&s->patience);
	sender_check_free(s->check);
	lookup_done(&s->lookup);
	mem_free(s);
}

const struct smtp_tap smtp_sender_tap = {.begin = begin, .came = came, .bytes = bytes, .end = end};

/* ---- the verdict ---- */

/* An answer was the last one that was missing, or names further questions. */
static void finish(struct smtp_sender *s)
{
	struct smtp_verdict verdict = {.kind = SMTP_ACCEPT};
	if (!sender_check_judge(s->check)) {
		lookup_ask(&s->lookup);
		return;
	}
	loop_timer_cancel(&s->patience);
	s->ended = false;
	enum smtp_hook_result result = smtp_sender_decide(s, &verdict);
	if (result != HOOK_WAIT)
		smtp_hooks_resume(s->connection, result, &verdict);
}

enum smtp_hook_result smtp_sender_judge(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	struct smtp_sender *s = c->message.sender;
	if (s == NULL)
		return HOOK_ACCEPT;
	sender_check_end(s->check);
	if (sender_check_judge(s->check))
		return smtp_sender_decide(s, verdict);
	s->ended = true;
	loop_timer_set(&s->patience, PATIENCE_MS);
	lookup_ask(&s->lookup);
	return HOOK_WAIT;
}
