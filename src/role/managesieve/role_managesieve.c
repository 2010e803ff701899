/*
 * The driver of ManageSieve sessions: streams on one side, auth and the account's channel on the other.
 */
#include "role/managesieve/role_managesieve.h"

#include "base/log.h"
#include "edge/account_client.h"
#include "edge/edge_connection.h"
#include "edge/login.h"
#include "managesieve/managesieve_session.h"
#include "sieve/sieve_limits.h"
#include "sieve/sieve_words.h"

enum {
	LOGIN_SECONDS = 120,     /* until somebody has logged in, a connection gets this long */
	QUIET_SECONDS = 30 * 60, /* RFC 5804 section 1.2: at least 30 minutes */
	EXTENSIONS_MAX = 4096    /* octets of the names of all extensions: some 60 of 20 */
};

_Static_assert((int)MANAGESIEVE_OUTPUT_HIGH == (int)STREAM_HIGH_WATER,
    "a session that pauses must be told when to go on");
_Static_assert((int)SCRIPT_SIZE_MAX == (int)SIEVE_SCRIPT_MAX, "what may be put can be compiled");

struct managesieve_connection {
	struct edge_connection edge; /* the first member */
	struct managesieve_session *session;
	struct account_client account;
	bool logged_in;
};

static struct edge managesieve_edge;

/* The extensions that scripts may require, with a space between two. */
static struct view extensions(void)
{
	static struct buf list;
	if (buf_view(&list).len)
		return buf_view(&list);
	buf_init(&list, EXTENSIONS_MAX);
	sieve_extension_names(&list);
	return buf_view(&list);
}

/* What the session said goes out; it takes input again, if it wants any. */
static void go_on(void *arg)
{
	struct managesieve_connection *c = arg;
	stream_wrote(&c->edge.stream);
	if (!managesieve_is_busy(c->session))
		stream_resume(&c->edge.stream);
}

/* ---- the account ---- */

static void on_answer(void *arg, uint32_t request, unsigned type, const void *answer)
{
	struct managesieve_connection *c = arg;
	managesieve_answer(c->session, request, type, answer);
	go_on(c);
}

static bool is_full(void *arg)
{
	struct managesieve_connection *c = arg;
	return stream_backlog(&c->edge.stream) >= STREAM_HIGH_WATER;
}

static void on_lost(void *arg)
{
	struct managesieve_connection *c = arg;
	log_event(
	    LOG_INFO, c->edge.id, "managesieve-account-gone", log_string("client", c->edge.client.text));
	managesieve_lost(c->session);
	stream_wrote(&c->edge.stream);
}

static const struct account_client_handler account_handler = {
    .answer = on_answer,
    .is_full = is_full,
    .lost = on_lost,
};

/* ---- what the session asks for ---- */

static void ask_login(void *arg, const struct managesieve_login *login)
{
	struct managesieve_connection *c = arg;
	struct login_terms terms = {
	    .mechanism = login->mechanism, .initial = login->initial, .has_initial = login->has_initial};
	login_begin(&c->edge, &terms);
}

static void ask_login_more(void *arg, struct view response, bool cancel)
{
	struct managesieve_connection *c = arg;
	login_more(&c->edge, response, cancel);
}

static void ask(void *arg, uint32_t request, unsigned type, const void *question)
{
	struct managesieve_connection *c = arg;
	account_client_ask(&c->account, request, type, question);
}

static void ask_logout_account(void *arg)
{
	struct managesieve_connection *c = arg;
	account_client_close(&c->account);
}

static void ask_tls(void *arg)
{
	struct managesieve_connection *c = arg;
	edge_connection_start_tls(&c->edge);
}

static void ask_close(void *arg)
{
	struct managesieve_connection *c = arg;
	stream_close(&c->edge.stream);
}

static const struct managesieve_backend backend = {
    .login = ask_login,
    .login_more = ask_login_more,
    .ask = ask,
    .logout_account = ask_logout_account,
    .start_tls = ask_tls,
    .close = ask_close,
};

/* ---- logins ---- */

static void set_deadline(struct managesieve_connection *c)
{
	bool in = c->session && managesieve_is_authenticated(c->session);
	stream_set_deadline(&c->edge.stream, 1000 * (int64_t)(in ? QUIET_SECONDS : LOGIN_SECONDS));
}

static void on_challenge(void *arg, struct view text)
{
	struct managesieve_connection *c = arg;
	managesieve_challenge(c->session, text);
}

static void on_logged_in(void *arg, uint64_t account, struct view address, int channel)
{
	struct managesieve_connection *c = arg;
	(void)account;
	if (channel >= 0)
		account_client_open(&c->account, managesieve_edge.process, channel);
	c->logged_in = true;
	managesieve_logged_in(c->session, address);
	set_deadline(c);
}

static void on_refused(void *arg, enum login_failure why)
{
	struct managesieve_connection *c = arg;
	managesieve_refused(c->session, why);
}

/* ---- the connection ---- */

static void on_begin(void *arg)
{
	struct managesieve_connection *c = arg;
	const struct settings *settings = &managesieve_edge.process->settings;
	bool secure = edge_connection_is_secure(&c->edge);
	struct managesieve_config config = {
	    .hostname = settings->hostname,
	    .mechanisms = login_mechanisms(true),
	    .announced = login_announced,
	    .tls_available = managesieve_edge.tls != NULL,
	    .secure = secure,
	    .clear_login = edge_connection_clear_login(&c->edge),
	    .errors_max = (unsigned)settings->errors_max,
	    .extensions = extensions(),
	    .redirects_max = SIEVE_REDIRECTS_MAX,
	};
	/* Notifications go by mail (RFC 5436). */
	if (sieve_extension_by_name(VIEW("enotify")) != SIEVE_EXTENSIONS)
		config.notify = VIEW("mailto");
	c->session = managesieve_session_new(&config, &backend, c, stream_out(&c->edge.stream));
	log_event(LOG_DEBUG, c->edge.id, "managesieve-connect", log_string("client", c->edge.client.text),
	    log_u64("tls", secure));
	stream_wrote(&c->edge.stream);
	set_deadline(c);
}

static size_t on_input(void *arg, struct view bytes)
{
	struct managesieve_connection *c = arg;
	size_t consumed = managesieve_feed(c->session, bytes);
	stream_wrote(&c->edge.stream);
	/* Before the login one deadline holds for all of it. */
	if (consumed > 0 && managesieve_is_authenticated(c->session))
		set_deadline(c);
	if (managesieve_is_busy(c->session) || stream_backlog(&c->edge.stream) >= STREAM_HIGH_WATER)
		stream_hold(&c->edge.stream);
	return consumed;
}

static void on_drained(void *arg)
{
	struct managesieve_connection *c = arg;
	account_client_go_on(&c->account);
	if (managesieve_is_authenticated(c->session))
		set_deadline(c);
	if (!managesieve_is_busy(c->session))
		stream_resume(&c->edge.stream);
}

static void on_secured(void *arg)
{
	struct managesieve_connection *c = arg;
	managesieve_secured(c->session);
	log_event(LOG_DEBUG, c->edge.id, "managesieve-starttls", log_string("client", c->edge.client.text));
	stream_wrote(&c->edge.stream);
	set_deadline(c);
}

/* A client that waits for the answer to a command is not idle; one that takes nothing of it is gone. */
static void on_idle(void *arg)
{
	struct managesieve_connection *c = arg;
	if (stream_backlog(&c->edge.stream) > 0) {
		stream_abort(&c->edge.stream);
	} else if (managesieve_is_busy(c->session) && managesieve_is_authenticated(c->session)) {
		set_deadline(c);
	} else {
		managesieve_bye(c->session, NULL, "you were quiet for too long");
		stream_wrote(&c->edge.stream);
	}
}

/* Between two commands nobody loses anything; a command under way may finish until the deadline. */
static void on_drain(void *arg)
{
	struct managesieve_connection *c = arg;
	if (managesieve_is_busy(c->session))
		return;
	managesieve_bye(c->session, "TRYLATER", "this server stops; come again in a moment");
	stream_wrote(&c->edge.stream);
}

static void on_opened(void *arg)
{
	struct managesieve_connection *c = arg;
	account_client_init(&c->account, &account_handler, c, NULL);
	stream_set_deadline(&c->edge.stream, 1000 * LOGIN_SECONDS);
}

static void on_ended(void *arg, enum stream_end how)
{
	struct managesieve_connection *c = arg;
	if (c->logged_in)
		log_record(LOG_INFO, c->edge.id, "managesieve-end",
		    log_u64("bytes_in", c->edge.stream.bytes_in),
		    log_u64("bytes_out", c->edge.stream.bytes_out),
		    log_string("ended", stream_end_words(how)));
	login_forget(&c->edge);
	account_client_close(&c->account);
	managesieve_session_free(c->session);
}

static const struct edge_protocol protocol = {
    .size = sizeof(struct managesieve_connection),
    .alpn = "managesieve",
    .too_many = "BYE (TRYLATER) \"too many connections, try again later\"\r\n",
    .descriptors_each = 2, /* the client and the account */
    .login_event = "managesieve-login",
    .login_failed_event = "managesieve-login-failed",
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
    {ROLE_STORE, account_client_script_verbs},
    {0},
};

static int start(struct role_process *p)
{
	edge_init(&managesieve_edge, p, &protocol);
	return 0;
}

const struct role_functions managesieve_functions = {
    .start = start,
    .serve = edge_role_serve,
    .peer = edge_role_peer,
    .listener = edge_role_listener,
    .retire = edge_role_retire,
    .drain = edge_role_drain,
    .hears = hears,
};
