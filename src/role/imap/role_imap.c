/*
 * The driver of IMAP sessions: streams on one side, auth and the account's channel on the other.
 */
#include "role/imap/role_imap.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "edge/account_client.h"
#include "edge/edge_connection.h"
#include "edge/login.h"
#include "imap/imap_session.h"

enum {
	LOGIN_SECONDS = 120, /* until somebody has logged in, a connection gets this long */
	/* RFC 9051 section 5.4: at least 30 minutes. A client in IDLE says something every 29 (RFC 2177): it
	 * gets some more, since a phone that slept may be late. */
	QUIET_SECONDS = 30 * 60,
	IDLE_SECONDS = 35 * 60
};

_Static_assert(
    (int)IMAP_OUTPUT_HIGH == (int)STREAM_HIGH_WATER, "a session that pauses must be told when to go on");

struct imap_connection {
	struct edge_connection edge; /* the first member */
	struct imap_session *session;
	struct account_client account;
	bool logged_in;
	int64_t deadline; /* monotonic milliseconds: when it has been quiet for too long */
};

static struct edge imap_edge;

/* What the session said goes out; it takes input again, if it wants any. */
static void go_on(void *arg)
{
	struct imap_connection *c = arg;
	stream_wrote(&c->edge.stream);
	if (!imap_is_busy(c->session))
		stream_resume(&c->edge.stream);
}

/* ---- the account ---- */

static void on_answer(void *arg, uint32_t request, unsigned type, const void *answer)
{
	struct imap_connection *c = arg;
	imap_answer(c->session, request, (enum mail_type)type, answer);
	go_on(c);
}

static bool is_full(void *arg)
{
	struct imap_connection *c = arg;
	return stream_backlog(&c->edge.stream) >= STREAM_HIGH_WATER;
}

static void on_lost(void *arg)
{
	struct imap_connection *c = arg;
	log_event(LOG_INFO, c->edge.id, "imap-account-gone", log_string("client", c->edge.client.text));
	imap_lost(c->session);
	stream_wrote(&c->edge.stream);
}

static const struct account_client_handler account_handler = {
    .answer = on_answer,
    .is_full = is_full,
    .lost = on_lost,
};

/* ---- what the session asks for ---- */

static void ask_login(void *arg, const struct imap_login *login)
{
	struct imap_connection *c = arg;
	struct login_terms terms = {
	    .mechanism = login->mechanism, .initial = login->initial, .has_initial = login->has_initial};
	login_begin(&c->edge, &terms);
}

static void ask_login_more(void *arg, struct view response, bool cancel)
{
	struct imap_connection *c = arg;
	login_more(&c->edge, response, cancel);
}

static void ask(void *arg, uint32_t request, enum mail_type type, const void *question)
{
	struct imap_connection *c = arg;
	account_client_ask(&c->account, request, type, question);
}

static void ask_logout_account(void *arg)
{
	struct imap_connection *c = arg;
	account_client_close(&c->account);
}

static void ask_tls(void *arg)
{
	struct imap_connection *c = arg;
	edge_connection_start_tls(&c->edge);
}

static void ask_deflate(void *arg)
{
	struct imap_connection *c = arg;
	/* Without memory what follows could be read by nobody. */
	if (stream_start_deflate(&c->edge.stream) != 0)
		stream_abort(&c->edge.stream);
}

static void ask_close(void *arg)
{
	struct imap_connection *c = arg;
	stream_close(&c->edge.stream);
}

static int64_t now(void *arg)
{
	(void)arg;
	return clock_wall();
}

static const struct imap_backend backend = {
    .login = ask_login,
    .login_more = ask_login_more,
    .ask = ask,
    .logout_account = ask_logout_account,
    .start_tls = ask_tls,
    .start_deflate = ask_deflate,
    .close = ask_close,
    .now = now,
};

/* ---- logins ---- */

/* A command under way is looked at again and again: its client is told how far it is. */
static void wait_for_deadline(struct imap_connection *c)
{
	int64_t left = c->deadline - clock_monotonic_ms();
	bool busy = c->session && imap_is_busy(c->session) && imap_is_authenticated(c->session);
	if (busy && left > 1000 * IMAP_PROGRESS_SECONDS)
		left = 1000 * IMAP_PROGRESS_SECONDS;
	stream_set_deadline(&c->edge.stream, left > 0 ? left : 1);
}

static void set_deadline(struct imap_connection *c)
{
	bool in = c->session && imap_is_authenticated(c->session);
	int64_t seconds = !in ? LOGIN_SECONDS : imap_is_idling(c->session) ? IDLE_SECONDS : QUIET_SECONDS;
	c->deadline = clock_monotonic_ms() + 1000 * seconds;
	wait_for_deadline(c);
}

static void on_challenge(void *arg, struct view text)
{
	struct imap_connection *c = arg;
	imap_challenge(c->session, text);
}

static void on_logged_in(void *arg, uint64_t account, struct view address, int channel)
{
	struct imap_connection *c = arg;
	if (channel >= 0)
		account_client_open(&c->account, imap_edge.process, channel);
	c->logged_in = true;
	imap_logged_in(c->session, account & (MAIL_ACCOUNT_END - 1), address);
	set_deadline(c);
}

static void on_refused(void *arg, enum login_failure why)
{
	struct imap_connection *c = arg;
	imap_refused(c->session, why);
}

/* ---- the connection ---- */

/* Where people edit their scripts, as a URL names it; empty: the service is off. Kept for all sessions, since
 * settings live as long as the process does. */
static struct view sieve_service(const struct settings *settings)
{
	static char text[300];
	struct view rest = settings->managesieve_listen, first, port = VIEW("");
	if (rest.len == 0 || !view_next(&rest, '\n', &first))
		return (struct view){0};
	ptrdiff_t colon = view_find_last(first, ':');
	if (colon >= 0 && !view_equal(view_skip(first, (size_t)colon), VIEW(":4190")))
		port = view_skip(first, (size_t)colon);
	int len = snprintf(text, sizeof text, "%.*s%.*s", VIEW_FMT(settings->hostname), VIEW_FMT(port));
	return len > 0 && (size_t)len < sizeof text ? view_of(text, (size_t)len) : (struct view){0};
}

/* Where JMAP is: its Session resource; empty: the service is off. Likewise. */
static struct view jmap_service(const struct settings *settings)
{
	static char text[300];
	struct view rest = settings->https_listen, first, port = VIEW("");
	if (rest.len == 0 || !view_next(&rest, '\n', &first))
		return (struct view){0};
	ptrdiff_t colon = view_find_last(first, ':');
	if (colon >= 0 && !view_equal(view_skip(first, (size_t)colon), VIEW(":443")))
		port = view_skip(first, (size_t)colon);
	int len = snprintf(
	    text, sizeof text, "https://%.*s%.*s/jmap/session", VIEW_FMT(settings->hostname), VIEW_FMT(port));
	return len > 0 && (size_t)len < sizeof text ? view_of(text, (size_t)len) : (struct view){0};
}

static void on_begin(void *arg)
{
	struct imap_connection *c = arg;
	const struct settings *settings = &imap_edge.process->settings;
	bool secure = edge_connection_is_secure(&c->edge);
	struct imap_config config = {
	    .hostname = settings->hostname,
	    .mechanisms = login_mechanisms(true),
	    .announced = login_announced,
	    .tls_available = imap_edge.tls != NULL,
	    .secure = secure,
	    .deflate_available = true,
	    .clear_login = edge_connection_clear_login(&c->edge),
	    .errors_max = (unsigned)settings->errors_max,
	    .language = settings->language,
	    .message_max = settings->message_size_max,
	    .message_limit = (uint32_t)settings->imap_message_limit,
	    .save_limit = (uint32_t)settings->imap_save_limit,
	    .sieve = sieve_service(settings),
	    .jmap = jmap_service(settings),
	};
	c->session = imap_session_new(&config, &backend, c, stream_out(&c->edge.stream));
	log_event(LOG_DEBUG, c->edge.id, "imap-connect", log_string("client", c->edge.client.text),
	    log_u64("tls", secure));
	stream_wrote(&c->edge.stream);
	set_deadline(c);
}

static size_t on_input(void *arg, struct view bytes)
{
	struct imap_connection *c = arg;
	size_t consumed = imap_feed(c->session, bytes);
	stream_wrote(&c->edge.stream);
	/* Before the login one deadline holds for all of it. */
	if (consumed > 0 && imap_is_authenticated(c->session))
		set_deadline(c);
	if (imap_is_busy(c->session) || stream_backlog(&c->edge.stream) >= STREAM_HIGH_WATER)
		stream_hold(&c->edge.stream);
	return consumed;
}

static void on_drained(void *arg)
{
	struct imap_connection *c = arg;
	imap_drained(c->session);
	stream_wrote(&c->edge.stream);
	account_client_go_on(&c->account);
	set_deadline(c);
	if (!imap_is_busy(c->session))
		stream_resume(&c->edge.stream);
}

static void on_secured(void *arg)
{
	struct imap_connection *c = arg;
	imap_secured(c->session);
	log_event(LOG_DEBUG, c->edge.id, "imap-starttls", log_string("client", c->edge.client.text));
	stream_wrote(&c->edge.stream);
	set_deadline(c);
}

/* A client that waits for a long command is not idle; one that takes nothing of what it asked for is gone. */
static void on_idle(void *arg)
{
	struct imap_connection *c = arg;
	if (c->deadline > clock_monotonic_ms()) {
		imap_tick(c->session);
		stream_wrote(&c->edge.stream);
		wait_for_deadline(c);
	} else if (stream_backlog(&c->edge.stream) > 0) {
		stream_abort(&c->edge.stream);
	} else if (imap_is_busy(c->session) && imap_is_authenticated(c->session)) {
		set_deadline(c);
	} else {
		imap_bye(c->session, NULL, "you were quiet for too long");
		stream_wrote(&c->edge.stream);
	}
}

/* Between two commands nobody loses anything; a command under way may finish until the deadline. */
static void on_drain(void *arg)
{
	struct imap_connection *c = arg;
	if (imap_is_busy(c->session) && !imap_is_idling(c->session))
		return;
	imap_bye(c->session, "UNAVAILABLE", "this server stops; come again in a moment");
	stream_wrote(&c->edge.stream);
}

static void on_opened(void *arg)
{
	struct imap_connection *c = arg;
	account_client_init(&c->account, &account_handler, c, NULL);
	stream_set_deadline(&c->edge.stream, 1000 * LOGIN_SECONDS);
}

static void on_ended(void *arg, enum stream_end how)
{
	struct imap_connection *c = arg;
	if (c->logged_in)
		log_record(LOG_INFO, c->edge.id, "imap-end", log_u64("bytes_in", c->edge.stream.bytes_in),
		    log_u64("bytes_out", c->edge.stream.bytes_out),
		    log_string("ended", stream_end_words(how)));
	login_forget(&c->edge);
	account_client_close(&c->account);
	imap_session_free(c->session);
}

static const struct edge_protocol protocol = {
    .size = sizeof(struct imap_connection),
    .alpn = "imap",
    .too_many = "* BYE [UNAVAILABLE] too many connections, try again later\r\n",
    .descriptors_each = 2, /* the client and the account */
    .login_event = "imap-login",
    .login_failed_event = "imap-login-failed",
    .opened = on_opened,
    .begin = on_begin,
    .input = on_input,
    .drained = on_drained,
    .secured = on_secured,
    .challenge = on_challenge,
    .logged_in = on_logged_in,
    .refused = on_refused,
    .proceed = go_on,
    .idle = on_idle,
    .drain = on_drain,
    .ended = on_ended,
};

/* ---- the role ---- */

static const struct role_hears hears[] = {
    {ROLE_STORE, account_client_mail_verbs},
    {0},
};

static int start(struct role_process *p)
{
	edge_init(&imap_edge, p, &protocol);
	return 0;
}

const struct role_functions imap_functions = {
    .start = start,
    .serve = edge_role_serve,
    .peer = edge_role_peer,
    .listener = edge_role_listener,
    .retire = edge_role_retire,
    .drain = edge_role_drain,
    .hears = hears,
};
