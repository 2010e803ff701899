/* See smtp_report.h. What is alike makes one row; store adds them up (process/tallies.h). */
#include "role/smtp/smtp_report.h"
#include "role/smtp/smtp_report_address.h"

#include "base/clock.h"
#include "config/report_address.h"
#include "process/tallies.h"
#include "report/report_wish.h"

enum {
	TALLY_KIND = REPORT_DMARC,
	SIGNATURES_MAX = 4, /* of one row: those that say most */
	DISPOSITION_MAX = 16
};

static struct tallies counted;

void smtp_report_start(struct role_process *p)
{
	tallies_init(&counted, &p->loop, &smtp_role.store, TALLY_KIND);
}

void smtp_report_drain(void)
{
	tallies_flush(&counted);
}

static bool is_report_address(struct view path)
{
	return report_address_is(smtp_role.edge.process->settings.report_addresses, path);
}

bool smtp_report_is_among(const struct smtp_envelope *envelope)
{
	for (size_t i = 0; i < envelope->count; i++)
		if (!envelope->recipients[i].dropped && is_report_address(envelope->recipients[i].path))
			return true;
	return false;
}

/* Reports are not reported on: two servers would go on for ever. */
bool smtp_report_is_report(const struct smtp_sender *s)
{
	const struct smtp_envelope *e = smtp_envelope(s->connection->session);
	for (size_t i = 0; i < e->count; i++)
		if (!is_report_address(e->recipients[i].path))
			return false;
	return e->count > 0;
}

/* ---- the row ---- */

static const char *disposition(const struct sender_verdicts *v, const struct sender_decision *d)
{
	if (d->action == SENDER_REFUSED)
		return "reject";
	if (d->action == SENDER_TO_JUNK)
		return "quarantine";
	/* Appendix A: "pass" where an enforcing policy was met. */
	return v->dmarc.result == SENDER_PASS && v->dmarc.policy != DMARC_NONE ? "pass" : "none";
}

static size_t take_reasons(const struct sender_verdicts *v, const struct sender_decision *d,
    struct report_reason reasons[REPORT_REASONS_MAX])
{
	static const struct {
		const char *type, *comment;
	} words[SENDER_OVERRIDES] = {
	    [SENDER_POLICY_OFF] = {"local_policy", "this server follows no such policies"},
	    [SENDER_POLICY_MARKED] = {"local_policy", "put aside instead of refused"},
	    [SENDER_TRUSTED_SEAL] = {"trusted_forwarder", "arc=pass by a trusted sealer"},
	    [SENDER_KNOWN_LIST] = {"mailing_list", ""}};
	size_t count = 0;
	if (d->override < SENDER_OVERRIDES && words[d->override].type)
		reasons[count++] = (struct report_reason){.type = view_from_string(words[d->override].type),
		    .comment = view_from_string(words[d->override].comment)};
	if (v->dmarc.record.testing && v->dmarc.result == SENDER_FAIL)
		reasons[count++] = (struct report_reason){.type = VIEW("policy_test_mode")};
	if (d->ground == SENDER_CLAIMS_OURS || d->ground == SENDER_UNCLEAR)
		reasons[count++] = (struct report_reason){
		    .type = VIEW("local_policy"), .comment = VIEW("a rule of this server's own")};
	return count;
}

/* RFC 9990, "DKIM signatures in aggregate reports": those of the author's own name first, then others that
 * pass. */
static unsigned rank(const struct sender_verdicts *v, const struct dkim_verdict *s)
{
	struct view domain = view_from_string(s->field.domain), author = v->dmarc.author,
	            organization = v->dmarc.organization;
	if (s->result != SENDER_PASS)
		return 3;
	if (view_equal(domain, author))
		return 0;
	return organization.len > 0 && view_ends_nocase(domain, organization) ? 1 : 2;
}

static size_t take_signatures(const struct sender_verdicts *v, struct report_signature out[SIGNATURES_MAX])
{
	size_t count = 0;
	for (unsigned r = 0; r < 4; r++)
		for (size_t i = 0; i < v->dkim->count && count < SIGNATURES_MAX; i++) {
			const struct dkim_verdict *s = &v->dkim->verdicts[i];
			if (rank(v, s) == r && s->field.domain[0])
				out[count++] =
				    (struct report_signature){.domain = view_from_string(s->field.domain),
				        .selector = view_from_string(s->field.selector),
				        .result = view_from_string(sender_result_name(s->result))};
		}
	return count;
}

static bool encode_row(const struct smtp_sender *s, const struct sender_verdicts *v,
    const struct sender_decision *d, struct buf *out)
{
	struct report_reason reasons[REPORT_REASONS_MAX];
	struct report_signature signatures[SIGNATURES_MAX];
	char source[NETWORK_TEXT_SIZE];
	network_text(&s->connection->edge.client.address, source);
	struct view spf_domain = v->spf_of_helo ? s->request.helo : v->envelope;
	struct report_row row = {.source = view_from_string(source),
	    .disposition = view_from_string(disposition(v, d)),
	    .dkim = v->dmarc.aligned_dkim ? VIEW("pass") : VIEW("fail"),
	    .spf = v->dmarc.aligned_spf ? VIEW("pass") : VIEW("fail"),
	    .reasons = {reasons, take_reasons(v, d, reasons)},
	    .header_from = v->dmarc.author,
	    .envelope_from = v->envelope,
	    .signatures = {signatures, take_signatures(v, signatures)},
	    .spf_domain = view_take(spf_domain, REPORT_TEXT_MAX),
	    .spf_scope = v->spf_of_helo ? VIEW("helo") : VIEW("mfrom"),
	    .spf_result = view_from_string(sender_result_name(v->spf.result))};
	/* Long names: fewer signatures, until it fits. */
	for (;;) {
		buf_clear(out);
		if (codec_encode(out, &report_row_schema, &row) == 0)
			return true;
		if (row.signatures.count == 0)
			return false;
		row.signatures.count--;
	}
}

/* ---- the policy ---- */

static bool encode_policy(const struct sender_verdicts *v, struct buf *out)
{
	const struct dmarc_record *r = &v->dmarc.record;
	const struct report_wish wish = {
	    .policy = {.domain = v->dmarc.policy_domain,
	        .p = view_from_string(dmarc_policy_name(r->domain)),
	        .sp = view_from_string(dmarc_policy_name(r->subdomains)),
	        .np = view_from_string(dmarc_policy_name(r->nonexistent)),
	        .adkim = r->strict_dkim ? VIEW("s") : VIEW("r"),
	        .aspf = r->strict_spf ? VIEW("s") : VIEW("r"),
	        .fo = view_take(r->failure_options.len ? r->failure_options : VIEW("0"), DISPOSITION_MAX),
	        .testing = r->testing ? VIEW("y") : VIEW("n"),
	        .method = VIEW("treewalk")},
	    .rua = report_wish_cut(r->aggregate)};
	return codec_encode(out, &report_wish_schema, &wish) == 0;
}

void smtp_report_count(const struct smtp_sender *s, const struct sender_decision *d)
{
	const struct sender_verdicts *v = sender_check_verdicts(s->check);
	struct buf policy, row;
	struct buf *author = &s->connection->message.author;
	buf_clear(author);
	if (v->dmarc.result == SENDER_PASS)
		buf_append(author, v->dmarc.author);
	bool judged = v->dmarc.result == SENDER_PASS || v->dmarc.result == SENDER_FAIL;
	if (!smtp_role.edge.process->settings.reports || !judged || v->dmarc.policy_domain.len == 0 ||
	    v->dmarc.record.aggregate.len == 0 || smtp_report_is_report(s))
		return;
	buf_init(&policy, TALLIES_BYTES_MAX);
	buf_init(&row, TALLIES_BYTES_MAX);
	if (encode_policy(v, &policy) && encode_row(s, v, d, &row))
		tallies_count(
		    &counted, clock_wall(), v->dmarc.policy_domain, buf_view(&policy), buf_view(&row), 1);
	buf_done(&policy);
	buf_done(&row);
}
