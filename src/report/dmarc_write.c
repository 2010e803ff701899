/*
 * A DMARC aggregate report as XML: RFC 9990, in the order of its elements that RFC 7489 readers expect as
 * well. Elements that are optional and empty are left out.
 */
#include "report/report_write.h"

#include <inttypes.h>

#include "base/utf8.h"

/* Text of an element (XML 1.0 sections 2.2 and 2.4): what no document may hold becomes U+FFFD. */
static void put_text(struct buf *out, struct view text)
{
	while (text.len > 0) {
		int32_t c = utf8_next(&text);
		switch (c) {
		case '&':
			buf_append_string(out, "&amp;");
			break;
		case '<':
			buf_append_string(out, "&lt;");
			break;
		case '>':
			buf_append_string(out, "&gt;");
			break;
		default:
			if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0xfffe || c == 0xffff)
				c = 0xfffd;
			utf8_append(out, c);
		}
	}
}

static void put(struct buf *out, unsigned depth, const char *name, struct view text)
{
	buf_printf(out, "%*s<%s>", (int)depth * 2, "", name);
	put_text(out, text);
	buf_printf(out, "</%s>\n", name);
}

static void put_if(struct buf *out, unsigned depth, const char *name, struct view text)
{
	if (text.len > 0)
		put(out, depth, name, text);
}

static void put_number(struct buf *out, unsigned depth, const char *name, uint64_t n)
{
	buf_printf(out, "%*s<%s>%" PRIu64 "</%s>\n", (int)depth * 2, "", name, n, name);
}

static void put_metadata(const struct report_dmarc *r, struct buf *out)
{
	buf_append_string(out, "  <report_metadata>\n");
	put(out, 2, "org_name", r->org);
	put(out, 2, "email", r->email);
	put_if(out, 2, "extra_contact_info", r->contact);
	put(out, 2, "report_id", r->id);
	buf_append_string(out, "    <date_range>\n");
	put_number(out, 3, "begin", r->begin);
	put_number(out, 3, "end", r->end);
	buf_append_string(out, "    </date_range>\n");
	put_if(out, 2, "error", r->error);
	put_if(out, 2, "generator", r->generator);
	buf_append_string(out, "  </report_metadata>\n");
}

static void put_policy(const struct report_policy *p, struct buf *out)
{
	buf_append_string(out, "  <policy_published>\n");
	put(out, 2, "domain", p->domain);
	put_if(out, 2, "discovery_method", p->method);
	put(out, 2, "p", p->p);
	put_if(out, 2, "sp", p->sp);
	put_if(out, 2, "np", p->np);
	put_if(out, 2, "fo", p->fo);
	put_if(out, 2, "adkim", p->adkim);
	put_if(out, 2, "aspf", p->aspf);
	put_if(out, 2, "testing", p->testing);
	buf_append_string(out, "  </policy_published>\n");
}

static void put_evaluated(const struct report_row *row, struct buf *out)
{
	const struct report_reason *reasons = row->reasons.items;
	buf_append_string(out, "      <policy_evaluated>\n");
	put(out, 4, "disposition", row->disposition);
	put(out, 4, "dkim", row->dkim);
	put(out, 4, "spf", row->spf);
	for (size_t i = 0; i < row->reasons.count; i++) {
		buf_append_string(out, "        <reason>\n");
		put(out, 5, "type", reasons[i].type);
		put_if(out, 5, "comment", reasons[i].comment);
		buf_append_string(out, "        </reason>\n");
	}
	buf_append_string(out, "      </policy_evaluated>\n");
}

static void put_results(const struct report_row *row, struct buf *out)
{
	const struct report_signature *s = row->signatures.items;
	buf_append_string(out, "    <auth_results>\n");
	for (size_t i = 0; i < row->signatures.count; i++) {
		buf_append_string(out, "      <dkim>\n");
		put(out, 4, "domain", s[i].domain);
		put(out, 4, "selector", s[i].selector);
		put(out, 4, "result", s[i].result);
		buf_append_string(out, "      </dkim>\n");
	}
	if (row->spf_result.len > 0) {
		buf_append_string(out, "      <spf>\n");
		put(out, 4, "domain", row->spf_domain);
		put_if(out, 4, "scope", row->spf_scope);
		put(out, 4, "result", row->spf_result);
		buf_append_string(out, "      </spf>\n");
	}
	buf_append_string(out, "    </auth_results>\n");
}

static void put_row(const struct report_row *row, struct buf *out)
{
	buf_append_string(out, "  <record>\n    <row>\n");
	put(out, 3, "source_ip", row->source);
	put_number(out, 3, "count", row->count);
	put_evaluated(row, out);
	buf_append_string(out, "    </row>\n    <identifiers>\n");
	put(out, 3, "header_from", row->header_from);
	put(out, 3, "envelope_from", row->envelope_from);
	buf_append_string(out, "    </identifiers>\n");
	put_results(row, out);
	buf_append_string(out, "  </record>\n");
}

int report_dmarc_write(const struct report_dmarc *r, struct buf *out)
{
	const struct report_row *rows = r->rows.items;
	buf_append_string(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	                       "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n"
	                       "  <version>1.0</version>\n");
	put_metadata(r, out);
	put_policy(&r->policy, out);
	for (size_t i = 0; i < r->rows.count; i++)
		put_row(&rows[i], out);
	buf_append_string(out, "</feedback>\n");
	return buf_failed(out) ? -1 : 0;
}
