/* The mail that carries a failure report: RFC 5965 sections 2 and 3, RFC 6591 section 3, RFC 9991 section 4.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "report/failure.h"

enum { LINE_MAX_OCTETS = 900 /* of a value: RFC 5322 has 998 for a line */ };

/* One value in one line of ASCII, whatever a stranger made of it. */
static void put_value(struct buf *out, struct view value)
{
	value = view_take(view_trim(value), LINE_MAX_OCTETS);
	for (size_t i = 0; i < value.len; i++)
		buf_append_byte(out, ascii_is_print(value.data[i]) ? value.data[i] : '?');
}

static void put_field(struct buf *out, const char *name, struct view value)
{
	if (view_trim(value).len == 0)
		return;
	buf_printf(out, "%s: ", name);
	put_value(out, value);
	buf_append_string(out, "\r\n");
}

/* Authentication-Results has several lines when it comes, and becomes one for each result again. */
static void put_results(struct buf *out, struct view value)
{
	struct view part;
	bool first = true;
	if (view_trim(value).len == 0)
		return;
	buf_append_string(out, "Authentication-Results:");
	while (view_next(&value, ';', &part)) {
		if (view_trim(part).len == 0)
			continue;
		buf_append_string(out, first ? " " : ";\r\n ");
		put_value(out, part);
		first = false;
	}
	buf_append_string(out, "\r\n");
}

static void put_phrase(struct buf *out, struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (ascii_is_print(name.data[i]) && name.data[i] != '"' && name.data[i] != '\\')
			buf_append_byte(out, name.data[i]);
}

static void put_head(const struct failure_mail *m, struct buf *out)
{
	const struct report_failure *f = m->failure;
	buf_append_string(out, "From: \"");
	put_phrase(out, m->org);
	buf_printf(out, "\"\r\n <%.*s>\r\nTo: <%.*s>\r\n", VIEW_FMT(m->from), VIEW_FMT(m->to));
	buf_printf(
	    out, "Subject: Mail in the name of %.*s that is not proven\r\nDate: ", VIEW_FMT(f->domain));
	date_write(out, m->date);
	buf_printf(out,
	    "\r\nMessage-ID: <%.*s@%.*s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n",
	    VIEW_FMT(f->id), VIEW_FMT(m->submitter));
	buf_printf(out,
	    "Content-Type: multipart/report; report-type=feedback-report;\r\n boundary=\"%.*s\"\r\n\r\n",
	    VIEW_FMT(m->boundary));
}

static void put_text(const struct failure_mail *m, struct buf *out)
{
	const struct report_failure *f = m->failure;
	buf_printf(out,
	    "--%.*s\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
	    "A message in the name of %.*s came to %.*s from %.*s,\r\n"
	    "and neither SPF nor a DKIM signature of that domain proved all that the domain\r\nwants proven "
	    "(DMARC). What became of it: %.*s. Messages that are alike: %" PRIu64 ".\r\n"
	    "Local parts of addresses have been replaced, and the text is left out (RFC 6590).\r\n"
	    "This report was made by a program, because your DMARC record asks for it (ruf).\r\n\r\n",
	    VIEW_FMT(m->boundary), VIEW_FMT(f->domain), VIEW_FMT(m->submitter), VIEW_FMT(f->source),
	    VIEW_FMT(f->delivery), f->incidents);
}

static void put_feedback(const struct failure_mail *m, struct buf *out)
{
	const struct report_failure *f = m->failure;
	buf_printf(out,
	    "--%.*s\r\nContent-Type: message/feedback-report\r\n\r\n"
	    "Feedback-Type: auth-failure\r\nVersion: 1\r\nUser-Agent: Postrider/" POSTRIDER_VERSION "\r\n",
	    VIEW_FMT(m->boundary));
	put_field(out, "Auth-Failure", f->type);
	put_results(out, f->results);
	put_field(out, "Identity-Alignment", f->alignment);
	put_field(out, "Delivery-Result", f->delivery);
	put_field(out, "DKIM-Domain", f->dkim_domain);
	put_field(out, "DKIM-Identity", f->dkim_identity);
	put_field(out, "DKIM-Selector", f->dkim_selector);
	put_field(out, "SPF-DNS", f->spf_dns);
	put_field(out, "Original-Mail-From", f->mail_from.len ? f->mail_from : VIEW("<>"));
	put_field(out, "Source-IP", f->source);
	if (f->port)
		buf_printf(out, "Source-Port: %" PRIu64 "\r\n", f->port);
	buf_append_string(out, "Arrival-Date: ");
	date_write(out, (struct date){.seconds = (int64_t)f->at, .zone_known = true});
	buf_append_string(out, "\r\n");
	put_field(out, "Reported-Domain", f->domain);
	buf_append_string(out, "Reporting-MTA: dns; ");
	put_value(out, m->submitter);
	buf_printf(out, "\r\nIncidents: %" PRIu64 "\r\n\r\n", f->incidents);
}

int failure_mail_write(const struct failure_mail *m, struct buf *out)
{
	put_head(m, out);
	put_text(m, out);
	put_feedback(m, out);
	buf_printf(out, "--%.*s\r\nContent-Type: text/rfc822-headers\r\n\r\n", VIEW_FMT(m->boundary));
	buf_append(out, m->header);
	buf_printf(out, "\r\n--%.*s--\r\n", VIEW_FMT(m->boundary));
	return buf_failed(out) ? -ENOBUFS : 0;
}
