/*
 * The driver of POP3 sessions: streams on one side, auth and the account's channel on the other.
 */
#include "role/pop3/role_pop3.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "edge/account_client.h"
#include "edge/edge_connection.h"
#include "edge/login.h"
#include "pop3/pop3_session.h"

enum {
	LOGIN_SECONDS = 120 /* until somebody has logged in, a connection gets this long */
};
/* Of what names an account within the store (store/store.h): all but the first byte, which is the same for
 * every account. */
#define ACCOUNT_NUMBER UINT64_C(0x00ffffffffffffff)

_Static_assert(
    (int)POP3_OUTPUT_HIGH == (int)STREAM_HIGH_WATER, "a session that pauses must be told when to go on");

struct pop3_connection {
	struct edge_connection edge; /* the first member */
	struct pop3_session *session;
	struct account_client account;
	struct account_maildrop maildrop;
	bool logged_in;
	char stamp[96];
	uint64_t fetched;
};

static struct edge pop3_edge;

/* An answer has been handed to the session. */
static void go_on(void *arg)
{
	struct pop3_connection *c = arg;
	stream_wrote(&c->edge.stream);
	stream_resume(&c->edge.stream);
}

/* ---- the account's answers ---- */

static bool on_listed(void *arg, const struct account_client_message *message)
{
	struct pop3_connection *c = arg;
	struct pop3_entry entry = {
	    .size = message->size, .id = message->id, .binary = message->binary, .uidl = message->uidl};
	return pop3_entry(c->session, &entry);
}

static void on_maildrop(void *arg, int error)
{
	struct pop3_connection *c = arg;
	log_record(LOG_INFO, c->edge.id, "pop3-maildrop", log_u64("messages", pop3_message_count(c->session)),
	    log_i64("error", error));
	pop3_opened(c->session, error == -EBUSY ? POP3_IN_USE : error ? POP3_OPEN_FAILED : POP3_OPENED);
	if (error)
		account_client_close(
		    &c->account); /* the client is back before the login: it holds no right */
	go_on(c);
}

static void on_piece(void *arg, struct view bytes, bool last, int error)
{
	struct pop3_connection *c = arg;
	c->fetched += last;
	pop3_piece(c->session, bytes, last, error);
	if (last)
		go_on(c);
	else
		stream_wrote(&c->edge.stream);
}

static bool is_full(void *arg)
{
	struct pop3_connection *c = arg;
	return stream_backlog(&c->edge.stream) >= STREAM_HIGH_WATER;
}

static uint64_t size_of(void *arg, uint32_t index)
{
	struct pop3_connection *c = arg;
	return pop3_message_size(c->session, index);
}

static void on_expunged(void *arg, int error, uint64_t modseq)
{
	struct pop3_connection *c = arg;
	(void)modseq;
	pop3_expunged(c->session, error);
	go_on(c);
}

/* Nothing was deleted, the client comes again. */
static void on_lost(void *arg)
{
	struct pop3_connection *c = arg;
	log_event(LOG_INFO, c->edge.id, "pop3-account-gone", log_string("client", c->edge.client.text));
	stream_close(&c->edge.stream);
}

static const struct account_client_handler account_handler = {
    .listed = on_listed,
    .opened = on_maildrop,
    .piece = on_piece,
    .is_full = is_full,
    .size = size_of,
    .expunged = on_expunged,
    .lost = on_lost,
};

/* ---- what the session asks for ---- */

static void ask_login(void *arg, const struct pop3_login *login)
{
	struct pop3_connection *c = arg;
	struct login_terms terms = {
	    .mechanism = login->mechanism,
	    .initial = login->initial,
	    .has_initial = login->has_initial,
	    .apop_stamp = view_from_string(c->stamp),
	};
	login_begin(&c->edge, &terms);
}

static void ask_login_more(void *arg, struct view response, bool cancel)
{
	struct pop3_connection *c = arg;
	login_more(&c->edge, response, cancel);
}

static void ask_open(void *arg)
{
	struct pop3_connection *c = arg;
	account_client_list(&c->account);
}

static void ask_fetch(void *arg, uint32_t index, uint64_t offset, uint64_t length)
{
	struct pop3_connection *c = arg;
	account_client_fetch(&c->account, index, offset, length);
}

static void ask_expunge(void *arg, const uint32_t *indexes, size_t count)
{
	struct pop3_connection *c = arg;
	account_client_expunge(&c->account, indexes, count);
}

static void ask_tls(void *arg)
{
	struct pop3_connection *c = arg;
	edge_connection_start_tls(&c->edge);
}

static void ask_close(void *arg)
{
	struct pop3_connection *c = arg;
	stream_close(&c->edge.stream);
}

static const struct pop3_backend backend = {
    .login = ask_login,
    .login_more = ask_login_more,
    .open = ask_open,
    .fetch = ask_fetch,
    .expunge = ask_expunge,
    .start_tls = ask_tls,
    .close = ask_close,
};

/* ---- logins ---- */

static void on_challenge(void *arg, struct view text)
{
	struct pop3_connection *c = arg;
	pop3_challenge(c->session, text);
}

static void on_logged_in(void *arg, uint64_t account, struct view address, int channel)
{
	struct pop3_connection *c = arg;
	(void)address;
	pop3_account(c->session, account & ACCOUNT_NUMBER);
	if (channel >= 0)
		account_client_open(&c->account, pop3_edge.process, channel);
	c->logged_in = true;
	pop3_logged_in(c->session);
}

static void on_refused(void *arg, enum login_failure why)
{
	struct pop3_connection *c = arg;
	pop3_refused(c->session, why);
}

/* ---- the connection ---- */

static void set_deadline(struct pop3_connection *c)
{
	bool in = c->session && pop3_is_authenticated(c->session);
	stream_set_deadline(
	    &c->edge.stream, 1000 * (int64_t)(in ? pop3_edge.process->settings.pop3_idle : LOGIN_SECONDS));
}

static void on_begin(void *arg)
{
	struct pop3_connection *c = arg;
	const struct settings *settings = &pop3_edge.process->settings;
	bool secure = edge_connection_is_secure(&c->edge);
	int host = (int)(settings->hostname.len < 60 ? settings->hostname.len : 60);
	snprintf(c->stamp, sizeof c->stamp, "<%s.%lld@%.*s>", c->edge.id, (long long)clock_wall(), host,
	    settings->hostname.data);
	struct pop3_config config = {
	    .hostname = settings->hostname,
	    .mechanisms = login_mechanisms(true),
	    .announced = login_announced,
	    .tls_available = pop3_edge.tls != NULL,
	    .secure = secure,
	    .clear_login = edge_connection_clear_login(&c->edge),
	    .errors_max = (unsigned)pop3_edge.process->settings.errors_max,
	    .apop_stamp = view_from_string(c->stamp),
	};
	c->session = pop3_session_new(&config, &backend, c, stream_out(&c->edge.stream));
	log_event(LOG_DEBUG, c->edge.id, "pop3-connect", log_string("client", c->edge.client.text),
	    log_u64("tls", secure));
	stream_wrote(&c->edge.stream);
	set_deadline(c);
}

static size_t on_input(void *arg, struct view bytes)
{
	struct pop3_connection *c = arg;
	size_t consumed = pop3_feed(c->session, bytes);
	stream_wrote(&c->edge.stream);
	/* Before the login one deadline holds for all of it; then whole commands count, not bytes that
	 * trickle in. */
	if (consumed > 0 && pop3_is_authenticated(c->session))
		set_deadline(c);
	if (pop3_is_busy(c->session) || stream_backlog(&c->edge.stream) >= STREAM_HIGH_WATER)
		stream_hold(&c->edge.stream);
	return consumed;
}

static void on_drained(void *arg)
{
	struct pop3_connection *c = arg;
	pop3_drained(c->session);
	stream_wrote(&c->edge.stream);
	account_client_go_on(&c->account);
	set_deadline(c);
	if (!pop3_is_busy(c->session))
		stream_resume(&c->edge.stream);
}

static void on_secured(void *arg)
{
	struct pop3_connection *c = arg;
	pop3_secured(c->session);
	log_event(LOG_DEBUG, c->edge.id, "pop3-stls", log_string("client", c->edge.client.text));
	set_deadline(c);
}

/* RFC 1939 section 3: an idle session ends without the UPDATE state: nothing is deleted. A client that still
 * takes data is not idle. */
static void on_idle(void *arg)
{
	struct pop3_connection *c = arg;
	if (pop3_is_busy(c->session) || stream_backlog(&c->edge.stream) == 0)
		stream_close(&c->edge.stream);
	else
		stream_abort(&c->edge.stream);
}

/* A client that has not logged in loses nothing. A session after the login may finish until the
 * deadline. */
static void on_drain(void *arg)
{
	struct pop3_connection *c = arg;
	if (!pop3_is_authenticated(c->session))
		stream_close(&c->edge.stream);
}

static void on_opened(void *arg)
{
	struct pop3_connection *c = arg;
	account_client_init(&c->account, &account_handler, c, &c->maildrop);
	stream_set_deadline(&c->edge.stream, 1000 * LOGIN_SECONDS);
}

static void on_ended(void *arg, enum stream_end how)
{
	struct pop3_connection *c = arg;
	if (c->logged_in)
		log_record(LOG_INFO, c->edge.id, "pop3-end", log_u64("fetched", c->fetched),
		    log_u64("bytes_out", c->edge.stream.bytes_out),
		    log_string("ended", stream_end_words(how)));
	login_forget(&c->edge);
	account_client_close(&c->account);
	pop3_session_free(c->session);
}

static const struct edge_protocol protocol = {
    .size = sizeof(struct pop3_connection),
    .alpn = "pop3",
    .too_many = "-ERR [SYS/TEMP] too many connections, try again later\r\n",
    .descriptors_each = 2, /* the client and the account */
    .login_event = "pop3-login",
    .login_failed_event = "pop3-login-failed",
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
    {ROLE_STORE, account_client_verbs},
    {0},
};

static int start(struct role_process *p)
{
	edge_init(&pop3_edge, p, &protocol);
	return 0;
}

const struct role_functions pop3_functions = {
    .start = start,
    .serve = edge_role_serve,
    .peer = edge_role_peer,
    .listener = edge_role_listener,
    .retire = edge_role_retire,
    .drain = edge_role_drain,
    .hears = hears,
};
