/* The login of a client, which auth decides: see login.h. */
#include "edge/login.h"

#include "base/log.h"
#include "io/tls.h"

const char *const *login_mechanisms(bool secure)
{
	static const char *const with_tls[] = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
	    "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", NULL};
	return secure ? with_tls : with_tls + 2;
}

const char *const *login_announced(bool secure)
{
	static const char *told[9];
	const char *const *all = login_mechanisms(secure);
	size_t count = 0;
	for (; *all; all++) {
		struct view rest = edge_settings()->login_mechanisms, name;
		while (rest.len && view_next(&rest, '\n', &name))
			if (view_equal_nocase(name, view_from_string(*all)))
				told[count++] = *all;
	}
	told[count] = NULL;
	return told;
}

static void refuse(struct edge_connection *c, enum login_failure why)
{
	const struct edge_protocol *protocol = c->edge->protocol;
	log_event(LOG_WARNING, c->id, protocol->login_failed_event, log_string("client", c->client.text),
	    log_string("reason", login_failure_word(why)));
	protocol->refused(c, why);
	protocol->proceed(c);
}

static void accept_login(struct edge_connection *c, const struct message_logged_in *m, int channel)
{
	const struct edge_protocol *protocol = c->edge->protocol;
	log_record(LOG_INFO, c->id, protocol->login_event, log_text("address", m->address),
	    log_string("client", c->client.text));
	protocol->logged_in(c, m->account, m->address, channel);
	protocol->proceed(c);
}

static bool answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct edge_connection *c = arg;
	union {
		struct message_challenge challenge;
		struct message_logged_in logged_in;
		struct message_login_failed failed;
	} m;
	if (frame == NULL) {
		c->login = 0;
		refuse(c, LOGIN_TEMPORARY);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false; /* the link is down: the call ends with NULL */
	if (frame->type == MESSAGE_CHALLENGE) {
		c->edge->protocol->challenge(c, m.challenge.text);
		c->edge->protocol->proceed(c);
		return false;
	}
	c->login = 0;
	if (frame->type == MESSAGE_LOGGED_IN) {
		int channel = frame->fd;
		frame->fd = -1;
		accept_login(c, &m.logged_in, channel);
	} else {
		refuse(c, (enum login_failure)m.failed.why);
	}
	return true;
}

/*
 * Whether a client on TLS was told that it may bind to the channel. One that could, and was not told, says so
 * truthfully; auth would take that for the trace of an attacker who had taken the mechanism off the list (RFC
 * 5802 section 6).
 */
static bool tells_binding(struct view announced)
{
	struct view rest = announced, name;
	while (rest.len && view_next(&rest, '\n', &name))
		if (view_ends_nocase(name, VIEW("-PLUS")))
			return true;
	return false;
}

void login_begin(struct edge_connection *c, const struct login_terms *terms)
{
	char binding[64];
	size_t len = 0;
	const char *type = "";
	SSL *ssl = c->stream.ssl;
	struct message_login m = {
	    .session = view_from_string(c->id),
	    .service = view_from_string(service_name(c->client.service)),
	    .client = view_from_string(c->client.text),
	    .mechanism = terms->mechanism,
	    .initial = terms->initial,
	    .has_initial = terms->has_initial,
	    .secure = edge_connection_is_secure(c),
	    .apop_stamp = terms->apop_stamp,
	};
	bool binds = view_ends_nocase(terms->mechanism, VIEW("-PLUS")) ||
	             tells_binding(c->edge->process->settings.login_mechanisms);
	if (ssl && binds && tls_channel_binding(ssl, binding, &len, &type) == 0) {
		m.binding_type = view_from_string(type);
		m.binding = view_of(binding, len);
	}
	login_forget(c); /* there is none; two at once would mix their answers */
	c->login = calls_ask(&c->edge->auth, MESSAGE_LOGIN, &m, answered, c);
	if (c->login == 0)
		refuse(c, LOGIN_TEMPORARY);
}

void login_more(struct edge_connection *c, struct view response, bool cancel)
{
	struct message_login_more m = {.response = response, .cancel = cancel};
	struct link *auth = calls_link_of(&c->edge->auth, c->login);
	if (auth && ipc_send(&auth->channel, MESSAGE_LOGIN_MORE, c->login, &m, -1) == 0)
		return;
	login_forget(c);
	refuse(c, LOGIN_TEMPORARY);
}

void login_forget(struct edge_connection *c)
{
	if (c->login == 0)
		return;
	struct message_login_more m = {.cancel = true};
	struct link *auth = calls_link_of(&c->edge->auth, c->login);
	if (auth)
		ipc_send(&auth->channel, MESSAGE_LOGIN_MORE, c->login, &m, -1);
	calls_forget(&c->edge->auth, c->login);
	c->login = 0;
}
