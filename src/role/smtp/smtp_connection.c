/* A connection between its session and its stream: what every file of the driver may ask for. */
#include "role/smtp/smtp_connection.h"

struct smtp_role smtp_role;

void smtp_connection_continue(struct smtp_connection *c)
{
	if (c->edge.ending)
		return;
	/* A server that stops takes no further message: whoever has none under way is told to come again. */
	if (smtp_role.edge.process->draining && smtp_waits_for(c->session) == SMTP_FOR_COMMAND &&
	    smtp_envelope(c->session)->count == 0)
		smtp_end(c->session, "4.3.2", "shutting down, try again later");
	stream_wrote(&c->edge.stream);
	smtp_connection_deadline(c);
	if (smtp_waits_for(c->session) != SMTP_FOR_US)
		stream_resume(&c->edge.stream);
}

void smtp_connection_deadline(struct smtp_connection *c)
{
	const struct settings *settings = &smtp_role.edge.process->settings;
	enum smtp_waiting waiting = smtp_waits_for(c->session);
	int64_t seconds =
	    (int64_t)(waiting == SMTP_FOR_DATA ? settings->timeout_data : settings->timeout_command);
	stream_set_deadline(&c->edge.stream, 1000 * seconds);
}

void smtp_connection_name_client(struct smtp_connection *c)
{
	buf_clear(&c->literal);
	if (c->edge.client.address.ss_family != AF_INET && c->edge.client.address.ss_family != AF_INET6)
		return;
	if (c->edge.client.address.ss_family == AF_INET6 &&
	    view_find(view_from_string(c->edge.client.text), ':') >= 0)
		buf_append_string(&c->literal, "IPv6:");
	buf_append_string(&c->literal, c->edge.client.text);
}
