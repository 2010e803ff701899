/*
 * The driver of SMTP sessions: streams on one side; auth, dns and store on the other. Verdicts come from the
 * hooks of smtp_hooks.c, bodies go to store through smtp_upload.c.
 */
#include "role/smtp/role_smtp.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/smtp/smtp_failure.h"
#include "role/smtp/smtp_hooks.h"
#include "role/smtp/smtp_report.h"

_Static_assert(
    (int)SMTP_OUTPUT_HIGH == (int)STREAM_HIGH_WATER, "a session that pauses must be told when to go on");

/* ---- what the session asks for ---- */

static void ask_login(void *arg, const struct smtp_login *login)
{
	struct smtp_connection *c = arg;
	struct login_terms terms = {
	    .mechanism = login->mechanism,
	    .initial = login->initial,
	    .has_initial = login->has_initial,
	};
	login_begin(&c->edge, &terms);
}

static void ask_login_more(void *arg, struct view response, bool cancel)
{
	struct smtp_connection *c = arg;
	login_more(&c->edge, response, cancel);
}

static void ask_tls(void *arg)
{
	struct smtp_connection *c = arg;
	edge_connection_start_tls(&c->edge);
}

static bool is_trusted(const struct smtp_connection *c)
{
	return network_contains(smtp_role.edge.process->settings.trusted_networks, &c->edge.client.address);
}

static bool ask_xclient(void *arg, const struct smtp_xclient *attributes)
{
	struct smtp_connection *c = arg;
	/* Of no family: in no network, and no loopback. */
	struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
	if (attributes->address.len && !network_parse(attributes->address, &address))
		return false;
	/* HELO and LOGIN may come behind the address, in a command of their own. */
	bool renames = attributes->has_address || !c->renamed;
	c->renamed = true;
	if (renames &&
	    !edge_limits_rename(&smtp_role.edge.limits, &c->edge.client, &address, clock_monotonic_ms())) {
		smtp_end(c->session, "4.7.0", "too many connections from this address");
		return true;
	}
	smtp_connection_name_client(c);
	c->account = 0;
	smtp_client_changed(
	    c->session, buf_view(&c->literal), edge_connection_clear_login(&c->edge), is_trusted(c));
	log_event(LOG_INFO, c->edge.id, "smtp-xclient", log_string("client", c->edge.client.text),
	    log_text("name", attributes->name));
	return true;
}

static void ask_close(void *arg)
{
	struct smtp_connection *c = arg;
	smtp_hooks_forget_question(c);
	stream_close(&c->edge.stream);
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
    .body = smtp_hooks_body,
    .came = smtp_hooks_came,
    .deliver = smtp_upload_deliver,
    .abandon = smtp_hooks_abandon,
    .start_tls = ask_tls,
    .xclient = ask_xclient,
    .etrn = smtp_recipient_etrn,
    .close = ask_close,
    .now = now,
    .show = smtp_show,
};

/* ---- logins ---- */

static void on_challenge(void *arg, struct view text)
{
	struct smtp_connection *c = arg;
	smtp_challenge(c->session, text);
}

static void on_logged_in(void *arg, uint64_t account, struct view address, int channel)
{
	struct smtp_connection *c = arg;
	if (channel >= 0)
		close(channel);
	c->account = account;
	smtp_logged_in(c->session, address);
}

static void on_refused(void *arg, enum login_failure why)
{
	struct smtp_connection *c = arg;
	smtp_refused(c->session, why);
}

static void proceed(void *arg)
{
	smtp_connection_continue(arg);
}

/* ---- the connection ---- */

static enum smtp_kind kind_of(enum service service)
{
	if (service == SERVICE_SMTP)
		return SMTP_RELAY;
	return service == SERVICE_LMTP ? SMTP_LMTP : SMTP_SUBMISSION;
}

static uint32_t recipients_max(enum smtp_kind kind, const struct settings *settings)
{
	return kind == SMTP_SUBMISSION ? SMTP_USER_RECIPIENTS_MAX : (uint32_t)settings->recipients_max;
}

static void on_begin(void *arg)
{
	struct smtp_connection *c = arg;
	const struct settings *settings = &smtp_role.edge.process->settings;
	bool secure = edge_connection_is_secure(&c->edge);
	smtp_local_know(c);
	smtp_connection_name_client(c);
	struct smtp_config config = {
	    .kind = kind_of(c->edge.client.service),
	    .hostname = settings->hostname,
	    .client_address = buf_view(&c->literal),
	    .id = view_from_string(c->edge.id),
	    .mechanisms = login_mechanisms(true),
	    .announced = login_announced,
	    .size_max = settings->message_size_max,
	    .recipients_max = recipients_max(kind_of(c->edge.client.service), settings),
	    .received_max = (uint32_t)settings->received_max,
	    .errors_max = (uint32_t)settings->errors_max,
	    .tls_available = smtp_role.edge.tls != NULL && c->local.name[0] == '\0',
	    .secure = secure,
	    .clear_login = !settings->require_tls_login || network_is_loopback(&c->edge.client.address),
	    .xclient = network_contains(settings->xclient_from, &c->edge.client.address),
	    .trusted = is_trusted(c),
	    .hold_max = (uint32_t)settings->hold_max,
	    .writes_sender =
	        c->local.name[0] == '\0' && (!view_equal(settings->own_from, VIEW("off")) ||
	                                        !view_equal(settings->foreign_from, VIEW("off"))),
	    .local_user = view_from_string(c->local.name),
	    .names_login = settings->received_login,
	    .etrn = c->edge.client.service == SERVICE_SMTP && smtp_role.relay_domain_count > 0,
	};
	c->session = smtp_session_new(&config, &backend, c, stream_out(&c->edge.stream));
	log_event(LOG_DEBUG, c->edge.id, "smtp-connect", log_string("client", c->edge.client.text),
	    log_string("service", service_name(c->edge.client.service)), log_u64("tls", secure));
	smtp_start(c->session);
	smtp_connection_continue(c);
}

static bool too_slow(struct smtp_connection *c, size_t bytes)
{
	if (smtp_waits_for(c->session) == SMTP_FOR_DATA)
		return data_rate_too_slow(
		    &c->rate, clock_monotonic_ms(), bytes, smtp_role.edge.process->settings.data_rate_min);
	c->rate = (struct data_rate){0};
	return false;
}

static size_t on_input(void *arg, struct view bytes)
{
	struct smtp_connection *c = arg;
	if (c->greeting_delayed) {
		smtp_hooks_early_talker(c);
		return bytes.len;
	}
	size_t consumed = smtp_feed(c->session, bytes);
	stream_wrote(&c->edge.stream);
	/* Whole commands count, and what a message brings; not bytes that trickle in. */
	if (consumed > 0)
		smtp_connection_deadline(c);
	if (smtp_waits_for(c->session) == SMTP_FOR_US || stream_backlog(&c->edge.stream) >= STREAM_HIGH_WATER)
		stream_hold(&c->edge.stream);
	if (too_slow(c, consumed)) {
		log_event(LOG_WARNING, c->edge.id, "slow-sender", log_string("client", c->edge.client.text));
		smtp_end(c->session, "4.4.2", "the message arrives too slowly");
		stream_wrote(&c->edge.stream);
	}
	return consumed;
}

static void on_secured(void *arg)
{
	struct smtp_connection *c = arg;
	smtp_secured(c->session);
	log_event(LOG_DEBUG, c->edge.id, "smtp-starttls", log_string("client", c->edge.client.text));
	smtp_connection_continue(c);
}

static void on_idle(void *arg)
{
	struct smtp_connection *c = arg;
	if (stream_backlog(&c->edge.stream) > 0) {
		stream_abort(&c->edge.stream);
		return;
	}
	smtp_end(c->session, "4.4.2", "timed out: nothing was received for too long");
	stream_wrote(&c->edge.stream);
}

/* Between transactions the end costs nobody anything; who is within one may finish until the deadline. */
static void on_drain(void *arg)
{
	struct smtp_connection *c = arg;
	if (smtp_waits_for(c->session) != SMTP_FOR_COMMAND || smtp_envelope(c->session)->count > 0)
		return;
	smtp_end(c->session, "4.3.2", "shutting down, try again later");
	stream_wrote(&c->edge.stream);
}

static void on_opened(void *arg)
{
	struct smtp_connection *c = arg;
	struct role_process *p = smtp_role.edge.process;
	buf_init(&c->literal, NETWORK_TEXT_SIZE + 8);
	smtp_hooks_init(c);
	smtp_upload_init(c);
	loop_timer_init(&c->greeting, &p->loop, smtp_hooks_greet, c);
	stream_set_deadline(&c->edge.stream, 1000 * (int64_t)p->settings.timeout_command);
}

static void on_ended(void *arg, enum stream_end how)
{
	struct smtp_connection *c = arg;
	log_event(LOG_DEBUG, c->edge.id, "smtp-end", log_u64("messages", c->messages),
	    log_string("ended", stream_end_words(how)));
	login_forget(&c->edge);
	smtp_hooks_forget(c);
	loop_timer_cancel(&c->greeting);
	smtp_session_free(c->session);
	buf_done(&c->literal);
}

static const struct edge_protocol protocol = {
    .size = sizeof(struct smtp_connection),
    .alpn = "smtp",
    .too_many = "421 4.7.0 too many connections, try again later\r\n",
    .descriptors_each = 1,
    .login_event = "smtp-login",
    .login_failed_event = "smtp-login-failed",
    .opened = on_opened,
    .begin = on_begin,
    .input = on_input,
    .drained = proceed,
    .secured = on_secured,
    .challenge = on_challenge,
    .logged_in = on_logged_in,
    .refused = on_refused,
    .proceed = proceed,
    .idle = on_idle,
    .drain = on_drain,
    .ended = on_ended,
};

/* ---- the role ---- */

/* A right was taken away: who had logged in with it is logged in no more. Account 0: everybody's may be. */
static void on_revoke(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_revoke *m = message;
	(void)link;
	(void)frame;
	for (struct edge_connection *e = smtp_role.edge.first; e; e = e->next) {
		struct smtp_connection *c = (struct smtp_connection *)e;
		if (!e->begun || c->account == 0 || (m->account && c->account != m->account))
			continue;
		log_event(LOG_INFO, c->edge.id, "smtp-revoked", log_string("client", c->edge.client.text));
		smtp_end(c->session, "4.7.0", "the login has ended, log in again");
		stream_wrote(&c->edge.stream);
	}
}

static const struct link_verb auth_verbs[] = {
    {MESSAGE_REVOKE, on_revoke},
    {0},
};

static const struct role_hears hears[] = {
    {ROLE_AUTH, auth_verbs},
    {0},
};

static int smtp_role_start(struct role_process *p)
{
	edge_init(&smtp_role.edge, p, &protocol);
	calls_init(&smtp_role.store);
	calls_init(&smtp_role.dns);
	smtp_policy_start();
	smtp_report_start(p);
	smtp_failure_start(p);
	return 0;
}

static int smtp_role_serve(struct role_process *p)
{
	smtp_relay_domains_configure(p);
	smtp_local_configure(p);
	return edge_role_serve(p);
}

static void smtp_role_peer(struct role_process *p, enum role_bit peer, int fd)
{
	if (peer == ROLE_DNS)
		calls_succeed(&smtp_role.dns, p, fd, peer);
	else if (peer == ROLE_STORE)
		calls_succeed(&smtp_role.store, p, fd, peer);
	else
		edge_role_peer(p, peer, fd);
}

static void smtp_role_drain(struct role_process *p)
{
	smtp_report_drain();
	smtp_failure_drain();
	edge_role_drain(p);
}

const struct role_functions smtp_functions = {
    .start = smtp_role_start,
    .serve = smtp_role_serve,
    .peer = smtp_role_peer,
    .listener = edge_role_listener,
    .retire = edge_role_retire,
    .drain = smtp_role_drain,
    .hears = hears,
};
