/*
 * What follows from the verdicts on a message's sender: whether it claims to be from here, which auth knows;
 * what is done for each recipient (trust/sender/sender_policy.h); what is written into its header, the log
 * and the reply.
 */
#include "role/smtp/smtp_failure.h"
#include "role/smtp/smtp_report.h"
#include "role/smtp/smtp_sender_private.h"

#include <stdio.h>

#include "base/log.h"
#include "config/sender_rule.h"
#include "trust/route/srs.h"
#include "trust/sender/authentication_results.h"
#include "trust/sender/sender_results_make.h"

/* ---- the rules ---- */

static enum sender_wish wish_of(enum rule_wish wish)
{
	return wish == RULE_OFF ? SENDER_IGNORE : wish == RULE_MARK ? SENDER_MARK : SENDER_FOLLOW;
}

static struct view domain_of(struct view address)
{
	return view_skip(address, (size_t)(view_find_last(address, '@') + 1));
}

static enum sender_wish own_wish(void)
{
	enum rule_wish wish = RULE_FOLLOW;
	own_domains_parse(smtp_role.edge.process->settings.own_domains, &wish);
	return wish_of(wish);
}

static enum sender_wish policy_of(struct view author, struct view recipient)
{
	const struct settings *settings = &smtp_role.edge.process->settings;
	enum rule_wish wish = RULE_FOLLOW;
	dmarc_policy_parse(settings->dmarc_policy, &wish);
	return wish_of(sender_rules_find(settings->dmarc_exceptions, author, domain_of(recipient), wish));
}

/* An exception for one author says nothing of another who is forged beside him: the strictest rule counts. */
static enum sender_wish policy_for(const struct sender_verdicts *v, const struct smtp_recipient *r)
{
	enum sender_wish strictest = policy_of(v->dmarc.author, r->address);
	for (size_t i = 0; v->authors > 1 && i < v->authors && i < SENDER_AUTHORS_MAX; i++) {
		enum sender_wish wish = policy_of(v->author[i].domain, r->address);
		if (v->author[i].result == SENDER_FAIL && wish < strictest)
			strictest = wish;
	}
	return strictest;
}

/* ---- what is said ---- */

static const char *action_name(const struct sender_decision *d)
{
	return d->action == SENDER_REFUSED   ? d->later ? "deferred" : "refused"
	       : d->action == SENDER_TO_JUNK ? "junk"
	                                     : "taken";
}

static const char *override_name(enum sender_override override)
{
	return override == SENDER_TRUSTED_SEAL ? "seal" : override == SENDER_KNOWN_LIST ? "list" : "";
}

static void log_verdicts(
    const struct smtp_sender *s, const struct sender_verdicts *v, const struct sender_decision *d)
{
	struct smtp_connection *c = s->connection;
	log_event(LOG_INFO, c->edge.id, "sender-checked", log_string("client", c->edge.client.text),
	    log_text("sender", smtp_envelope(c->session)->terms.sender),
	    log_string("spf", sender_result_name(v->spf.result)),
	    log_string("dkim", sender_result_name(dkim_result(v->dkim))),
	    log_string("arc", sender_result_name(v->arc->verdict.result)),
	    log_string("dmarc", sender_result_name(v->dmarc.result)), log_text("author", v->dmarc.author),
	    log_string("policy", dmarc_policy_name(v->dmarc.policy)),
	    log_text("claims", s->ours ? s->ours->domain : (struct view){0}),
	    log_string("action", action_name(d)), log_string("override", override_name(d->override)));
}

/* RFC 7372 section 3.3: neither SPF nor DKIM has proven what was to be proven. */
static void refuse(struct smtp_sender *s, const struct sender_decision *d, struct smtp_verdict *verdict)
{
	struct view author = sender_check_verdicts(s->check)->dmarc.author;
	*verdict = (struct smtp_verdict){
	    .kind = SMTP_PERMANENT, .code = 550, .enhanced = "5.7.26", .text = s->reason};
	if (d->later)
		*verdict = (struct smtp_verdict){
		    .kind = SMTP_TEMPORARY, .code = 451, .enhanced = "4.4.3", .text = s->reason};
	if (d->ground == SENDER_CLAIMS_OURS && d->later) {
		snprintf(s->reason, sizeof s->reason,
		    "whether this message is from %.*s, a domain of this server, cannot be checked now; try "
		    "again later",
		    VIEW_FMT(s->ours->domain));
	} else if (d->ground == SENDER_CLAIMS_OURS) {
		snprintf(s->reason, sizeof s->reason,
		    "this message says that it is from %.*s, a domain of this server, and neither SPF nor a "
		    "DKIM signature of that domain proves it; its users log in at port 587 or 465 to send",
		    VIEW_FMT(s->ours->domain));
	} else if (d->later) {
		snprintf(s->reason, sizeof s->reason,
		    "the domain %.*s wants mail refused that is not proven to come from it (DMARC, "
		    "p=reject), and what may prove it cannot be looked up now; try again later",
		    VIEW_FMT(author));
	} else {
		snprintf(s->reason, sizeof s->reason,
		    "the domain %.*s wants mail refused that is not proven to come from it (DMARC, "
		    "p=reject), and neither SPF nor a DKIM signature of that domain proves it",
		    VIEW_FMT(author));
	}
}

static void write_field(
    struct smtp_sender *s, const struct sender_verdicts *v, const struct sender_decision *d)
{
	struct buf field;
	buf_init(&field, VERDICT_HEADERS_MAX);
	if (authentication_results_write(v, d, &s->request, VERDICT_HEADERS_MAX, &field) == 0)
		smtp_hooks_add_header(s->connection, buf_view(&field));
	buf_done(&field);
}

/* What was found and done goes along with the message. Without memory it goes without. */
static void keep(struct smtp_sender *s, const struct sender_verdicts *v, const struct sender_decision *d)
{
	struct buf *kept = &s->connection->message.results;
	struct sender_results results;
	sender_results_make(v, &results);
	results.action = d->action;
	results.override = d->override;
	if (d->seal > 0)
		results.override_by = view_from_string(v->arc->sets[d->seal - 1].seal_field.domain);
	else if (d->override == SENDER_KNOWN_LIST)
		results.override_by = s->list.id;
	buf_clear(kept);
	if (sender_results_encode(&results, kept) != 0)
		buf_clear(kept);
}

/* ---- what is done ---- */

static struct sender_rules common_rules(const struct smtp_sender *s, const struct sender_verdicts *v)
{
	return (struct sender_rules){.ours = own_wish(),
	    .claims_ours = s->ours,
	    .claims_author = s->ours && view_equal_nocase(s->ours->domain, v->dmarc.author),
	    .ours_later = s->ours && s->ours->later,
	    .seal = sender_find_seal(v, smtp_role.edge.process->settings.arc_trusted)};
}

static struct sender_decision decide_for(const struct smtp_sender *s, const struct sender_verdicts *v,
    struct sender_rules *rules, size_t recipient)
{
	rules->policy = policy_for(v, &smtp_envelope(s->connection->session)->recipients[recipient]);
	rules->known_list = s->readers && s->readers[recipient] == SENDER_READER;
	return sender_decide(v, rules);
}

/* What its list gains by it, or loses when its reader puts it into Junk. */
static void note_list(struct smtp_sender *s, const struct sender_verdicts *v, const struct sender_decision *d)
{
	s->connection->message.list = s->list.number;
	s->connection->message.list_counts = s->list.number && d->action == SENDER_DELIVERED &&
	                                     d->override == SENDER_NO_OVERRIDE &&
	                                     v->dmarc.result != SENDER_FAIL;
}

/*
 * Each recipient has a decision; the message has one reply. So it is refused when all refuse it, and else
 * goes into Junk where it should not have come. What is told of the message as a whole is what was done at
 * its best.
 */
static enum smtp_hook_result carry_out(struct smtp_sender *s, struct smtp_verdict *verdict)
{
	const struct sender_verdicts *v = sender_check_verdicts(s->check);
	struct sender_rules rules = common_rules(s, v);
	struct sender_decision best = {.action = SENDER_ACTIONS};
	for (size_t i = 0; i < smtp_envelope(s->connection->session)->count; i++) {
		struct sender_decision d = decide_for(s, v, &rules, i);
		if (d.action < best.action)
			best = d;
		if (d.action != SENDER_DELIVERED)
			smtp_hooks_into_junk(s->connection, i);
	}
	log_verdicts(s, v, &best);
	smtp_report_count(s, &best);
	smtp_failure_note(s, &best);
	write_field(s, v, &best);
	note_list(s, v, &best);
	if (best.action < SENDER_REFUSED) {
		keep(s, v, &best);
		return HOOK_ACCEPT;
	}
	refuse(s, &best, verdict);
	return HOOK_DECIDED;
}

/* A list is asked about when it would change something. */
static enum smtp_hook_result judge_list(struct smtp_sender *s, struct smtp_verdict *verdict)
{
	const struct sender_verdicts *v = sender_check_verdicts(s->check);
	struct sender_rules rules = common_rules(s, v);
	bool hindered = false;
	if (smtp_role.edge.process->settings.list_exceptions)
		s->list = sender_find_list(v);
	for (size_t i = 0; s->list.number && i < smtp_envelope(s->connection->session)->count; i++)
		hindered |= decide_for(s, v, &rules, i).action != SENDER_DELIVERED;
	return hindered ? smtp_sender_ask_lists(s, carry_out, verdict) : carry_out(s, verdict);
}

/* ---- claims ---- */

static enum smtp_hook_result ask_claims(struct smtp_sender *s, struct smtp_verdict *verdict);

static bool claim_answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct smtp_connection *c = arg;
	struct smtp_sender *s = c->message.sender;
	struct message_resolved m = {.verdict = RESOLVE_TEMPORARY};
	struct smtp_verdict verdict = smtp_unavailable;
	if (frame && !link_decode(link, frame, &m))
		return false;
	c->check.request = 0;
	enum smtp_hook_result result = HOOK_DECIDED;
	if (m.verdict != RESOLVE_NOT_OURS && m.verdict != RESOLVE_TEMPORARY) {
		s->ours = &s->claims[s->claim_next - 1];
		s->claim_next = s->claim_count;
	}
	if (m.verdict != RESOLVE_TEMPORARY)
		result = ask_claims(s, &verdict);
	if (result != HOOK_WAIT)
		smtp_hooks_resume(c, result, &verdict);
	return true;
}

/* A bounce of what we forwarded to a host that forwards it back: the address is one that we gave out. */
static bool is_own_rewriting(const struct smtp_sender *s, const struct sender_claim *claim)
{
	const struct sender_verdicts *v = sender_check_verdicts(s->check);
	if (!view_equal_nocase(claim->domain, v->envelope) || !srs_is(s->request.sender_local))
		return false;
	for (size_t i = 0; i < v->authors && i < SENDER_AUTHORS_MAX; i++)
		if (view_equal_nocase(v->author[i].domain, claim->domain))
			return false;
	return true;
}

/* One after the other: of an address that each domain has, auth says at least whether the domain is ours. */
static enum smtp_hook_result ask_claims(struct smtp_sender *s, struct smtp_verdict *verdict)
{
	while (s->claim_next < s->claim_count) {
		const struct sender_claim *claim = &s->claims[s->claim_next++];
		if (is_own_rewriting(s, claim))
			continue;
		struct buf address;
		buf_init(&address, ADDRESS_KEY_MAX);
		buf_printf(&address, "postmaster@%.*s", VIEW_FMT(claim->domain));
		struct message_resolve m = {.address = buf_view(&address)};
		enum smtp_hook_result result = smtp_hooks_ask(
		    s->connection, &smtp_role.edge.auth, MESSAGE_RESOLVE, &m, claim_answered, verdict);
		buf_done(&address);
		return result;
	}
	return judge_list(s, verdict);
}

enum smtp_hook_result smtp_sender_decide(struct smtp_sender *s, struct smtp_verdict *verdict)
{
	if (own_wish() != SENDER_IGNORE)
		s->claim_count = sender_unproven(sender_check_verdicts(s->check), s->claims);
	return ask_claims(s, verdict);
}
