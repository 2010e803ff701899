/*
 * The driver of SMTP sessions: streams on one side; auth, dns and store on the other. Verdicts come from the
 * hooks of smtp_hooks.c, bodies go to store through smtp_upload.c.
 */
#include "daemon/role_smtp.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/smtp_connection.h"
#include "io/proxy_header.h"

_Static_assert(
    (int)SMTP_OUTPUT_HIGH == (int)STREAM_HIGH_WATER, "a session that pauses must be told when to go on");

struct smtp_role smtp_role;

/* ---- after an answer: the session may take input again ---- */

void smtp_connection_continue(struct smtp_connection *c)
{
	if (c->ending)
		return;
	/* A server that stops takes no further message: whoever has none under way is told to come again. */
	if (smtp_role.edge.process->draining && smtp_waits_for(c->session) == SMTP_FOR_COMMAND &&
	    smtp_envelope(c->session)->count == 0)
		smtp_end(c->session, "4.3.2", "shutting down, come again");
	stream_wrote(&c->stream);
	smtp_connection_deadline(c);
	if (smtp_waits_for(c->session) != SMTP_FOR_US)
		stream_resume(&c->stream);
}

void smtp_connection_deadline(struct smtp_connection *c)
{
	const struct settings *settings = &smtp_role.edge.process->settings;
	enum smtp_waiting waiting = smtp_waits_for(c->session);
	int64_t seconds =
	    (int64_t)(waiting == SMTP_FOR_DATA ? settings->timeout_data : settings->timeout_command);
	stream_set_deadline(&c->stream, 1000 * seconds);
}

/* ---- what the session asks for ---- */

static void ask_login(void *arg, const struct smtp_login *login)
{
	struct smtp_connection *c = arg;
	struct login_terms terms = {
	    .session = view_from_string(c->id),
	    .client = &c->client,
	    .mechanism = login->mechanism,
	    .initial = login->initial,
	    .has_initial = login->has_initial,
	    .stream = &c->stream,
	};
	login_begin(&c->login, &terms);
}

static void ask_login_more(void *arg, struct view response, bool cancel)
{
	struct smtp_connection *c = arg;
	login_more(&c->login, response, cancel);
}

static void ask_tls(void *arg)
{
	struct smtp_connection *c = arg;
	c->tls_wanted = true;
	stream_hold(&c->stream);
	loop_task_schedule(&c->task);
}

static void ask_xclient(void *arg, const struct smtp_xclient *attributes)
{
	struct smtp_connection *c = arg;
	struct sockaddr_storage address;
	if (attributes->address.len && network_parse(attributes->address, &address) &&
	    !edge_rename(&smtp_role.edge, &c->client, &address)) {
		smtp_end(c->session, "4.7.0", "too many connections from this address");
		return;
	}
	smtp_connection_name_client(c);
	c->account = 0;
	smtp_client_changed(c->session, buf_view(&c->literal),
	    !smtp_role.edge.process->settings.require_tls_login || network_is_loopback(&c->client.address));
	log_event(LOG_INFO, c->id, "smtp-xclient", log_string("client", c->client.text),
	    log_text("name", attributes->name));
}

static void ask_close(void *arg)
{
	struct smtp_connection *c = arg;
	stream_close(&c->stream);
}

static int64_t now(void *arg)
{
	(void)arg;
	return clock_wall();
}

static const struct smtp_backend backend = {
    .check = smtp_hooks_check,
    .login = ask_login,
    .login_more = ask_login_more,
    .body = smtp_upload_body,
    .deliver = smtp_upload_deliver,
    .abandon = smtp_upload_abandon,
    .start_tls = ask_tls,
    .xclient = ask_xclient,
    .close = ask_close,
    .now = now,
};

/* ---- logins ---- */

static void on_challenge(void *arg, struct view text)
{
	struct smtp_connection *c = arg;
	smtp_challenge(c->session, text);
	smtp_connection_continue(c);
}

static void on_logged_in(void *arg, uint64_t account, struct view address, int channel)
{
	struct smtp_connection *c = arg;
	if (channel >= 0)
		close(channel);
	c->account = account;
	log_event(LOG_INFO, c->id, "smtp-login", log_text("address", address),
	    log_string("client", c->client.text));
	smtp_logged_in(c->session, address);
	smtp_connection_continue(c);
}

static void on_login_failed(void *arg, enum login_failure why)
{
	static const enum smtp_refusal refusals[] = {
	    [LOGIN_BAD_CREDENTIALS] = SMTP_BAD_CREDENTIALS,
	    [LOGIN_TEMPORARY] = SMTP_TRY_LATER,
	    [LOGIN_THROTTLED] = SMTP_THROTTLED,
	    [LOGIN_MALFORMED] = SMTP_BAD_SYNTAX,
	    [LOGIN_BAD_MECHANISM] = SMTP_UNKNOWN_MECHANISM,
	    [LOGIN_DISABLED] = SMTP_BAD_CREDENTIALS,
	};
	struct smtp_connection *c = arg;
	log_event(LOG_WARNING, c->id, "smtp-login-failed", log_string("client", c->client.text),
	    log_u64("reason", why));
	smtp_refused(c->session, refusals[why <= LOGIN_DISABLED ? why : LOGIN_TEMPORARY]);
	smtp_connection_continue(c);
}

/* ---- the connection ---- */

void smtp_connection_name_client(struct smtp_connection *c)
{
	buf_clear(&c->literal);
	if (c->client.address.ss_family == AF_INET6 && view_find(view_from_string(c->client.text), ':') >= 0)
		buf_append_string(&c->literal, "IPv6:");
	buf_append_string(&c->literal, c->client.text);
}

static enum smtp_kind kind_of(enum service service)
{
	if (service == SERVICE_SMTP)
		return SMTP_RELAY;
	return service == SERVICE_LMTP ? SMTP_LMTP : SMTP_SUBMISSION;
}

static const char *const *announced(bool secure)
{
	return login_announced(secure, smtp_role.edge.process->settings.login_mechanisms);
}

static void begin_session(struct smtp_connection *c)
{
	const struct settings *settings = &smtp_role.edge.process->settings;
	bool secure = c->stream.ssl != NULL;
	smtp_connection_name_client(c);
	struct smtp_config config = {
	    .kind = kind_of(c->client.service),
	    .hostname = settings->hostname,
	    .client_address = buf_view(&c->literal),
	    .id = view_from_string(c->id),
	    .mechanisms = login_mechanisms(true),
	    .announced = announced,
	    .size_max = settings->message_size_max,
	    .recipients_max = (uint32_t)settings->recipients_max,
	    .received_max = (uint32_t)settings->received_max,
	    .errors_max = (uint32_t)settings->errors_max,
	    .tls_available = smtp_role.edge.tls != NULL,
	    .secure = secure,
	    .clear_login = !settings->require_tls_login || network_is_loopback(&c->client.address),
	    .xclient = network_contains(settings->xclient_from, &c->client.address),
	};
	c->session = smtp_session_new(&config, &backend, c, stream_out(&c->stream));
	log_event(LOG_DEBUG, c->id, "smtp-connect", log_string("client", c->client.text),
	    log_string("service", service_name(c->client.service)), log_u64("tls", secure));
	smtp_start(c->session);
	smtp_connection_continue(c);
}

static size_t take_proxy_header(struct smtp_connection *c, struct view bytes)
{
	struct sockaddr_storage address;
	bool local;
	int n = proxy_header_parse(bytes, &address, &local);
	if (n == 0)
		return 0;
	if (n < 0 || (!local && !edge_rename(&smtp_role.edge, &c->client, &address))) {
		log_event(LOG_WARNING, c->id, "proxy-header-refused", log_string("client", c->client.text));
		stream_abort(&c->stream);
		return bytes.len;
	}
	c->proxy_pending = false;
	stream_hold(&c->stream);
	loop_task_schedule(&c->task);
	return (size_t)n;
}

/* A client that sends a message more slowly than data_rate_min over five minutes holds resources for nothing.
 */
static bool too_slow(struct smtp_connection *c, size_t bytes)
{
	enum { WINDOW_MS = 300000 };
	int64_t at = clock_monotonic_ms();
	if (smtp_waits_for(c->session) != SMTP_FOR_DATA) {
		c->rate_since = 0;
		return false;
	}
	if (c->rate_since == 0) {
		c->rate_since = at;
		c->rate_bytes = 0;
	}
	c->rate_bytes += bytes;
	if (at - c->rate_since < WINDOW_MS)
		return false;
	bool slow = c->rate_bytes < smtp_role.edge.process->settings.data_rate_min * (WINDOW_MS / 1000);
	c->rate_since = at;
	c->rate_bytes = 0;
	return slow;
}

static size_t on_input(void *arg, struct view bytes)
{
	struct smtp_connection *c = arg;
	if (c->proxy_pending)
		return take_proxy_header(c, bytes);
	if (c->greeting_delayed) {
		smtp_hooks_early_talker(c);
		return bytes.len;
	}
	size_t consumed = smtp_feed(c->session, bytes);
	stream_wrote(&c->stream);
	/* Whole commands count, and what a message brings; not bytes that trickle in. */
	if (consumed > 0)
		smtp_connection_deadline(c);
	if (smtp_waits_for(c->session) == SMTP_FOR_US || stream_backlog(&c->stream) >= STREAM_HIGH_WATER)
		stream_hold(&c->stream);
	if (too_slow(c, consumed)) {
		log_event(LOG_WARNING, c->id, "slow-sender", log_string("client", c->client.text));
		smtp_end(c->session, "4.4.2", "the message comes too slowly");
		stream_wrote(&c->stream);
	}
	return consumed;
}

static void on_drained(void *arg)
{
	struct smtp_connection *c = arg;
	if (c->session)
		smtp_connection_continue(c);
}

static void on_secured(void *arg)
{
	struct smtp_connection *c = arg;
	if (c->session == NULL) {
		begin_session(c);
	} else {
		smtp_secured(c->session);
		log_event(LOG_DEBUG, c->id, "smtp-starttls", log_string("client", c->client.text));
		smtp_connection_continue(c);
	}
	stream_resume(&c->stream);
}

static void on_ended(void *arg, enum stream_end how)
{
	struct smtp_connection *c = arg;
	log_event(LOG_DEBUG, c->id, "smtp-end", log_u64("messages", c->messages), log_u64("how", how));
	c->ending = true;
	login_forget(&c->login);
	smtp_hooks_forget(c);
	smtp_upload_forget(c);
	stream_free(&c->stream);
	loop_task_cancel(&c->task);
	loop_timer_cancel(&c->greeting);
	smtp_session_free(c->session);
	buf_done(&c->literal);
	if (c->previous)
		c->previous->next = c->next;
	else
		smtp_role.first = c->next;
	if (c->next)
		c->next->previous = c->previous;
	edge_disconnected(&smtp_role.edge, &c->client);
	mem_free(c);
}

static void on_deadline(void *arg)
{
	struct smtp_connection *c = arg;
	if (c->session == NULL || stream_backlog(&c->stream) > 0) {
		stream_abort(&c->stream);
		return;
	}
	smtp_end(c->session, "4.4.2", "nothing came for too long");
	stream_wrote(&c->stream);
}

static const struct stream_handler handler = {.input = on_input,
    .drained = on_drained,
    .secured = on_secured,
    .deadline = on_deadline,
    .ended = on_ended};

/* At the end of the turn: TLS begins, or the session does, when nothing of the stream is in use. */
static void on_task(void *arg)
{
	struct smtp_connection *c = arg;
	bool from_start = c->session == NULL && c->client.service == SERVICE_SUBMISSIONS;
	if (c->ending)
		return;
	if (c->tls_wanted || from_start) {
		/* RFC 3207 section 5: what was sent behind STARTTLS in clear is an attack, or a client that
		 * deserves none better. */
		size_t injected = c->tls_wanted ? stream_discard_input(&c->stream) : 0;
		c->tls_wanted = false;
		if (injected)
			log_event(LOG_WARNING, c->id, "commands-before-tls",
			    log_string("client", c->client.text), log_u64("bytes", injected));
		if (smtp_role.edge.tls == NULL || stream_start_tls(&c->stream, smtp_role.edge.tls) != 0)
			stream_abort(&c->stream);
		return;
	}
	begin_session(c);
}

static void connected(struct edge *edge, int fd, const struct edge_client *client)
{
	struct smtp_connection *c = mem_alloc(sizeof *c);
	c->client = *client;
	c->login = (struct login){.auth = &smtp_role.auth,
	    .arg = c,
	    .challenge = on_challenge,
	    .logged_in = on_logged_in,
	    .failed = on_login_failed};
	random_id(c->id);
	buf_init(&c->literal, NETWORK_TEXT_SIZE + 8);
	smtp_upload_init(c);
	c->next = smtp_role.first;
	if (smtp_role.first)
		smtp_role.first->previous = c;
	smtp_role.first = c;
	loop_task_init(&c->task, &edge->process->loop, on_task, c);
	loop_timer_init(&c->greeting, &edge->process->loop, smtp_hooks_greet, c);
	stream_init(&c->stream, &edge->process->loop, fd, &handler, c);
	stream_set_deadline(&c->stream, 1000 * (int64_t)edge->process->settings.timeout_command);
	c->proxy_pending = network_contains(edge->process->settings.proxy_from, &client->address);
	if (!c->proxy_pending)
		on_task(c);
}

static void end_all(struct edge *edge)
{
	(void)edge;
	for (struct smtp_connection *c = smtp_role.first; c; c = c->next)
		stream_abort(&c->stream);
}

/* ---- the role ---- */

/* A right was taken away: who had logged in with it is logged in no more. */
static void on_notice(struct link *link, struct channel_frame *frame)
{
	struct message_revoke m;
	if (frame->type != MESSAGE_REVOKE || !link_decode(link, frame, &m))
		return;
	for (struct smtp_connection *c = smtp_role.first; c; c = c->next) {
		if (c->ending || c->session == NULL || c->account != m.account)
			continue;
		log_event(LOG_INFO, c->id, "smtp-revoked", log_string("client", c->client.text));
		smtp_end(c->session, "4.7.0", "the login has ended, log in again");
		stream_wrote(&c->stream);
	}
}

int smtp_role_start(struct role_process *p)
{
	edge_init(&smtp_role.edge, p);
	calls_init(&smtp_role.auth);
	calls_init(&smtp_role.store);
	smtp_role.auth.notice = on_notice;
	calls_init(&smtp_role.dns);
	smtp_role.edge.connected = connected;
	smtp_role.edge.end_all = end_all;
	smtp_role.edge.too_many = VIEW("421 4.7.0 too many connections, try again later\r\n");
	smtp_role.edge.alpn = "smtp";
	return 0;
}

int smtp_role_serve(struct role_process *p)
{
	int error = edge_configure(&smtp_role.edge);
	if (error == 0 && !p->serving)
		edge_open(&smtp_role.edge);
	return error;
}

void smtp_role_peer(struct role_process *p, enum role_bit peer, int fd)
{
	if (peer == ROLE_KEYS)
		edge_set_keys(&smtp_role.edge, fd);
	else
		calls_link(peer == ROLE_AUTH  ? &smtp_role.auth
		           : peer == ROLE_DNS ? &smtp_role.dns
		                              : &smtp_role.store,
		    p, fd, peer);
}

void smtp_role_listener(struct role_process *p, enum service service, int fd)
{
	(void)p;
	edge_add_listener(&smtp_role.edge, service, fd);
}

void smtp_role_drain(struct role_process *p)
{
	(void)p;
	/* Between transactions the end costs nobody anything; who is within one may finish until the
	 * deadline. */
	for (struct smtp_connection *c = smtp_role.first; c; c = c->next) {
		if (c->session == NULL) {
			stream_close(&c->stream);
		} else if (smtp_waits_for(c->session) == SMTP_FOR_COMMAND &&
		           smtp_envelope(c->session)->count == 0) {
			smtp_end(c->session, "4.3.2", "shutting down, come again");
			stream_wrote(&c->stream);
		}
	}
	edge_drain(&smtp_role.edge);
}
