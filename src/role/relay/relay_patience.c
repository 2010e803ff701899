/* See relay_patience.h. */
#include "role/relay/relay_patience.h"

#include "base/clock.h"
#include "role/relay/relay_state.h"

enum { QUIT_SECONDS = 5 /* for the answer to QUIT: nothing depends on it (RFC 5321 section 4.1.1.10) */ };

/* Some of a body waits to be taken, behind DATA or within a BDAT. */
static bool is_sending(const struct smtp_client *client, const struct stream *stream)
{
	enum smtp_client_waiting waiting = smtp_client_waits_for(client);
	return waiting == SMTP_CLIENT_FOR_BLOCK ||
	       (waiting == SMTP_CLIENT_FOR_END && stream_backlog(stream) > 0);
}

static int64_t milliseconds(const struct relay_patience *p)
{
	unsigned seconds = smtp_client_patience(p->sending ? SMTP_CLIENT_FOR_BLOCK : p->waiting);
	if (p->waiting == SMTP_CLIENT_FOR_QUIT)
		seconds = QUIT_SECONDS;
	if (seconds)
		return 1000 * (int64_t)seconds;
	return p->waiting == SMTP_CLIENT_FOR_US ? RELAY_CONNECT_MS : 0;
}

void relay_patience_set(struct relay_patience *p, const struct smtp_client *client, struct stream *stream)
{
	enum smtp_client_waiting waiting = smtp_client_waits_for(client);
	uint64_t progress = smtp_client_progress(client);
	if (waiting == p->waiting && progress == p->progress && p->set)
		return;
	*p = (struct relay_patience){.set = true,
	    .waiting = waiting,
	    .progress = progress,
	    .bytes_out = stream->bytes_out,
	    .sending = is_sending(client, stream),
	    .since = clock_monotonic_ms()};
	stream_set_deadline(stream, milliseconds(p));
}

/* It took nothing, or fewer octets a second than a client of ours must bring. What it has taken whole it may
 * think about: that is another deadline. */
static bool takes_too_slowly(
    const struct relay_patience *p, const struct smtp_client *client, const struct stream *stream)
{
	uint64_t taken = stream->bytes_out - p->bytes_out;
	uint64_t ms = (uint64_t)(clock_monotonic_ms() - p->since);
	return is_sending(client, stream) &&
	       (taken == 0 || taken < relay_role.process->settings.data_rate_min * ms / 1000);
}

bool relay_patience_is_over(struct relay_patience *p, const struct smtp_client *client, struct stream *stream)
{
	if (!p->sending || takes_too_slowly(p, client, stream))
		return true;
	p->set = false;
	relay_patience_set(p, client, stream);
	return false;
}

const char *relay_patience_text(const struct relay_patience *p)
{
	if (p->sending)
		return "the host took the message too slowly";
	if (p->waiting == SMTP_CLIENT_FOR_GREETING)
		return "the host did not answer in time (waiting for its greeting)";
	if (p->waiting == SMTP_CLIENT_FOR_END)
		return "the host did not answer in time (waiting for the reply to the message)";
	return "the host did not answer in time (waiting for a reply)";
}
