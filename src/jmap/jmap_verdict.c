/* The verdict of an email: see jmap_verdict.h. Values first, and each with its sentence, so that a program
 * can show either. */
#include "jmap/jmap_verdict.h"

#include "base/buf.h"
#include "base/show.h"
#include "jmap/jmap_numbered.h"
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

static enum level level_by_results(const struct sender_results *r)
{
	if (r == NULL)
		return LEVEL_NONE;
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

static struct view domain_of(struct view address)
{
	ptrdiff_t at = view_find_last(address, '@');
	return at < 0 ? (struct view){0} : view_skip(address, (size_t)at + 1);
}

/* The same name elsewhere in an organization that is proven is somebody's second address, or a namesake. */
static bool is_colleague(const struct sender_results *r, const struct mail_message *m)
{
	return r && sender_standing(r) == SENDER_PROVEN && m->looks_like.len == 0 &&
	       view_equal_nocase(domain_of(m->name_of), r->dmarc.author);
}

static enum level level_of(const struct sender_results *r, const struct mail_message *m)
{
	enum level level = level_by_results(r);
	if ((m->looks_like.len == 0 && m->name_of.len == 0) || is_colleague(r, m))
		return level;
	if (r && sender_standing(r) == SENDER_UNPROVEN && !is_vouched(r))
		return LEVEL_DANGER;
	return level > LEVEL_CAUTION ? level : LEVEL_CAUTION;
}

/* ---- members ---- */

static void put_word(struct json_out *out, const char *name, const char *word)
{
	jmap_put_text(out, name, word ? view_from_string(word) : (struct view){0});
}

/* What proves it, or vouches for it. */
static void put_by(struct json_out *out, const struct sender_results *r)
{
	json_out_name(out, VIEW("by"));
	json_out_array(out);
	if (r && r->dmarc.result == SENDER_PASS && r->dmarc.aligned_dkim)
		json_out_string(out, VIEW("dkim"));
	if (r && r->dmarc.result == SENDER_PASS && r->dmarc.aligned_spf)
		json_out_string(out, VIEW("spf"));
	if (r && r->override == SENDER_TRUSTED_SEAL)
		json_out_string(out, VIEW("arc"));
	if (r && r->override == SENDER_KNOWN_LIST)
		json_out_string(out, VIEW("list"));
	json_out_end(out);
}

static void put_evidence(struct json_out *out, const char *what, enum sender_result result,
    struct view domain, const struct buf *text)
{
	json_out_object(out);
	put_word(out, "what", what);
	put_word(out, "result", sender_result_name(result));
	jmap_put_text(out, "domain", domain);
	jmap_put_text(out, "text", buf_view(text));
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

static void put_checks(struct json_out *out, const struct sender_results *r, struct buf *text)
{
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
}

static void put_all_evidence(struct json_out *out, const struct sender_results *r, struct buf *text)
{
	json_out_name(out, VIEW("evidence"));
	json_out_array(out);
	if (r)
		put_checks(out, r, text);
	json_out_end(out);
}

/* ---- the object ---- */

/* A sentence behind those that are there; text of strangers is shown between two of our own. */
static void say(struct buf *text, const char *before, struct view shown, const char *after)
{
	if (text->len > 0)
		(void)buf_append_byte(text, ' ');
	(void)buf_append_string(text, before);
	(void)show_line(text, shown);
	(void)buf_append_string(text, after);
}

static void say_contact(const struct mail_message *m, struct buf *text)
{
	if (m->contact == MAIL_CONTACT_FIRST)
		say(text, "It is the first message from this address.", (struct view){0}, "");
	if (m->name_of.len > 0)
		say(text, "Its sender has the name of somebody to whom you write at another address, ",
		    m->name_of, ".");
	if (m->looks_like.len > 0)
		say(text, "Its sender's address looks like another one to which you write, ", m->looks_like,
		    ".");
}

static void put_results(struct json_out *out, const struct sender_results *r)
{
	static const char *const actions[SENDER_ACTIONS] = {
	    [SENDER_DELIVERED] = "delivered", [SENDER_TO_JUNK] = "junk", [SENDER_REFUSED] = "refused"};
	bool proven = r && sender_standing(r) == SENDER_PROVEN;
	bool has_policy = r && !view_empty(r->dmarc.policy_domain);
	put_word(out, "standing", r ? sender_standing_name(sender_standing(r)) : NULL);
	jmap_put_text(out, "domain", r ? r->dmarc.author : (struct view){0});
	json_out_name(out, VIEW("proven"));
	json_out_bool(out, proven);
	put_by(out, r);
	put_word(out, "policy", has_policy ? dmarc_policy_name(r->dmarc.policy) : NULL);
	put_word(out, "action", r ? actions[r->action] : NULL);
}

static void put_object(
    struct json_out *out, const struct sender_results *r, const struct mail_message *m, struct buf *text)
{
	if (r) {
		(void)sender_explain(r, text);
		size_t before = text->len;
		(void)buf_append_byte(text, ' ');
		size_t space = text->len;
		(void)sender_explain_action(r, text);
		if (text->len == space)
			buf_truncate(text, before);
	}
	say_contact(m, text);
	put_word(out, "level", level_names[level_of(r, m)]);
	jmap_put_text(out, "text", buf_view(text));
	put_results(out, r);
	json_out_name(out, VIEW("firstContact"));
	jmap_first_contact_write(out, m);
	jmap_put_text(out, "looksLike", m->looks_like);
	jmap_put_text(out, "nameOf", m->name_of);
	put_all_evidence(out, r, text);
}

void jmap_verdict_write(struct json_out *out, const struct mail_message *m)
{
	struct sender_results results;
	struct buf text;
	bool checked = m && !view_empty(m->sender) && sender_results_decode(m->sender, &results);
	bool known = m && (m->contact != MAIL_CONTACT_UNKNOWN || m->looks_like.len > 0 || m->name_of.len > 0);
	if (!checked && !known) {
		json_out_null(out);
		return;
	}
	buf_init(&text, SENTENCES_MAX);
	json_out_object(out);
	put_object(out, checked ? &results : NULL, m, &text);
	json_out_end(out);
	if (buf_failed(&text))
		out->out->failed = true;
	buf_done(&text);
}

void jmap_first_contact_write(struct json_out *out, const struct mail_message *m)
{
	if (m == NULL || m->contact == MAIL_CONTACT_UNKNOWN)
		json_out_null(out);
	else
		json_out_bool(out, m->contact == MAIL_CONTACT_FIRST);
}
