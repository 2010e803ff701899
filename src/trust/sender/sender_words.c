/* The sentences of sender_words.h: names come from the values, nothing is asked. */
#include "trust/sender/sender_words.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "base/show.h"
#include "trust/sender/signature_words.h"

/* ---- pieces ---- */

static int finish(const struct buf *out)
{
	return buf_failed(out) ? -ENOBUFS : 0;
}

static void put(struct buf *out, const char *text)
{
	buf_append_string(out, text);
}

/* Text of strangers between two of our own. */
static void say(struct buf *out, const char *before, struct view text, const char *after)
{
	put(out, before);
	show_line(out, text);
	put(out, after);
}

static void say_address(const struct sender_results *r, struct buf *out)
{
	char text[INET6_ADDRSTRLEN];
	if (!r->has_client)
		put(out, "of unknown address");
	else
		put(out, inet_ntop(r->client.ipv6 ? AF_INET6 : AF_INET, r->client.bytes, text, sizeof text));
}

/* ---- the whole ---- */

enum sender_standing sender_standing(const struct sender_results *r)
{
	switch (r->dmarc.result) {
	case SENDER_PASS:
		return SENDER_PROVEN;
	case SENDER_FAIL:
		return r->spf.cause == SPF_NOT_CHECKED ? SENDER_UNKNOWN : SENDER_UNPROVEN;
	case SENDER_TEMPERROR:
		return SENDER_LATER;
	case SENDER_PERMERROR:
		return SENDER_UNPROVEN;
	default:
		return SENDER_UNKNOWN;
	}
}

const char *sender_standing_name(enum sender_standing standing)
{
	static const char *const names[] = {[SENDER_PROVEN] = "proven",
	    [SENDER_UNPROVEN] = "unproven",
	    [SENDER_UNKNOWN] = "unknown",
	    [SENDER_LATER] = "later"};
	return names[standing];
}

static void say_unproven(const struct sender_results *r, struct buf *out)
{
	struct view author = r->dmarc.author;
	if (r->spf.cause == SPF_NOT_CHECKED) {
		say(out, "No signature proves that this message comes from ", author,
		    ". Whether the host that brought it may send for that domain was not checked, since its "
		    "address is not known.");
		return;
	}
	say(out, "Nothing proves that this message comes from ", author, ", which its From field names");
	if (r->dmarc.policy == DMARC_REJECT)
		put(out, "; that domain wants such mail refused.");
	else if (r->dmarc.policy == DMARC_QUARANTINE)
		put(out, "; that domain wants such mail treated with suspicion.");
	else
		put(out, "; that domain wants nothing done about such mail yet.");
}

int sender_explain(const struct sender_results *r, struct buf *out)
{
	switch (r->dmarc.cause) {
	case DMARC_ALIGNED_DKIM:
	case DMARC_ALIGNED_SPF:
		say(out, "This message is proven to come from ", r->dmarc.author, ".");
		break;
	case DMARC_NOT_PROVEN:
		say_unproven(r, out);
		break;
	case DMARC_NO_DOMAIN:
		put(out, "Nobody can tell whom this message comes from: its From field names no domain that "
		         "could be asked.");
		break;
	case DMARC_NO_RECORD:
		say(out, "Whether this message comes from ", r->dmarc.author,
		    " is not known: that domain does not say how its mail can be told from forged mail.");
		break;
	case DMARC_NO_POLICY:
		say(out, "Whether this message comes from ", r->dmarc.author,
		    " is not known: what that domain says about forged mail cannot be understood.");
		break;
	case DMARC_TOO_LARGE:
		put(out,
		    "Nobody can tell whom this message comes from: it names more authors, or has a larger "
		    "header, than is looked at, or its From field can be read in several ways, or it asks "
		    "for too much to be looked up.");
		break;
	default:
		say(out, "Whether this message comes from ", r->dmarc.author,
		    " could not be found out when it came.");
	}
	return finish(out);
}

int sender_explain_action(const struct sender_results *r, struct buf *out)
{
	bool unproven = r->dmarc.result == SENDER_FAIL || r->dmarc.result == SENDER_PERMERROR;
	if (r->action == SENDER_TO_JUNK)
		put(out, "It was put into Junk for that.");
	else if (r->action == SENDER_REFUSED)
		put(out, "It was refused for that.");
	if (r->override == SENDER_POLICY_MARKED)
		put(out, " Nothing is refused for such a reason here (dmarc_policy).");
	else if (r->override == SENDER_TRUSTED_SEAL)
		say(out, "It was delivered all the same: ", r->override_by,
		    ", a server that is trusted here, found it genuine before it was changed on its way.");
	else if (r->override == SENDER_KNOWN_LIST)
		say(out, "It was delivered all the same: it came over ", r->override_by,
		    ", a mailing list that is read here.");
	else if (r->override == SENDER_POLICY_OFF && unproven)
		put(out, "It was delivered all the same: wishes of other domains are not followed here "
		         "(dmarc_policy).");
	return finish(out);
}

/* ---- DMARC ---- */

static void say_policy(const struct sender_results *r, struct buf *out)
{
	if (view_empty(r->dmarc.policy_domain))
		return;
	say(out, " The policy of ", r->dmarc.policy_domain, " for mail that is not proven: ");
	put(out, dmarc_policy_name(r->dmarc.policy));
	put(out, r->dmarc.testing ? " (it is trying that out, t=y)." : ".");
}

static void say_not_proven(const struct sender_results *r, struct buf *out)
{
	say(out, "Neither SPF nor a signature speaks for ", r->dmarc.author,
	    r->dmarc.strict_spf || r->dmarc.strict_dkim ? "." : " or another name of the same organization.");
	if (r->dmarc.nonexistent)
		put(out, " There is no such domain.");
}

int sender_explain_dmarc(const struct sender_results *r, struct buf *out)
{
	switch (r->dmarc.cause) {
	case DMARC_ALIGNED_DKIM:
		say(out, "The signature of ", r->dmarc.proven_by, " proves it");
		put(out, r->dmarc.aligned_spf ? ", and so does SPF." : ".");
		break;
	case DMARC_ALIGNED_SPF:
		put(out, "SPF proves it; no signature does.");
		break;
	case DMARC_NOT_PROVEN:
		say_not_proven(r, out);
		break;
	case DMARC_NO_DOMAIN:
		put(out, "There is no domain to ask.");
		break;
	case DMARC_NO_RECORD:
		say(out, "Neither ", r->dmarc.author, " nor what stands above it has a policy.");
		break;
	case DMARC_NO_POLICY:
		say(out, "The record of ", r->dmarc.policy_domain,
		    " has no policy that means anything, so nobody applies it (RFC 9989 section 4.10.1).");
		break;
	case DMARC_LOOKUP_FAILED:
		say(out, "The policy could not be had: there was no answer for ", r->dmarc.question, ".");
		break;
	case DMARC_MAYBE_LATER:
		put(out, "What would prove it could not be checked then, for want of answers.");
		break;
	case DMARC_NO_MEMORY:
		put(out, "Memory was short.");
		break;
	default:
		put(out, "What could not be looked at as a whole proves nobody.");
	}
	if (r->dmarc.authors > 1)
		buf_printf(out, " From names %u domains; this is about the one that is worst off.",
		    r->dmarc.authors);
	say_policy(r, out);
	return finish(out);
}

/* ---- SPF ---- */

static void say_term(const struct sender_results *r, struct buf *out)
{
	say(out, " (\"", r->spf.term, "\" in the record of ");
	say(out, "", r->spf.decided, ")");
}

static void say_match(const struct sender_results *r, struct view domain, struct buf *out)
{
	static const char *const verbs[SENDER_RESULTS] = {[SENDER_PASS] = " may send for ",
	    [SENDER_FAIL] = " may not send for ",
	    [SENDER_SOFTFAIL] = " probably may not send for "};
	put(out, "The host ");
	say_address(r, out);
	if (verbs[r->spf.result])
		say(out, verbs[r->spf.result], domain, "");
	else
		say(out, " is one of which ", domain, " does not say whether it may send for it");
	say_term(r, out);
	put(out, ".");
}

static void say_broken_record(const struct sender_results *r, struct buf *out)
{
	say(out, "The SPF record of ", r->spf.decided, " cannot be used: ");
	switch (r->spf.cause) {
	case SPF_SEVERAL_RECORDS:
		put(out, "there are several.");
		break;
	case SPF_BAD_SYNTAX:
		say(out, "\"", r->spf.term, "\" is not understood.");
		break;
	case SPF_NO_TARGET:
		say(out, "\"", r->spf.term, "\" leads to a domain without one.");
		break;
	case SPF_TOO_MANY_LOOKUPS:
		buf_printf(out, "it needs more than %d look-ups", SPF_LOOKUPS_MAX);
		say(out, " (at \"", r->spf.term, "\").");
		break;
	case SPF_TOO_MANY_VOIDS:
		buf_printf(out, "it names more than %d things that are not there", SPF_VOID_LOOKUPS_MAX);
		say(out, " (at \"", r->spf.term, "\").");
		break;
	default:
		buf_printf(out, "there are more than %d hosts", SPF_HOSTS_MAX);
		say(out, " behind \"", r->spf.term, "\".");
	}
}

/* It proves who passed the message on, and not who wrote it. */
static void say_not_aligned(struct view proven, const struct sender_results *r, struct buf *out)
{
	say(out, " That proves nothing about ", r->dmarc.author, "");
	say(out, ": ", proven, " is another domain.");
}

int sender_explain_spf(const struct sender_results *r, struct buf *out)
{
	struct view domain = sender_results_spf_domain(r);
	switch (r->spf.cause) {
	case SPF_MATCHED:
		say_match(r, domain, out);
		break;
	case SPF_NOTHING_MATCHED:
		say(out, "The SPF record of ", domain, " says nothing about the host ");
		say_address(r, out);
		put(out, ".");
		break;
	case SPF_NO_DOMAIN:
		put(out, r->spf.of_helo
		             ? "The host gave no domain that could be asked (HELO)."
		             : "The sender's address has no domain that could be asked (MAIL FROM).");
		break;
	case SPF_NO_RECORD:
		say(out, "", domain, " does not say which hosts may send for it.");
		break;
	case SPF_LOOKUP_FAILED:
		say(out, "Whether the host may send for ", domain, " could not be found out");
		say(out, ": there was no answer for ", r->spf.question, ".");
		break;
	case SPF_NO_MEMORY:
		put(out, "Memory was short.");
		break;
	case SPF_NOT_CHECKED:
		put(out, "This was not checked: the host's address is not known.");
		break;
	default:
		say_broken_record(r, out);
	}
	bool passed = r->spf.result == SENDER_PASS && !view_empty(r->dmarc.policy_domain);
	if (passed && !r->dmarc.aligned_spf)
		say_not_aligned(domain, r, out);
	return finish(out);
}

/* ---- DKIM, ARC, the client ---- */

/* What tells signatures of one domain apart. */
static void say_which(const struct sender_signature *s, struct buf *out)
{
	if (view_empty(s->selector) || view_empty(s->algorithm))
		return;
	say(out, " (", s->algorithm, ", ");
	say(out, "selector ", s->selector, ")");
}

int sender_explain_signature(const struct sender_results *r, size_t i, struct buf *out)
{
	const struct sender_signature *s = &r->dkim[i];
	signature_explain(s, out);
	say_which(s, out);
	if (s->result == SENDER_PASS && r->dmarc.result == SENDER_FAIL)
		say_not_aligned(s->domain, r, out);
	return finish(out);
}

static void say_seals(const struct sender_results *r, struct buf *out)
{
	buf_printf(out, "The chain of %u seal%s", r->arc.sets, r->arc.sets == 1 ? "" : "s");
	if (!view_empty(r->arc.sealer))
		say(out, ", the last by ", r->arc.sealer, ",");
}

int sender_explain_arc(const struct sender_results *r, struct buf *out)
{
	if (r->arc.cause == ARC_NO_CHAIN) {
		put(out, "Nobody on the way has sealed what they found (ARC).");
		return finish(out);
	}
	say_seals(r, out);
	switch (r->arc.cause) {
	case ARC_VALID:
		put(out, " is whole.");
		break;
	case ARC_BROKEN_BEFORE:
		put(out, " was broken before the last one.");
		break;
	case ARC_WRONG_CV:
		buf_printf(out, " is broken: seal %u says what cannot be of those before it (cv=).",
		    r->arc.instance);
		break;
	case ARC_BAD_SET:
		put(out, " is broken: fields are missing, or stand twice.");
		break;
	case ARC_BAD_RESULTS:
		put(out, " is broken: an ARC-Authentication-Results field has no number.");
		break;
	case ARC_NO_MEMORY:
		put(out, " could not be checked: out of memory.");
		break;
	default:
		put(out, r->arc.result == SENDER_TEMPERROR ? " could not be checked now" : " is broken");
		buf_printf(out, " at %s %u. ", r->arc.cause == ARC_BAD_SEAL ? "seal" : "message signature",
		    r->arc.instance);
		signature_explain(&r->arc.signature, out);
	}
	return finish(out);
}

int sender_explain_client(const struct sender_results *r, struct buf *out)
{
	put(out, "The host ");
	say_address(r, out);
	if (r->client_result == SENDER_PASS)
		say(out, " has the name ", r->client_name, "");
	else if (r->client_result == SENDER_TEMPERROR)
		put(out, " could not be asked for its name");
	else if (!view_empty(r->client_name))
		say(out, " claims the name ", r->client_name, ", which is not its own");
	else
		put(out, " has no name");
	if (view_empty(r->helo))
		put(out, ".");
	else
		say(out, "; it called itself ", r->helo, ".");
	return finish(out);
}

/* ---- all of it ---- */

static void begin_line(struct buf *out, const char *method, enum sender_result result)
{
	buf_printf(out, "%-6s %-10s ", method, sender_result_name(result));
}

int sender_words(const struct sender_results *r, struct buf *out)
{
	sender_explain(r, out);
	size_t before = out->len;
	put(out, " ");
	sender_explain_action(r, out);
	if (out->len == before + 1)
		buf_truncate(out, before);
	put(out, "\n");
	begin_line(out, "DMARC", r->dmarc.result);
	sender_explain_dmarc(r, out);
	put(out, "\n");
	begin_line(out, "SPF", r->spf.result);
	sender_explain_spf(r, out);
	put(out, "\n");
	for (size_t i = 0; i < r->dkim_count; i++) {
		begin_line(out, "DKIM", r->dkim[i].result);
		sender_explain_signature(r, i, out);
		put(out, "\n");
	}
	if (r->dkim_count == 0) {
		begin_line(out, "DKIM", r->dkim_result);
		put(out, r->dkim_result == SENDER_NONE ? "Nobody has signed the message.\n"
		                                       : "The header is too large to be looked at.\n");
	}
	if (r->dkim_passed_over)
		buf_printf(
		    out, "                  %zu more signatures were not looked at.\n", r->dkim_passed_over);
	if (r->arc.cause != ARC_NO_CHAIN) {
		begin_line(out, "ARC", r->arc.result);
		sender_explain_arc(r, out);
		put(out, "\n");
	}
	if (r->has_client) {
		begin_line(out, "client", r->client_result);
		sender_explain_client(r, out);
		put(out, "\n");
	}
	return finish(out);
}
