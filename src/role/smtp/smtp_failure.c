/* See smtp_failure.h. */
#include "role/smtp/smtp_failure.h"

#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "format/header.h"
#include "role/smtp/smtp_failure_case.h"
#include "role/smtp/smtp_report.h"
#include "trust/sender/authentication_results.h"

enum { SOURCE_PORT_UNKNOWN = 0 };

/* Of this process: what belongs together can be seen in its reports, but not in those after a restart. */
static struct failure_key key;

void smtp_failure_start(struct role_process *p)
{
	random_bytes(key.bytes, sizeof key.bytes);
	const struct letter_way way = {.process = p,
	    .store = &smtp_role.store,
	    .auth = &smtp_role.edge.auth,
	    .keys = &smtp_role.edge.keys};
	failure_cases_start(&way, &smtp_role.dns);
}

void smtp_failure_drain(void)
{
	failure_cases_end();
}

/* ---- which ---- */

static bool asks(struct view options, char option)
{
	struct view part;
	bool any = false, known = false;
	while (view_next(&options, ':', &part)) {
		part = view_trim(part);
		known = known || (part.len == 1 && strchr("01dsDS", part.data[0]) != NULL);
		any = any || (part.len == 1 && ascii_lower(part.data[0]) == option);
	}
	return known ? any : option == '0';
}

/* The signature to blame: one that should have proven the author, else any that failed. */
static const struct dkim_verdict *failed_signature(const struct sender_verdicts *v, bool *aligned)
{
	const struct dkim_verdict *found = NULL;
	*aligned = false;
	for (size_t i = 0; i < v->dkim->count && !*aligned; i++) {
		const struct dkim_verdict *s = &v->dkim->verdicts[i];
		struct view domain = view_from_string(s->field.domain);
		if (s->result == SENDER_PASS || domain.len == 0)
			continue;
		*aligned = view_equal(domain, v->dmarc.author) ||
		           (!v->dmarc.record.strict_dkim && v->dmarc.organization.len > 0 &&
		               view_ends_nocase(domain, v->dmarc.organization));
		if (found == NULL || *aligned)
			found = s;
	}
	return found;
}

/* RFC 9989 section 4.7, "fo": the type of the report (RFC 6591 section 3.3), or NULL where none is wanted. */
static const char *type_of(const struct sender_verdicts *v, const struct dkim_verdict *signature)
{
	struct view options = v->dmarc.record.failure_options;
	if (v->dmarc.result == SENDER_FAIL && asks(options, '0'))
		return "dmarc";
	if ((!v->dmarc.aligned_dkim || !v->dmarc.aligned_spf) && asks(options, '1'))
		return "dmarc";
	if (signature && signature->result == SENDER_FAIL && asks(options, 'd'))
		return signature->cause == DKIM_BODY_CHANGED || signature->cause == DKIM_BODY_CUT
		           ? "bodyhash"
		           : "signature";
	if ((v->spf.result == SENDER_FAIL || v->spf.result == SENDER_SOFTFAIL) && asks(options, 's'))
		return "spf";
	return NULL;
}

/* Reports and bounces are reported on by nobody, or two servers would go on for ever. */
static bool is_report(const struct smtp_sender *s)
{
	struct view type;
	return smtp_envelope(s->connection->session)->sender_is_null || smtp_report_is_report(s) ||
	       (header_find(sender_check_header(s->check), VIEW("content-type"), &type) &&
	           view_starts_nocase(view_trim(type), VIEW("multipart/report")));
}

/* ---- what ---- */

static const char *alignment(const struct sender_verdicts *v)
{
	return v->dmarc.aligned_dkim  ? v->dmarc.aligned_spf ? "none" : "spf"
	       : v->dmarc.aligned_spf ? "dkim"
	                              : "dkim, spf";
}

/* RFC 6591 section 3.2.2. */
static const char *delivery(const struct sender_decision *d)
{
	return d->action == SENDER_REFUSED   ? d->later ? "other" : "reject"
	       : d->action == SENDER_TO_JUNK ? "spam"
	                                     : "delivered";
}

static uint64_t port_of(const struct smtp_sender *s)
{
	const struct sockaddr_storage *a = &s->connection->edge.client.address;
	if (a->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)a)->sin6_port);
	return a->ss_family == AF_INET ? ntohs(((const struct sockaddr_in *)a)->sin_port)
	                               : SOURCE_PORT_UNKNOWN;
}

/* Authentication-Results as it is written into the message, on one line and without its name. */
static void write_results(const struct smtp_sender *s, const struct sender_verdicts *v,
    const struct sender_decision *d, struct buf *out)
{
	struct buf field, line;
	buf_init(&field, VERDICT_HEADERS_MAX);
	buf_init(&line, VERDICT_HEADERS_MAX);
	if (authentication_results_write(v, d, &s->request, VERDICT_HEADERS_MAX, &field) == 0) {
		ptrdiff_t colon = view_find(buf_view(&field), ':');
		header_unfold(view_skip(buf_view(&field), (size_t)(colon + 1)), &line);
		failure_redact(buf_view(&line), &key, out);
	}
	buf_done(&field);
	buf_done(&line);
}

static void write_spf(const struct sender_verdicts *v, struct buf *out)
{
	if (v->spf.record.len > 0)
		buf_printf(out, "txt : %.*s : \"%.*s\"",
		    VIEW_FMT(v->spf_of_helo ? v->request->helo : v->envelope), VIEW_FMT(v->spf.record));
}

struct texts {
	struct buf results, spf, mail_from, identity, header;
};

static void tell(const struct smtp_sender *s, const struct sender_decision *d, const char *type,
    const struct dkim_verdict *signature, struct texts *t)
{
	const struct sender_verdicts *v = sender_check_verdicts(s->check);
	char source[NETWORK_TEXT_SIZE];
	network_text(&s->connection->edge.client.address, source);
	write_results(s, v, d, &t->results);
	write_spf(v, &t->spf);
	failure_redact(v->mail_from, &key, &t->mail_from);
	failure_header(sender_check_header(s->check), &key, &t->header);
	struct report_failure f = {.at = (uint64_t)clock_wall(),
	    .incidents = 1,
	    .port = port_of(s),
	    .domain = view_take(v->dmarc.author, REPORT_TEXT_MAX),
	    .source = view_from_string(source),
	    .type = view_from_string(type),
	    .alignment = view_from_string(alignment(v)),
	    .delivery = view_from_string(delivery(d)),
	    .mail_from = buf_view(&t->mail_from),
	    .results = buf_view(&t->results)};
	if (signature && !v->dmarc.aligned_dkim) {
		failure_redact(signature->field.identity, &key, &t->identity);
		f.dkim_domain = view_from_string(signature->field.domain);
		f.dkim_identity = buf_view(&t->identity);
		f.dkim_selector = view_from_string(signature->field.selector);
	}
	if (!v->dmarc.aligned_spf)
		f.spf_dns = buf_view(&t->spf);
	const struct failure_told told = {.domain = v->dmarc.policy_domain,
	    .ruf = v->dmarc.record.failure,
	    .failure = &f,
	    .header = buf_view(&t->header)};
	failure_cases_add(&told);
}

void smtp_failure_note(const struct smtp_sender *s, const struct sender_decision *d)
{
	const struct sender_verdicts *v = sender_check_verdicts(s->check);
	bool judged = v->dmarc.result == SENDER_PASS || v->dmarc.result == SENDER_FAIL, aligned;
	/* RFC 9991 section 2: what a public suffix asks for is not followed. */
	if (!smtp_role.edge.process->settings.failure_reports || !judged ||
	    v->dmarc.record.failure.len == 0 || v->dmarc.record.psd == DMARC_PSD_YES || is_report(s))
		return;
	const struct dkim_verdict *signature = failed_signature(v, &aligned);
	const char *type = type_of(v, signature);
	if (type == NULL)
		return;
	struct texts t;
	buf_init(&t.results, FAILURE_RESULTS_MAX);
	buf_init(&t.spf, FAILURE_RESULTS_MAX);
	buf_init(&t.mail_from, 1024);
	buf_init(&t.identity, 1024);
	buf_init(&t.header, FAILURE_HEADER_MAX);
	tell(s, d, type, signature, &t);
	buf_done(&t.results);
	buf_done(&t.spf);
	buf_done(&t.mail_from);
	buf_done(&t.identity);
	buf_done(&t.header);
}
