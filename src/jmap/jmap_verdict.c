/* The verdict of an email: see jmap_verdict.h. Values first, and each with its sentence, so that a program
 * can show either. */
#include "jmap/jmap_verdict.h"

#include "base/buf.h"
#include "trust/sender/sender_words.h"

enum { SENTENCES_MAX = 4 * 1024 };

/* How much a person should be told: nothing, in passing, to be careful, not to believe it. */
enum level { LEVEL_NONE, LEVEL_PLAIN, LEVEL_CAUTION, LEVEL_DANGER };
static const char *const level_names[] = {
    [LEVEL_NONE] = "none", [LEVEL_PLAIN] = "plain", [LEVEL_CAUTION] = "caution", [LEVEL_DANGER] = "danger"};

/* Somebody who is believed here vouches for it: a server that sealed it, a list that is read. */
static bool is_vouched(const struct sender_results *r)
{
	return r->override == SENDER_TRUSTED_SEAL || r->override == SENDER_KNOWN_LIST;
}

static enum level level_of(const struct sender_results *r)
{
	switch (sender_standing(r)) {
	case SENDER_PROVEN:
		return LEVEL_PLAIN;
	case SENDER_UNPROVEN:
		if (is_vouched(r))
			return LEVEL_PLAIN;
		return r->dmarc.policy == DMARC_NONE ? LEVEL_CAUTION : LEVEL_DANGER;
	default:
		return LEVEL_NONE;
	}
}

/* ---- members ---- */

static void put_text(struct json_out *out, const char *name, struct view text)
{
	json_out_name(out, view_from_string(name));
	if (view_empty(text))
		json_out_null(out);
	else
		json_out_string(out, text);
}

static void put_word(struct json_out *out, const char *name, const char *word)
{
	put_text(out, name, word ? view_from_string(word) : (struct view){0});
}

/* What proves it, or vouches for it. */
static void put_by(struct json_out *out, const struct sender_results *r)
{
	json_out_name(out, VIEW("by"));
	json_out_array(out);
	if (r->dmarc.result == SENDER_PASS && r->dmarc.aligned_dkim)
		json_out_string(out, VIEW("dkim"));
	if (r->dmarc.result == SENDER_PASS && r->dmarc.aligned_spf)
		json_out_string(out, VIEW("spf"));
	if (r->override == SENDER_TRUSTED_SEAL)
		json_out_string(out, VIEW("arc"));
	if (r->override == SENDER_KNOWN_LIST)
		json_out_string(out, VIEW("list"));
	json_out_end(out);
}

static void put_evidence(struct json_out *out, const char *what, enum sender_result result,
    struct view domain, const struct buf *text)
{
	json_out_object(out);
	put_word(out, "what", what);
	put_word(out, "result", sender_result_name(result));
	put_text(out, "domain", domain);
	put_text(out, "text", buf_view(text));
	json_out_end(out);
}

static void put_signatures(struct json_out *out, const struct sender_results *r, struct buf *text)
{
	for (size_t i = 0; i < r->dkim_count; i++) {
		buf_clear(text);
		(void)sender_explain_signature(r, i, text);
		put_evidence(out, "dkim", r->dkim[i].result, r->dkim[i].domain, text);
	}
}

static void put_all_evidence(struct json_out *out, const struct sender_results *r, struct buf *text)
{
	json_out_name(out, VIEW("evidence"));
	json_out_array(out);
	buf_clear(text);
	(void)sender_explain_dmarc(r, text);
	put_evidence(out, "dmarc", r->dmarc.result, r->dmarc.policy_domain, text);
	buf_clear(text);
	(void)sender_explain_spf(r, text);
	put_evidence(out, "spf", r->spf.result, sender_results_spf_domain(r), text);
	put_signatures(out, r, text);
	if (r->arc.cause != ARC_NO_CHAIN) {
		buf_clear(text);
		(void)sender_explain_arc(r, text);
		put_evidence(out, "arc", r->arc.result, r->arc.sealer, text);
	}
	if (r->has_client) {
		buf_clear(text);
		(void)sender_explain_client(r, text);
		put_evidence(out, "client", r->client_result, r->client_name, text);
	}
	json_out_end(out);
}

static void put_whole(struct json_out *out, const struct sender_results *r, struct buf *text)
{
	static const char *const actions[SENDER_ACTIONS] = {
	    [SENDER_DELIVERED] = "delivered", [SENDER_TO_JUNK] = "junk", [SENDER_REFUSED] = "refused"};
	(void)sender_explain(r, text);
	size_t before = text->len;
	(void)buf_append_byte(text, ' ');
	size_t space = text->len;
	(void)sender_explain_action(r, text);
	if (text->len == space)
		buf_truncate(text, before);
	put_word(out, "level", level_names[level_of(r)]);
	put_text(out, "text", view_trim(buf_view(text)));
	put_word(out, "standing", sender_standing_name(sender_standing(r)));
	put_text(out, "domain", r->dmarc.author);
	json_out_name(out, VIEW("proven"));
	json_out_bool(out, sender_standing(r) == SENDER_PROVEN);
	put_by(out, r);
	put_word(
	    out, "policy", view_empty(r->dmarc.policy_domain) ? NULL : dmarc_policy_name(r->dmarc.policy));
	put_word(out, "action", actions[r->action]);
}

void jmap_verdict_write(struct json_out *out, const struct jmap_verdict_source *source)
{
	struct sender_results results;
	struct buf text;
	if (view_empty(source->sender) || !sender_results_decode(source->sender, &results)) {
		json_out_null(out);
		return;
	}
	buf_init(&text, SENTENCES_MAX);
	json_out_object(out);
	put_whole(out, &results, &text);
	put_all_evidence(out, &results, &text);
	json_out_end(out);
	if (buf_failed(&text))
		out->out->failed = true;
	buf_done(&text);
}
