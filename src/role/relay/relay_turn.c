/*
 * The places that a connection has (share.h), and when it gives them up: because it has become one that they
 * are not counted for, because it has had its turn, or because its host is slow and others wait.
 */
#include "role/relay/relay_private.h"

static bool has_place(const struct relay_connection *c, const struct share *share)
{
	for (size_t i = 0; i < c->share_count; i++)
		if (c->shares[i] == share)
			return true;
	return false;
}

static void give_back_place(struct relay_connection *c, struct share *share)
{
	size_t kept = 0;
	if (!has_place(c, share))
		return;
	for (size_t i = 0; i < c->share_count; i++)
		if (c->shares[i] != share)
			c->shares[kept++] = c->shares[i];
	c->share_count = kept;
	share_give_back(&share, 1);
}

/* Its host has taken mail: it is one of those that are served whatever becomes of the others. */
void relay_connection_prove(struct relay_connection *c)
{
	relay_place_took_mail(c->host->address);
	give_back_place(c, &relay_role.unknown);
	give_back_place(c, &relay_role.unproven);
}

/* It carries what is no report. */
void relay_connection_carry_regular(struct relay_connection *c)
{
	give_back_place(c, &relay_role.unknown);
	give_back_place(c, &relay_role.reports);
}

/* Others wait for its place, and it has had its turn. */
bool relay_connection_turn_is_over(struct relay_connection *c)
{
	int64_t now = clock_monotonic_ms();
	if (!share_is_wanted(c->shares, c->share_count, &c->host->claim)) {
		c->turn_since = now;
		c->turn_messages = 0;
		return false;
	}
	return c->turn_messages >= RELAY_TURN_MESSAGES || now - c->turn_since >= RELAY_TURN_MS;
}

bool relay_connection_is_sending(const struct relay_connection *c)
{
	enum smtp_client_waiting waiting = smtp_client_waits_for(c->client);
	return waiting == SMTP_CLIENT_FOR_BLOCK ||
	       (waiting == SMTP_CLIENT_FOR_END && stream_backlog(&c->stream) > 0);
}

bool relay_connection_takes_too_slowly(const struct relay_connection *c)
{
	uint64_t taken = c->stream.bytes_out - c->bytes_out;
	int64_t ms = clock_monotonic_ms() - c->timed_at;
	/* What it has taken whole it may think about: that is another deadline. */
	if (!relay_connection_is_sending(c))
		return false;
	return taken == 0 || taken < relay_role.process->settings.data_rate_min * (uint64_t)ms / 1000;
}

/* Nothing to say of the host but that it is slow. */
bool relay_connection_holds_others_up(const struct relay_connection *c)
{
	int64_t now = clock_monotonic_ms();
	if (!share_is_wanted(c->shares, c->share_count, &c->host->claim))
		return false;
	if (!c->ready)
		return now - c->began >= relay_place_hurry(c->host->address);
	enum smtp_client_waiting waiting = smtp_client_waits_for(c->client);
	return c->message && now - c->message_since >= RELAY_SLOW_MS &&
	       (waiting == SMTP_CLIENT_FOR_MAIL || waiting == SMTP_CLIENT_FOR_RCPT ||
	           waiting == SMTP_CLIENT_FOR_DATA);
}

void relay_connection_spare(const struct share *share)
{
	struct relay_connection *c = relay_role.idle_first;
	while (c && (c->spared || !has_place(c, share)))
		c = c->idle_after;
	if (c == NULL)
		return;
	int64_t left = c->idle_since + RELAY_SPARE_MS - clock_monotonic_ms();
	c->spared = true;
	loop_timer_set(&c->timer, left > 0 ? left : 0);
}
