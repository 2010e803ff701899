/* See report_mail.h. Written out here and not by mime/compose.h, since a TLS report must be multipart/report
 * with fields of its own. */
#include "report/report_mail.h"

#include <errno.h>
#include <inttypes.h>

#include "extract/gzip.h"
#include "format/transfer.h"

int report_mail_name(const struct report_mail *m, struct buf *out)
{
	return buf_printf(out, "%.*s!%.*s!%" PRIu64 "!%" PRIu64 "!%.*s.%s.gz", VIEW_FMT(m->submitter),
	    VIEW_FMT(m->domain), m->begin, m->end, VIEW_FMT(m->id), m->kind == REPORT_TLS ? "json" : "xml");
}

/* A word of ASCII in quotes; what does not belong there is left out. */
static void put_phrase(struct buf *out, struct view name)
{
	buf_append_byte(out, '"');
	for (size_t i = 0; i < name.len; i++)
		if (ascii_is_print(name.data[i]) && name.data[i] != '"' && name.data[i] != '\\')
			buf_append_byte(out, name.data[i]);
	buf_append_byte(out, '"');
}

static void put_header(const struct report_mail *m, struct buf *out)
{
	bool tls = m->kind == REPORT_TLS;
	buf_append_string(out, "From: ");
	put_phrase(out, m->org);
	buf_printf(out, "\r\n <%.*s>\r\nTo: <%.*s>\r\n", VIEW_FMT(m->from), VIEW_FMT(m->to));
	buf_printf(out,
	    "Subject: Report Domain: %.*s\r\n Submitter: %.*s\r\n Report-ID: <%.*s@%.*s>\r\nDate: ",
	    VIEW_FMT(m->domain), VIEW_FMT(m->submitter), VIEW_FMT(m->id), VIEW_FMT(m->submitter));
	date_write(out, m->date);
	buf_printf(out,
	    "\r\nMessage-ID: <%.*s@%.*s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n",
	    VIEW_FMT(m->id), VIEW_FMT(m->submitter));
	if (tls)
		buf_printf(out,
		    "TLS-Report-Domain: %.*s\r\nTLS-Report-Submitter: %.*s\r\nTLS-Required: No\r\n",
		    VIEW_FMT(m->domain), VIEW_FMT(m->submitter));
	buf_printf(out, "Content-Type: multipart/%s;%s boundary=\"%.*s\"\r\n\r\n", tls ? "report" : "mixed",
	    tls ? " report-type=\"tlsrpt\";\r\n" : "", VIEW_FMT(m->boundary));
}

static void put_text(const struct report_mail *m, struct buf *out)
{
	struct view rest = m->text, line;
	buf_printf(
	    out, "--%.*s\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n", VIEW_FMT(m->boundary));
	while (view_next(&rest, '\n', &line)) {
		for (size_t i = 0; i < line.len; i++)
			buf_append_byte(out, ascii_is_print(line.data[i]) ? line.data[i] : '?');
		buf_append_string(out, "\r\n");
	}
}

int report_mail_write(const struct report_mail *m, struct buf *out)
{
	struct buf packed;
	bool tls = m->kind == REPORT_TLS;
	buf_init(&packed, out->max);
	int error = gzip_bytes(m->document, &packed);
	if (error == 0) {
		put_header(m, out);
		put_text(m, out);
		buf_printf(out,
		    "\r\n--%.*s\r\nContent-Type: application/%s\r\nContent-Transfer-Encoding: base64\r\n"
		    "Content-Disposition: attachment;\r\n filename=\"",
		    VIEW_FMT(m->boundary), tls ? "tlsrpt+gzip" : "gzip");
		report_mail_name(m, out);
		buf_append_string(out, "\"\r\n\r\n");
		base64_encode_lines(out, buf_view(&packed));
		buf_printf(out, "\r\n--%.*s--\r\n", VIEW_FMT(m->boundary));
		error = buf_failed(out) ? -ENOBUFS : 0;
	}
	buf_done(&packed);
	return error;
}
