/*
 * Refusals for the trace: whoever asks what became of a message that never came is answered from these. Few
 * of each client are told: edge_limits_count_refusal.
 */
#include "base/clock.h"
#include "role/smtp/smtp_connection.h"

enum { REPLY_MAX = 500 /* octets of what was replied */ };

void smtp_refused_tell(struct smtp_connection *c, const struct smtp_verdict *verdict, struct view recipient)
{
	struct buf reply;
	struct link *store = &smtp_role.store.link;
	if (!store->up || verdict->code < 400 || verdict->code > 599)
		return;
	if (!edge_limits_count_refusal(&smtp_role.edge.limits, &c->edge.client, clock_monotonic_ms()))
		return;
	buf_init(&reply, REPLY_MAX);
	buf_printf(&reply, "%u %s %s", verdict->code, verdict->enhanced, verdict->text);
	struct message_refused m = {.session = view_from_string(c->edge.id),
	    .client = view_from_string(c->edge.client.text),
	    .sender = smtp_envelope(c->session)->terms.sender,
	    .recipient = recipient,
	    .reply = buf_view(&reply),
	    .code = verdict->code};
	if (ipc_send(&store->channel, MESSAGE_REFUSED, 0, &m, -1) == 0)
		c->refused++;
	buf_done(&reply);
}
