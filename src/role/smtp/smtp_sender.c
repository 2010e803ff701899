/* From the tap to the verdict: see smtp_sender.h. Questions are asked as soon as they are known, so that most
 * answers are there when the message ends. */
#include "role/smtp/smtp_sender.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "process/lookup.h"
#include "trust/sender/authentication_results.h"
#include "trust/sender/sender_results_make.h"

enum {
	/* A client waits for the reply: what has no answer by then is temporary. Several rounds may follow
	   one another, so one question has less. */
	PATIENCE_MS = 20 * 1000,
	QUESTION_MS = 8 * 1000,
	REASON_MAX = 400,            /* of a reply's text */
	ANSWERS_MEMORY = 1024 * 1024 /* of one message, while it is under way: 20 keys, 400 small answers */
};

struct smtp_sender {
	struct smtp_connection *connection;
	struct sender_request request;
	struct sender_check *check;
	struct lookup lookup;
	struct loop_timer patience;
	bool ended; /* the message has, and the hook waits */
	char reason[REASON_MAX];
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

static void log_verdicts(const struct smtp_sender *s, const struct sender_verdicts *v)
{
	struct smtp_connection *c = s->connection;
	log_event(LOG_INFO, c->edge.id, "sender-checked", log_string("client", c->edge.client.text),
	    log_text("sender", smtp_envelope(c->session)->terms.sender),
	    log_string("spf", sender_result_name(v->spf.result)),
	    log_string("dkim", sender_result_name(dkim_result(v->dkim))),
	    log_string("dmarc", sender_result_name(v->dmarc.result)), log_text("author", v->dmarc.author),
	    log_string("policy", dmarc_policy_name(v->dmarc.policy)));
}

/* RFC 7372 section 3.3: neither SPF nor DKIM has proven what was to be proven. */
static void refuse(struct smtp_sender *s, const struct dmarc_verdict *v, struct smtp_verdict *verdict)
{
	snprintf(s->reason, sizeof s->reason,
	    "the domain %.*s wants mail refused that is not proven to come from it (DMARC, p=reject), and "
	    "neither "
	    "SPF nor a DKIM signature of that domain proves it",
	    VIEW_FMT(v->author));
	*verdict = (struct smtp_verdict){
	    .kind = SMTP_PERMANENT, .code = 550, .enhanced = "5.7.26", .text = s->reason};
}

/*
 * What the author's domain wants (RFC 9989 section 5.4), as far as the administrator follows it. A message
 * that names more authors than are looked at goes into Junk: one of them may be forged.
 */
static void decide(const struct dmarc_verdict *v, struct sender_results *r)
{
	struct view wish = smtp_role.edge.process->settings.dmarc_policy;
	bool unproven = v->result == SENDER_FAIL || v->cause == DMARC_TOO_LARGE;
	if (!unproven || v->policy == DMARC_NONE)
		return;
	if (view_equal(wish, VIEW("off"))) {
		r->override = SENDER_POLICY_OFF;
		return;
	}
	bool refused = v->policy == DMARC_REJECT && view_equal(wish, VIEW("follow"));
	r->action = refused ? SENDER_REFUSED : SENDER_TO_JUNK;
	if (v->policy == DMARC_REJECT && !refused)
		r->override = SENDER_POLICY_MARKED;
}

/* What was found and done goes along with the message. Without memory it goes without. */
static void keep(struct smtp_sender *s, const struct sender_results *r)
{
	struct buf *kept = &s->connection->message.results;
	buf_clear(kept);
	if (sender_results_encode(r, kept) != 0)
		buf_clear(kept);
}

static enum smtp_hook_result judge(struct smtp_sender *s, struct smtp_verdict *verdict)
{
	const struct sender_verdicts *v = sender_check_verdicts(s->check);
	struct sender_results results;
	struct buf field;
	log_verdicts(s, v);
	buf_init(&field, VERDICT_HEADERS_MAX);
	if (authentication_results_write(v, &s->request, VERDICT_HEADERS_MAX, &field) == 0)
		smtp_hooks_add_header(s->connection, buf_view(&field));
	buf_done(&field);
	sender_results_make(v, &results);
	decide(&v->dmarc, &results);
	if (results.action == SENDER_REFUSED) {
		refuse(s, &v->dmarc, verdict);
		return HOOK_DECIDED;
	}
	s->connection->message.junk = results.action == SENDER_TO_JUNK;
	keep(s, &results);
	return HOOK_ACCEPT;
}

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
	enum smtp_hook_result result = judge(s, &verdict);
	smtp_hooks_resume(s->connection, result, &verdict);
}

enum smtp_hook_result smtp_sender_judge(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	struct smtp_sender *s = c->message.sender;
	if (s == NULL)
		return HOOK_ACCEPT;
	sender_check_end(s->check);
	if (sender_check_judge(s->check))
		return judge(s, verdict);
	s->ended = true;
	loop_timer_set(&s->patience, PATIENCE_MS);
	lookup_ask(&s->lookup);
	return HOOK_WAIT;
}
