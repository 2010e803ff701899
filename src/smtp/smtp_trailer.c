/* What of a transaction is kept with its message: the MIME structure, and the envelope with its DSN and TLS
 * wishes. */
#include <inttypes.h>

#include "mime/trailer.h"
#include "smtp/smtp_session.h"

static void write_envelope(const struct smtp_envelope *e, struct buf *out)
{
	static const char *const bodies[] = {[SMTP_8BITMIME] = "8BITMIME", [SMTP_BINARYMIME] = "BINARYMIME"};
	buf_printf(out, "FROM <%.*s>\n", VIEW_FMT(e->sender));
	if (e->ret.len)
		buf_printf(out, "RET %.*s\n", VIEW_FMT(e->ret));
	if (e->envid.len)
		buf_printf(out, "ENVID %.*s\n", VIEW_FMT(e->envid));
	if (e->require_tls)
		buf_append_string(out, "REQUIRETLS\n");
	if (e->utf8)
		buf_append_string(out, "SMTPUTF8\n");
	if (e->body != SMTP_7BIT)
		buf_printf(out, "BODY %s\n", bodies[e->body]);
	if (e->has_priority)
		buf_printf(out, "PRIORITY %d\n", e->priority);
	if (e->by_mode != SMTP_BY_NONE)
		buf_printf(out, "BY %" PRId64 " %s%s\n", e->by_time, e->by_mode == SMTP_BY_RETURN ? "R" : "N",
		    e->by_trace ? "T" : "");
	if (e->hold_until != 0)
		buf_printf(out, "HOLD %" PRId64 "\n", e->hold_until);
	for (size_t i = 0; i < e->count; i++) {
		const struct smtp_recipient *r = &e->recipients[i];
		buf_printf(out, "TO <%.*s>", VIEW_FMT(r->path));
		if (r->notify.len)
			buf_printf(out, " NOTIFY=%.*s", VIEW_FMT(r->notify));
		if (r->orcpt.len)
			buf_printf(out, " ORCPT=%.*s", VIEW_FMT(r->orcpt));
		buf_append_byte(out, '\n');
	}
}

int smtp_write_trailer(
    const struct smtp_envelope *envelope, const struct smtp_trailer *trailer, struct buf *out)
{
	struct buf lines;
	buf_init(&lines, SMTP_TRANSACTION_MAX);
	write_envelope(envelope, &lines);
	int error = buf_failed(&lines) ? -1 : trailer_append(out, TRAILER_STRUCTURE, trailer->structure);
	if (error == 0)
		error = trailer_append(out, TRAILER_ENVELOPE, buf_view(&lines));
	buf_done(&lines);
	return error;
}
