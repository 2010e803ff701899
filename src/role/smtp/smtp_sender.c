/* From the tap to the verdict: see smtp_sender.h. Questions are asked as soon as they are known, so that most
 * answers are there when the message ends. */
#include "role/smtp/smtp_sender_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "trust/sender/sender_budget.h"

enum {
	/* A client waits for the reply: what has no answer by then is temporary. Several rounds may follow
	   one another, so one question has less. */
	PATIENCE_MS = 20 * 1000,
	QUESTION_MS = 8 * 1000,
	ANSWERS_MEMORY = 1024 * 1024 /* of one message, while it is under way: 20 keys, 400 small answers */
};

/* ---- memory ---- */

static struct sender_budget budget; /* of all checks of this process */

static const struct smtp_verdict no_memory = {.kind = SMTP_TEMPORARY,
    .code = 451,
    .enhanced = "4.3.2",
    .text = "too many messages are being checked now, try again later"};

/* Ends a check for which there is no room any more: the message is refused for now at its end. */
static void measure(struct smtp_sender *s)
{
	const struct settings *settings = &smtp_role.edge.process->settings;
	size_t now = sizeof *s + sender_check_memory(s->check) + s->lookup.answers.arena.used;
	if (sender_budget_charge(&budget, settings->sender_check_memory, &s->charged, now))
		return;
	log_event(LOG_WARNING, s->connection->edge.id, "sender-check-memory",
	    log_string("client", s->connection->edge.client.text), log_u64("bytes", s->charged),
	    log_u64("all", budget.all), log_u64("max", settings->sender_check_memory));
	lookup_done(&s->lookup);
	sender_check_free(s->check);
	s->check = NULL;
	sender_budget_charge(&budget, SIZE_MAX, &s->charged, 0);
}

/* ---- the questions ---- */

static void finish(struct smtp_sender *s);

static void ready(void *arg)
{
	struct smtp_sender *s = arg;
	if (s->judged || s->check == NULL)
		return;
	measure(s);
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
	measure(s);
	if (s->check)
		lookup_ask(&s->lookup);
}

static void came(struct smtp_connection *c, struct view v)
{
	struct smtp_sender *s = c->message.sender;
	if (s == NULL || s->check == NULL)
		return;
	bool asks = sender_check_bytes(s->check, v);
	measure(s);
	if (asks && s->check)
		lookup_ask(&s->lookup);
}

static bool bytes(struct smtp_connection *c, struct view v)
{
	struct smtp_sender *s = c->message.sender;
	if (s && s->check && sender_check_kept(s->check, v))
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
	sender_budget_charge(&budget, SIZE_MAX, &s->charged, 0);
	mem_free(s->readers);
	mem_free(s);
}

const struct smtp_tap smtp_sender_tap = {.begin = begin, .came = came, .bytes = bytes, .end = end};

/* ---- the verdict ---- */

/* An answer was the last one that was missing, or names further questions. */
static void finish(struct smtp_sender *s)
{
	struct smtp_verdict verdict = no_memory;
	if (s->check && !sender_check_judge(s->check)) {
		lookup_ask(&s->lookup);
		return;
	}
	loop_timer_cancel(&s->patience);
	s->ended = false;
	s->judged = true;
	enum smtp_hook_result result = s->check ? smtp_sender_decide(s, &verdict) : HOOK_DECIDED;
	if (result != HOOK_WAIT)
		smtp_hooks_resume(s->connection, result, &verdict);
}

enum smtp_hook_result smtp_sender_judge(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	struct smtp_sender *s = c->message.sender;
	if (s == NULL)
		return HOOK_ACCEPT;
	if (s->check == NULL) {
		*verdict = no_memory;
		return HOOK_DECIDED;
	}
	sender_check_end(s->check);
	if (sender_check_judge(s->check)) {
		s->judged = true;
		return smtp_sender_decide(s, verdict);
	}
	s->ended = true;
	loop_timer_set(&s->patience, PATIENCE_MS);
	lookup_ask(&s->lookup);
	return HOOK_WAIT;
}
