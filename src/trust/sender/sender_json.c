/* The values as a JSON object, each with its sentence: see sender_words.h. */
#include <arpa/inet.h>
#include <errno.h>

#include "format/json.h"
#include "trust/sender/sender_words.h"

enum { SENTENCE_MAX = 4 * 1024 };

/* "name": with a comma before all but the first member of an object. */
static void member(struct buf *out, const char *name)
{
	if (out->len > 0 && buf_view(out).data[buf_view(out).len - 1] != '{')
		buf_append_byte(out, ',');
	buf_printf(out, "\"%s\":", name);
}

/* What is not known is left out. */
static void text(struct buf *out, const char *name, struct view value)
{
	if (view_empty(value))
		return;
	member(out, name);
	json_append_string(out, value);
}

static void word(struct buf *out, const char *name, const char *value)
{
	text(out, name, view_from_string(value));
}

static void number(struct buf *out, const char *name, int64_t value)
{
	member(out, name);
	buf_printf(out, "%lld", (long long)value);
}

static void flag(struct buf *out, const char *name, bool value)
{
	member(out, name);
	buf_append_string(out, value ? "true" : "false");
}

static void words(struct buf *out, int (*explain)(const struct sender_results *, struct buf *),
    const struct sender_results *r)
{
	struct buf sentence;
	buf_init(&sentence, SENTENCE_MAX);
	explain(r, &sentence);
	text(out, "words", buf_view(&sentence));
	buf_done(&sentence);
}

/* ---- the parts ---- */

static void put_dmarc(const struct sender_results *r, struct buf *out)
{
	member(out, "dmarc");
	buf_append_byte(out, '{');
	word(out, "result", sender_result_name(r->dmarc.result));
	text(out, "author", r->dmarc.author);
	number(out, "authors", r->dmarc.authors);
	text(out, "organization", r->dmarc.organization);
	text(out, "policyDomain", r->dmarc.policy_domain);
	if (!view_empty(r->dmarc.policy_domain))
		word(out, "policy", dmarc_policy_name(r->dmarc.policy));
	text(out, "record", r->dmarc.record);
	flag(out, "alignedSpf", r->dmarc.aligned_spf);
	flag(out, "alignedDkim", r->dmarc.aligned_dkim);
	text(out, "provenBy", r->dmarc.proven_by);
	text(out, "noAnswerFor", r->dmarc.question);
	words(out, sender_explain_dmarc, r);
	buf_append_byte(out, '}');
}

static void put_spf(const struct sender_results *r, struct buf *out)
{
	member(out, "spf");
	buf_append_byte(out, '{');
	word(out, "result", sender_result_name(r->spf.result));
	flag(out, "checked", r->spf.cause != SPF_NOT_CHECKED);
	word(out, "identity", r->spf.of_helo ? "helo" : "mailfrom");
	text(out, "domain", sender_results_spf_domain(r));
	text(out, "decidedBy", r->spf.decided);
	text(out, "record", r->spf.record);
	text(out, "term", r->spf.term);
	text(out, "noAnswerFor", r->spf.question);
	number(out, "lookups", r->spf.lookups);
	number(out, "voidLookups", r->spf.voids);
	words(out, sender_explain_spf, r);
	buf_append_byte(out, '}');
}

static void put_signature(const struct sender_signature *s, struct buf *out)
{
	word(out, "result", sender_result_name(s->result));
	text(out, "domain", s->domain);
	text(out, "selector", s->selector);
	text(out, "identity", s->identity);
	text(out, "algorithm", s->algorithm);
	text(out, "signature", s->id);
	if (s->bits)
		number(out, "keyBits", s->bits);
	flag(out, "keySecure", s->secure);
	flag(out, "testing", s->testing);
	if (s->signed_length != DKIM_WHOLE)
		number(out, "signedLength", (int64_t)s->signed_length);
	if (s->signed_at != DKIM_NO_TIME)
		number(out, "signedAt", s->signed_at);
	if (s->expires != DKIM_NO_TIME)
		number(out, "expires", s->expires);
}

static void put_signatures(const struct sender_results *r, struct buf *out)
{
	struct buf sentence;
	buf_init(&sentence, SENTENCE_MAX);
	member(out, "dkim");
	buf_append_byte(out, '[');
	for (size_t i = 0; i < r->dkim_count; i++) {
		buf_append_string(out, i ? ",{" : "{");
		put_signature(&r->dkim[i], out);
		buf_clear(&sentence);
		sender_explain_signature(r, i, &sentence);
		text(out, "words", buf_view(&sentence));
		buf_append_byte(out, '}');
	}
	buf_append_byte(out, ']');
	number(out, "dkimNotLookedAt", (int64_t)r->dkim_passed_over);
	buf_done(&sentence);
}

static void put_arc(const struct sender_results *r, struct buf *out)
{
	member(out, "arc");
	buf_append_byte(out, '{');
	word(out, "result", sender_result_name(r->arc.result));
	number(out, "sets", r->arc.sets);
	text(out, "sealer", r->arc.sealer);
	if (r->arc.instance)
		number(out, "instance", r->arc.instance);
	words(out, sender_explain_arc, r);
	buf_append_byte(out, '}');
}

static void put_client(const struct sender_results *r, struct buf *out)
{
	char address[INET6_ADDRSTRLEN];
	if (!r->has_client)
		return;
	inet_ntop(r->client.ipv6 ? AF_INET6 : AF_INET, r->client.bytes, address, sizeof address);
	member(out, "client");
	buf_append_byte(out, '{');
	word(out, "address", address);
	word(out, "iprev", sender_result_name(r->client_result));
	text(out, "name", r->client_name);
	text(out, "helo", r->helo);
	words(out, sender_explain_client, r);
	buf_append_byte(out, '}');
}

int sender_json(const struct sender_results *r, struct buf *out)
{
	static const char *const actions[SENDER_ACTIONS] = {
	    [SENDER_DELIVERED] = "delivered", [SENDER_TO_JUNK] = "junk", [SENDER_REFUSED] = "refused"};
	static const char *const overrides[SENDER_OVERRIDES] = {[SENDER_POLICY_OFF] = "policy-off",
	    [SENDER_POLICY_MARKED] = "policy-marked",
	    [SENDER_TRUSTED_SEAL] = "trusted-seal",
	    [SENDER_KNOWN_LIST] = "known-list"};
	buf_append_byte(out, '{');
	word(out, "standing", sender_standing_name(sender_standing(r)));
	words(out, sender_explain, r);
	number(out, "at", r->at);
	word(out, "action", actions[r->action]);
	word(out, "override", overrides[r->override]);
	text(out, "overrideBy", r->override_by);
	text(out, "mailFrom", r->mail_from);
	put_dmarc(r, out);
	put_spf(r, out);
	put_signatures(r, out);
	put_arc(r, out);
	put_client(r, out);
	buf_append_byte(out, '}');
	return buf_failed(out) ? -ENOBUFS : 0;
}
