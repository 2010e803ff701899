/* A TLS report as JSON: RFC 8460 section 4.4. */
#include "report/report_write.h"

#include <inttypes.h>

#include "format/date.h"
#include "format/json.h"

static void put(struct buf *out, const char *name, struct view text)
{
	buf_printf(out, "\"%s\":", name);
	json_append_string(out, text);
}

/* With a comma in front. */
static void put_if(struct buf *out, const char *name, struct view text)
{
	if (text.len == 0)
		return;
	buf_append_byte(out, ',');
	put(out, name, text);
}

/* RFC 3339, in UTC. */
static void put_time(struct buf *out, const char *name, uint64_t seconds)
{
	buf_printf(out, "\"%s\":\"", name);
	date_write_rfc3339(out, (struct date){.seconds = (int64_t)seconds, .zone_known = true});
	buf_append_byte(out, '"');
}

static void put_texts(struct buf *out, const char *name, const struct codec_list *list)
{
	const struct report_text *texts = list->items;
	buf_printf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			buf_append_byte(out, ',');
		json_append_string(out, texts[i].value);
	}
	buf_append_byte(out, ']');
}

static void put_failure(struct buf *out, const struct report_tls_failure *f)
{
	buf_append_byte(out, '{');
	put(out, "result-type", f->type);
	put_if(out, "sending-mta-ip", f->sending_ip);
	put_if(out, "receiving-mx-hostname", f->mx_host);
	put_if(out, "receiving-mx-helo", f->mx_helo);
	put_if(out, "receiving-ip", f->receiving_ip);
	buf_printf(out, ",\"failed-session-count\":%" PRIu64, f->count);
	put_if(out, "additional-information", f->info);
	put_if(out, "failure-reason-code", f->code);
	buf_append_byte(out, '}');
}

static void put_policy(struct buf *out, const struct report_tls_policy *p)
{
	const struct report_tls_failure *details = p->details.items;
	buf_append_string(out, "{\"policy\":{");
	put(out, "policy-type", p->type);
	if (p->strings.count > 0)
		put_texts(out, "policy-string", &p->strings);
	put_if(out, "policy-domain", p->domain);
	if (p->mx.count > 0)
		put_texts(out, "mx-host", &p->mx);
	buf_printf(out,
	    "},\"summary\":{\"total-successful-session-count\":%" PRIu64
	    ",\"total-failure-session-count\":%" PRIu64 "}",
	    p->successes, p->failures);
	if (p->details.count > 0) {
		buf_append_string(out, ",\"failure-details\":[");
		for (size_t i = 0; i < p->details.count; i++) {
			if (i > 0)
				buf_append_byte(out, ',');
			put_failure(out, &details[i]);
		}
		buf_append_byte(out, ']');
	}
	buf_append_byte(out, '}');
}

int report_tls_write(const struct report_tls *r, struct buf *out)
{
	const struct report_tls_policy *policies = r->policies.items;
	buf_append_byte(out, '{');
	put(out, "organization-name", r->org);
	buf_append_string(out, ",\"date-range\":{");
	put_time(out, "start-datetime", r->begin);
	buf_append_byte(out, ',');
	put_time(out, "end-datetime", r->end);
	buf_append_string(out, "},");
	put(out, "contact-info", r->contact);
	buf_append_byte(out, ',');
	put(out, "report-id", r->id);
	buf_append_string(out, ",\"policies\":[");
	for (size_t i = 0; i < r->policies.count; i++) {
		if (i > 0)
			buf_append_byte(out, ',');
		put_policy(out, &policies[i]);
	}
	buf_append_string(out, "]}\n");
	return buf_failed(out) ? -1 : 0;
}
