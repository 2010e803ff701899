/* ETRN (RFC 1985): a host that was away asks for its mail. Which domains may be asked for is the backend's
 * rule. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "format/domain.h"
#include "smtp/smtp_private.h"

/* A name: "@" (with all below it) and "#" (a queue by its name) mean more than one domain, which nobody may
 * ask. */
static bool read_domain(struct smtp_session *s, struct view argument, struct buf *domain)
{
	enum host_kind kind;
	if (argument.len > 0 && (argument.data[0] == '@' || argument.data[0] == '#')) {
		smtp_fault(s, 459, "4.7.1", "name a single domain");
		return false;
	}
	if (host_parse(argument, &kind) != 0 || kind != HOST_NAME ||
	    domain_normalize(argument, domain) != 0) {
		smtp_fault(s, 501, "5.5.4", "the syntax is ETRN domain");
		return false;
	}
	return true;
}

void smtp_etrn(struct smtp_session *s, struct view argument)
{
	struct buf domain;
	if (!s->config.etrn) {
		smtp_fault(s, 502, "5.5.1", "this server keeps no mail for other hosts");
		return;
	}
	buf_init(&domain, 4 * SMTP_HELO_MAX);
	if (read_domain(s, argument, &domain)) {
		s->wait = SMTP_WAIT_ETRN;
		s->backend->etrn(s->arg, buf_view(&domain));
	}
	buf_done(&domain);
}

void smtp_etrn_done(struct smtp_session *s, int64_t result)
{
	char text[100];
	if (s->wait != SMTP_WAIT_ETRN)
		return;
	s->wait = SMTP_NO_WAIT;
	snprintf(text, sizeof text, "%" PRId64 " pending messages, tried now", result);
	if (result > 0)
		smtp_reply(s, 253, "2.0.0", text);
	else if (result == 0)
		smtp_reply(s, 251, "2.0.0", "no messages wait for this domain");
	else if (result == -EACCES)
		smtp_fault(s, 459, "4.7.1", "this server keeps no mail for that domain");
	else
		smtp_reply(s, 458, "4.3.0", "not possible now, try again later");
	smtp_end_if_too_many(s);
}
