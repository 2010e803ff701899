/* BURL: what a URL names comes from store, which looks at its token; piece by piece, as the message takes it.
 */
#include <errno.h>

#include "role/smtp/smtp_connection.h"

static bool shown(void *arg, struct link *link, struct channel_frame *frame)
{
	struct smtp_connection *c = arg;
	struct message_shown m = {.error = -EAGAIN};
	if (frame && !link_decode(link, frame, &m))
		return false;
	c->check.request = 0;
	smtp_shown(c->session, m.bytes, m.last, (int)m.error);
	smtp_connection_continue(c);
	return true;
}

void smtp_show(void *arg, struct view url, uint64_t offset)
{
	struct smtp_connection *c = arg;
	struct message_show m = {
	    .account = c->account, .offset = offset, .login = smtp_login_address(c->session), .url = url};
	c->check.calls = &smtp_role.store;
	c->check.request = calls_ask(&smtp_role.store, MESSAGE_SHOW, &m, shown, c);
	if (c->check.request == 0)
		smtp_shown(c->session, (struct view){0}, true, -EAGAIN);
}
