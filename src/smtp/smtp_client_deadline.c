/* See smtp_client_deadline.h. */
#include "smtp/smtp_client_deadline.h"

bool smtp_client_is_sending(const struct smtp_client *c, size_t backlog)
{
	enum smtp_client_waiting waiting = smtp_client_waits_for(c);
	return waiting == SMTP_CLIENT_FOR_BLOCK || (waiting == SMTP_CLIENT_FOR_END && backlog > 0);
}

bool smtp_client_deadline_changes(struct smtp_client_deadline *d, const struct smtp_client *c, uint64_t sent,
    size_t backlog, unsigned *seconds)
{
	enum smtp_client_waiting waiting = smtp_client_waits_for(c);
	uint64_t progress = smtp_client_progress(c);
	if (d->set && waiting == d->waiting && progress == d->progress)
		return false;
	*d = (struct smtp_client_deadline){.set = true,
	    .waiting = waiting,
	    .progress = progress,
	    .sent = sent,
	    .sending = smtp_client_is_sending(c, backlog)};
	*seconds = waiting == SMTP_CLIENT_FOR_QUIT
	               ? SMTP_CLIENT_QUIT_SECONDS
	               : smtp_client_patience(d->sending ? SMTP_CLIENT_FOR_BLOCK : waiting);
	return true;
}

const char *smtp_client_deadline_text(const struct smtp_client_deadline *d)
{
	return d->waiting == SMTP_CLIENT_FOR_GREETING ? "its greeting"
	       : d->waiting == SMTP_CLIENT_FOR_END    ? "the reply to the message"
	                                              : "a reply";
}
