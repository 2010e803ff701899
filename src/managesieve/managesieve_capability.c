/* What this server can do: RFC 5804 section 1.7. */
#include "managesieve/managesieve_private.h"

static bool may_log_in(const struct managesieve_session *s)
{
	return s->config.secure || s->config.clear_login;
}

/* The list is empty where TLS comes first. */
static void put_mechanisms(struct managesieve_session *s)
{
	const char *separator = "";
	buf_append(s->out, VIEW("\"SASL\" \""));
	for (const char *const *m = s->config.announced(s->config.secure); may_log_in(s) && *m; m++) {
		buf_printf(s->out, "%s%s", separator, *m);
		separator = " ";
	}
	buf_append(s->out, VIEW("\"\r\n"));
}

static void put(struct managesieve_session *s, const char *name, struct view value)
{
	buf_printf(s->out, "\"%s\" ", name);
	managesieve_put_string(s->out, value);
	buf_append(s->out, VIEW("\r\n"));
}

void managesieve_put_capabilities(struct managesieve_session *s)
{
	buf_append(s->out, VIEW("\"IMPLEMENTATION\" \"Postrider\"\r\n\"VERSION\" \"1.0\"\r\n"));
	put_mechanisms(s);
	put(s, "SIEVE", s->config.extensions);
	if (s->config.notify.len)
		put(s, "NOTIFY", s->config.notify);
	buf_printf(s->out, "\"MAXREDIRECTS\" \"%u\"\r\n\"LANGUAGE\" \"en\"\r\n\"UNAUTHENTICATE\"\r\n",
	    s->config.redirects_max);
	if (s->config.tls_available && !s->config.secure && s->state == MANAGESIEVE_NOT_AUTHENTICATED)
		buf_append(s->out, VIEW("\"STARTTLS\"\r\n"));
	if (s->owner)
		put(s, "OWNER", view_from_string(s->owner));
}

/* RFC 5804 section 2.4. */
void managesieve_capability(struct managesieve_session *s, struct managesieve_in *in)
{
	if (!managesieve_in_end(s, in))
		return;
	managesieve_put_capabilities(s);
	managesieve_ok(s, NULL, VIEW("these are the capabilities"));
}
