#include "edge/login.h"

#include <errno.h>

#include "io/tls.h"

const char *const *login_mechanisms(bool secure)
{
	static const char *const with_tls[] = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
	    "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", NULL};
	return secure ? with_tls : with_tls + 2;
}

const char *const *login_announced(bool secure, struct view announced)
{
	static const char *told[9];
	const char *const *all = login_mechanisms(secure);
	size_t count = 0;
	for (; *all; all++) {
		struct view rest = announced, name;
		while (rest.len && view_next(&rest, '\n', &name))
			if (view_equal_nocase(name, view_from_string(*all)))
				told[count++] = *all;
	}
	told[count] = NULL;
	return told;
}

static bool answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct login *login = arg;
	union {
		struct message_challenge challenge;
		struct message_logged_in logged_in;
		struct message_login_failed failed;
	} m;
	if (frame == NULL) {
		login->request = 0;
		login->failed(login->arg, LOGIN_TEMPORARY);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false; /* the link is down: the call ends with NULL */
	if (frame->type == MESSAGE_CHALLENGE) {
		login->challenge(login->arg, m.challenge.text);
		return false;
	}
	login->request = 0;
	if (frame->type == MESSAGE_LOGGED_IN) {
		int channel = frame->fd;
		frame->fd = -1;
		login->logged_in(login->arg, m.logged_in.account, m.logged_in.address, channel);
	} else {
		login->failed(login->arg, (enum login_failure)m.failed.why);
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

void login_begin(struct login *login, const struct login_terms *terms)
{
	char binding[64];
	size_t len = 0;
	const char *type = "";
	const struct edge_client *client = &terms->connection->client;
	SSL *ssl = terms->connection->stream.ssl;
	struct message_login m = {
	    .session = view_from_string(terms->connection->id),
	    .service = view_from_string(service_name(client->service)),
	    .client = view_from_string(client->text),
	    .mechanism = terms->mechanism,
	    .initial = terms->initial,
	    .has_initial = terms->has_initial,
	    .secure = ssl != NULL,
	    .apop_stamp = terms->apop_stamp,
	};
	bool binds = view_ends_nocase(terms->mechanism, VIEW("-PLUS")) ||
	             tells_binding(login->auth->link.process->settings.login_mechanisms);
	if (ssl && binds && tls_channel_binding(ssl, binding, &len, &type) == 0) {
		m.binding_type = view_from_string(type);
		m.binding = view_of(binding, len);
	}
	login_forget(login); /* there is none; two at once would mix their answers */
	login->request = calls_ask(login->auth, MESSAGE_LOGIN, &m, answered, login);
	if (login->request == 0)
		login->failed(login->arg, LOGIN_TEMPORARY);
}

void login_more(struct login *login, struct view response, bool cancel)
{
	struct message_login_more m = {.response = response, .cancel = cancel};
	if (login->request == 0 || !login->auth->link.up ||
	    ipc_send(&login->auth->link.channel, MESSAGE_LOGIN_MORE, login->request, &m, -1) != 0) {
		login_forget(login);
		login->failed(login->arg, LOGIN_TEMPORARY);
	}
}

void login_forget(struct login *login)
{
	if (login->request == 0)
		return;
	struct message_login_more m = {.cancel = true};
	if (login->auth->link.up)
		ipc_send(&login->auth->link.channel, MESSAGE_LOGIN_MORE, login->request, &m, -1);
	calls_forget(login->auth, login->request);
	login->request = 0;
}
