/* From the tap to the signature, and to the verdict on its alignment: see smtp_sign.h. */
#include "role/smtp/smtp_sign.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "process/lookup.h"
#include "process/signing_choose.h"
#include "trust/sender/dmarc.h"

enum {
	PATIENCE_MS = 8 * 1000, /* for the author's policy; without it the message goes */
	REASON_MAX = 380,       /* of a reply's text */
};

struct smtp_sign {
	struct smtp_connection *connection;
	struct signing *signing;
	struct address author; /* the domain in From; len 0: none, or several */
	struct lookup lookup;  /* of the policy of that domain */
	struct arena arena;
	bool asking, failed, malformed; /* the lookup runs; nobody signs it */
	char reason[REASON_MAX];
};

/* ---- the tap ---- */

static bool leaves_here(const struct smtp_connection *c)
{
	for (size_t i = 0; i < c->upload.count; i++)
		if (c->upload.targets[i].account == 0)
			return true;
	return false;
}

static void signed_all(void *arg, int error);

static void begin(struct smtp_connection *c)
{
	struct role_process *p = smtp_role.edge.process;
	if (!p->settings.dkim_sign || !leaves_here(c))
		return;
	struct smtp_sign *s = mem_alloc(sizeof *s);
	s->connection = c;
	s->signing = signing_new(&smtp_role.edge.keys, &p->loop, signed_all, s);
	arena_init(&s->arena, DMARC_MEMORY_MAX);
	c->message.sign = s;
}

static bool bytes(struct smtp_connection *c, struct view v)
{
	if (c->message.sign)
		signing_bytes(c->message.sign->signing, v);
	return true;
}

static void end(struct smtp_connection *c)
{
	struct smtp_sign *s = c->message.sign;
	c->message.sign = NULL;
	c->message.head = c->message.signer = (struct view){0};
	if (s == NULL)
		return;
	signing_free(s->signing);
	if (s->asking)
		lookup_done(&s->lookup);
	arena_done(&s->arena);
	mem_free(s);
}

const struct smtp_tap smtp_sign_tap = {.begin = begin, .bytes = bytes, .end = end};

/* ---- whose domain ---- */

enum smtp_hook_result smtp_sign_choose(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	struct smtp_sign *s = c->message.sign;
	const struct smtp_envelope *envelope = smtp_envelope(c->session);
	(void)verdict;
	if (s == NULL)
		return HOOK_ACCEPT;
	struct signing_choice choice = {.authors = smtp_authors(c->session),
	    .sender = envelope->sender_is_null ? (struct view){0} : envelope->terms.sender,
	    .login = smtp_login_address(c->session),
	    .any_of_ours =
	        c->local.may_send || view_equal(smtp_role.edge.process->settings.own_from, VIEW("refuse"))};
	signing_choose(s->signing, &choice, &s->author);
	return HOOK_ACCEPT;
}

/* ---- what others would do with it ---- */

static void resume(struct smtp_sign *s, enum smtp_hook_result result, const struct smtp_verdict *verdict)
{
	if (s->asking)
		lookup_done(&s->lookup);
	s->asking = false;
	smtp_hooks_resume(s->connection, result, verdict);
}

/* Said once the message is kept: its user may know why others doubt it. */
static void let_go(struct smtp_sign *s)
{
	struct smtp_verdict verdict = {.kind = SMTP_ACCEPT, .text = s->reason};
	if (s->failed) {
		snprintf(s->reason, sizeof s->reason, "it is not signed, since %s",
		    s->malformed ? "its header is larger, or less clear, than signatures can cover"
		                 : "this server has no key for its domain");
	} else if (!signing_is_shown(s->signing)) {
		snprintf(s->reason, sizeof s->reason,
		    "the DNS does not show the key of %s yet, so that others cannot verify it",
		    signing_domain_name(s->signing));
	} else {
		resume(s, HOOK_ACCEPT, NULL);
		return;
	}
	log_event(LOG_WARNING, s->connection->edge.id, "sent-unproven",
	    log_text("sender", smtp_envelope(s->connection->session)->terms.sender),
	    log_string("reason", s->reason));
	resume(s, HOOK_DECIDED, &verdict);
}

/* Evaluates as its reader would, who finds the envelope's domain proven by SPF: nothing else is known of
 * that. */
static void judge(void *arg)
{
	struct smtp_sign *s = arg;
	const struct smtp_envelope *envelope = smtp_envelope(s->connection->session);
	struct dmarc_verdict v;
	struct dmarc_identity key = {
	    .domain = view_from_string(signing_domain_name(s->signing)), .result = SENDER_PASS};
	struct dmarc_request request = {.author = address_view(&s->author),
	    .spf = {.domain = envelope->sender_is_null ? (struct view){0} : envelope->sender_domain,
	        .result = envelope->sender_is_null ? SENDER_NONE : SENDER_PASS},
	    .dkim = &key,
	    .dkim_count = s->failed ? 0 : 1};
	arena_reset(&s->arena);
	if (!dmarc_check(&s->lookup.answers, &request, &s->arena, &v)) {
		lookup_ask(&s->lookup);
		return;
	}
	if (v.result != SENDER_FAIL || v.policy == DMARC_NONE) {
		let_go(s);
		return;
	}
	snprintf(s->reason, sizeof s->reason,
	    "others would %s this: %.*s in its From field wants mail treated so that is not proven to come "
	    "from there (DMARC, p=%s), and this server cannot prove it; write from an address of your own",
	    v.policy == DMARC_REJECT ? "refuse" : "put into Junk", VIEW_FMT(v.author),
	    dmarc_policy_name(v.policy));
	resume(s, HOOK_DECIDED,
	    &(struct smtp_verdict){
	        .kind = SMTP_PERMANENT, .code = 550, .enhanced = "5.7.1", .text = s->reason});
}

/* A signature of the author's own domain is aligned in every mode; several authors, and none, have no policy
 * of their own that could be followed. */
static bool is_aligned(const struct smtp_sign *s)
{
	return s->author.len == 0 || (!s->failed && view_equal(address_view(&s->author),
	                                                view_from_string(signing_domain_name(s->signing))));
}

static void signed_all(void *arg, int error)
{
	static const struct smtp_verdict later = {.kind = SMTP_TEMPORARY,
	    .code = 451,
	    .enhanced = "4.3.0",
	    .text = "the message cannot be signed now, try again later"};
	struct smtp_sign *s = arg;
	struct role_process *p = smtp_role.edge.process;
	s->failed = error != 0;
	s->malformed = error == -EINVAL || error == -E2BIG;
	if (error == 0) {
		s->connection->message.head = signing_fields(s->signing);
		s->connection->message.signer = view_from_string(signing_domain_name(s->signing));
	}
	if (error && error != -ENOENT && !s->malformed) {
		resume(s, HOOK_DECIDED, &later);
		return;
	}
	if (is_aligned(s)) {
		let_go(s);
		return;
	}
	s->asking = true;
	lookup_init(&s->lookup, &p->loop, &smtp_role.dns, PATIENCE_MS, judge, s);
	judge(s);
}

enum smtp_hook_result smtp_sign_message(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	struct smtp_sign *s = c->message.sign;
	(void)verdict;
	if (s == NULL)
		return HOOK_ACCEPT;
	signing_end(s->signing);
	return HOOK_WAIT;
}
