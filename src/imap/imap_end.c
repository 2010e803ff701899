/* How a session ends, for whatever reason. */
#include "imap/imap_state.h"

void imap_close(struct imap_session *s)
{
	if (s->closing)
		return;
	s->closing = true;
	s->state = IMAP_LOGOUT;
	s->backend->close(s->arg);
}

void imap_bye(struct imap_session *s, const char *code, const char *text)
{
	if (s->closing)
		return;
	imap_put_note(s, "BYE", code, text);
	imap_close(s);
}

void imap_lost(struct imap_session *s)
{
	imap_bye(s, "UNAVAILABLE", "your mail cannot be reached now, try again later");
}

void imap_count_error(struct imap_session *s)
{
	s->errors++;
	if (s->errors >= s->config.errors_max)
		imap_bye(s, "CLIENTBUG", "too many errors");
}
