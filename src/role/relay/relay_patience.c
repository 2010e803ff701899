/* See relay_patience.h. */
#include "role/relay/relay_patience.h"

#include <stdio.h>

#include "base/clock.h"
#include "role/relay/relay_state.h"

void relay_patience_set(struct relay_patience *p, const struct smtp_client *client, struct stream *stream)
{
	unsigned seconds;
	if (!smtp_client_deadline_changes(
	        &p->deadline, client, stream->bytes_out, stream_backlog(stream), &seconds))
		return;
	p->since = clock_monotonic_ms();
	stream_set_deadline(stream, seconds                                     ? 1000 * (int64_t)seconds
	                            : p->deadline.waiting == SMTP_CLIENT_FOR_US ? RELAY_CONNECT_MS
	                                                                        : 0);
}

/* It took nothing, or fewer octets a second than a client of ours must bring. What it has taken whole it may
 * think about: that is another deadline. */
static bool takes_too_slowly(
    const struct relay_patience *p, const struct smtp_client *client, const struct stream *stream)
{
	uint64_t taken = stream->bytes_out - p->deadline.sent;
	uint64_t ms = (uint64_t)(clock_monotonic_ms() - p->since);
	return smtp_client_is_sending(client, stream_backlog(stream)) &&
	       (taken == 0 || taken < relay_role.process->settings.data_rate_min * ms / 1000);
}

bool relay_patience_is_over(struct relay_patience *p, const struct smtp_client *client, struct stream *stream)
{
	if (!p->deadline.sending || takes_too_slowly(p, client, stream))
		return true;
	p->deadline.set = false;
	relay_patience_set(p, client, stream);
	return false;
}

void relay_patience_text(const struct relay_patience *p, char text[RELAY_PATIENCE_TEXT])
{
	if (p->deadline.sending)
		snprintf(text, RELAY_PATIENCE_TEXT, "the host took the message too slowly");
	else
		snprintf(text, RELAY_PATIENCE_TEXT, "the host did not answer in time (waiting for %s)",
		    smtp_client_deadline_text(&p->deadline));
}
