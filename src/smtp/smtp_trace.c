/* The trace field: RFC 5321 section 4.4, protocol names of RFC 3848, with TLS as RFC 8314 section 4.3 asks.
 */
#include "format/trace.h"
#include "smtp/smtp_private.h"

static const char *protocol(const struct smtp_session *s)
{
	static const char *const names[2][2][2] = {{{"ESMTP", "ESMTPA"}, {"ESMTPS", "ESMTPSA"}},
	    {{"UTF8SMTP", "UTF8SMTPA"}, {"UTF8SMTPS", "UTF8SMTPSA"}}};
	static const char *const lmtp[2][2] = {{"LMTP", "LMTPA"}, {"LMTPS", "LMTPSA"}};
	bool secure = s->config.secure, login = s->login.len > 0;
	if (s->config.kind == SMTP_LMTP)
		return lmtp[secure][login];
	return s->esmtp ? names[s->envelope.terms.utf8][secure][login] : "SMTP";
}

void smtp_trace_field(const struct smtp_session *s, struct buf *out)
{
	struct received received = {
	    .helo = smtp_helo(s),
	    .address = s->config.client_address,
	    .user = s->config.local_user,
	    .by = s->config.hostname,
	    .with = view_from_string(protocol(s)),
	    .id = s->config.id,
	    .utf8 = s->envelope.terms.utf8,
	    .login = s->config.names_login ? buf_view(&s->login) : (struct view){0},
	    .date = {.seconds = s->backend->now(s->arg), .zone_known = true},
	};
	/* The recipient is named only where there is one: nobody learns who else got a copy (RFC 5321
	 * section 7.2). */
	if (s->envelope.count == 1)
		received.for_ = s->envelope.recipients[0].path;
	received_write(out, &received);
}
