/*
 * One connection (relay_connection.h). Everything that ends it is told to its host (was it ever of use?) and
 * to the message that was on it (was it answered?).
 *
 *   CONNECTING --> OPENING --> WORKING <--> IDLE --> LEAVING
 *        |            |           |          |          |
 *        +------------+-----------+----------+----------+--> ENDED
 *
 * Nothing is done from within the functions of the stream and of the client but to note the next step; it is
 * taken at the end of the turn.
 */
#include "role/relay/relay_connection.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "io/connect.h"
#include "io/stream.h"
#include "role/relay/relay_idle.h"
#include "role/relay/relay_patience.h"
#include "role/relay/relay_state.h"
#include "role/relay/relay_transaction.h"

enum state {
	CONNECTING, /* TCP; there is no stream yet */
	OPENING,    /* greeting, EHLO, TLS, login */
	WORKING,
	IDLE,
	LEAVING, /* QUIT was said */
	ENDED    /* freed at the end of the turn */
};

/* The work of the end of the turn; of an ENDED connection nothing but the end. */
enum step { STEP_NONE, STEP_TLS, STEP_WORK };

/* Who is to blame for the end. */
enum blame {
	BLAME_NOBODY, /* it was never of use, or has done its work */
	BLAME_HOST,
	BLAME_US, /* this server could not go on: nothing is known against the host */
	BLAME_TLS /* in clear it may do better at once: nothing is wrong with the host */
};

struct relay_connection {
	struct relay_connections *of;
	struct relay_connection *next_idle;
	enum state state;
	enum step step;
	enum blame blame;
	bool has_stream;
	bool securing; /* a TLS handshake is under way */
	bool ready;    /* has been of use: greeted, secured and logged in as demanded */
	bool used;     /* a message went out on it */
	int64_t began, message_since;
	char id[RANDOM_ID_SIZE];
	char nonce[2 * RANDOM_ID_SIZE];
	struct connecting connecting;
	struct loop_timer timer; /* of an idle one; of others, whether they hold others up */
	struct loop_task task;
	struct stream stream;
	struct smtp_client *client;
	struct smtp_client_config config;
	struct relay_peer peer;
	struct relay_turn turn;
	struct relay_idle idle;
	struct relay_patience patience;
	struct relay_transaction transaction;
	struct relay_reason why; /* of the first trouble */
};

static void quit(struct relay_connection *c);

/* ---- what waits for the end of the turn ---- */

static void plan(struct relay_connection *c, enum step step)
{
	c->step = step;
	loop_task_schedule(&c->task);
}

static void end_later(struct relay_connection *c)
{
	c->state = ENDED;
	loop_task_schedule(&c->task);
}

/* The client's output goes out, and its present wait gets a deadline. */
static void flush(struct relay_connection *c)
{
	stream_wrote(&c->stream);
	if (c->state != ENDED && c->client)
		relay_patience_set(&c->patience, c->client, &c->stream);
}

/* ---- without work ---- */

static void become_idle(struct relay_connection *c)
{
	c->state = IDLE;
	c->next_idle = c->of->idle;
	c->of->idle = c;
	relay_idle_begin(&c->idle, &c->turn, &c->timer);
}

static void leave_idle(struct relay_connection *c)
{
	struct relay_connection **at = &c->of->idle;
	if (!c->idle.listed)
		return;
	while (*at != c)
		at = &(*at)->next_idle;
	*at = c->next_idle;
	relay_idle_end(&c->idle);
}

/* ---- the end ---- */

static void take_out(struct relay_connection *c)
{
	leave_idle(c);
	c->of->count--;
	if (!c->ready)
		c->of->connecting--;
	relay_turn_end(&c->turn);
}

static void free_connection(struct relay_connection *c)
{
	loop_timer_cancel(&c->timer);
	loop_task_cancel(&c->task);
	connect_cancel(&c->connecting);
	smtp_client_free(c->client);
	if (c->has_stream)
		stream_free(&c->stream);
	relay_reason_done(&c->why);
	mem_free(c);
}

/* From outside all functions of stream and client. */
static void end(struct relay_connection *c)
{
	static const struct relay_reason lost = {TROUBLE_LOST, "4.4.2", "", "the connection was lost"};
	const struct relay_reason *why = c->why.text ? &c->why : &lost;
	struct relay_connections *of = c->of;
	/* With its last message a destination may go, the last user of its host. */
	of->ending++;
	take_out(c);
	relay_transaction_end(&c->transaction, why);
	/* One that took mail and then closed has had enough, and may be called again. */
	if (c->blame != BLAME_TLS && (!c->ready || (c->blame == BLAME_HOST && !c->used)))
		of->owner->failed(of->arg, why);
	free_connection(c);
	of->ending--;
	of->owner->gone(of->arg);
	relay_is_gone();
}

/* The first trouble is the cause. */
static void note(
    struct relay_connection *c, enum trouble cause, const char *status, const char *stage, const char *text)
{
	if (c->why.text == NULL)
		relay_reason_set(&c->why, cause, status, stage, view_from_string(text));
}

/* Without a reply: it is silent, and was from the beginning, or it is slow. */
static void note_silence(struct relay_connection *c, bool slow, const char *text)
{
	bool answered = c->client && smtp_client_progress(c->client) > 0;
	const char *stage = c->client       ? smtp_client_stage_name(smtp_client_stage(c->client))
	                    : c->has_stream ? "STARTTLS"
	                                    : "connect";
	note(c, slow ? TROUBLE_SLOW : answered ? TROUBLE_SILENT : TROUBLE_TIMED_OUT, "4.4.2", stage, text);
}

static void blame_host(struct relay_connection *c)
{
	if (c->blame == BLAME_NOBODY)
		c->blame = BLAME_HOST;
}

/* Where TLS is as it comes, a host whose TLS is broken is spoken to in clear for a while. */
static void avoid_tls(struct relay_connection *c)
{
	if (c->of->endpoint->tls != SMTP_CLIENT_TLS_IF_OFFERED)
		return;
	c->of->clear_until = clock_monotonic_ms() + RELAY_CLEAR_MS;
	c->blame = BLAME_TLS;
}

/* ---- patience ---- */

/* Others wait for its place, and there is nothing worse to say of its host than that it is slow. */
static bool holds_others_up(const struct relay_connection *c)
{
	int64_t now = clock_monotonic_ms();
	if (!relay_turn_is_wanted(&c->turn))
		return false;
	if (!c->ready)
		return now - c->began >= relay_place_hurry(c->of->address);
	enum smtp_client_waiting waiting = smtp_client_waits_for(c->client);
	return c->transaction.message && now - c->message_since >= RELAY_SLOW_MS &&
	       (waiting == SMTP_CLIENT_FOR_MAIL || waiting == SMTP_CLIENT_FOR_RCPT ||
	           waiting == SMTP_CLIENT_FOR_DATA);
}

static void watch(struct relay_connection *c)
{
	if (!holds_others_up(c)) {
		loop_timer_set(&c->timer, RELAY_WATCH_MS);
		return;
	}
	if (!c->ready)
		relay_place_was_hurried(c->of->address);
	note_silence(c, c->client != NULL, "the host is slow, and others wait for the connection");
	blame_host(c);
	if (c->has_stream)
		stream_abort(&c->stream);
	else
		end_later(c);
}

static void on_timer(void *arg)
{
	struct relay_connection *c = arg;
	if (c->state == IDLE)
		quit(c);
	else if (c->state != LEAVING && c->state != ENDED)
		watch(c);
}

static void on_deadline(void *arg)
{
	struct relay_connection *c = arg;
	char text[RELAY_PATIENCE_TEXT];
	if (c->client && !relay_patience_is_over(&c->patience, c->client, &c->stream))
		return;
	relay_patience_text(&c->patience, text);
	note_silence(c, c->patience.deadline.sending, text);
	blame_host(c);
	stream_abort(&c->stream);
}

/* ---- its work ---- */

static void quit(struct relay_connection *c)
{
	leave_idle(c);
	c->state = LEAVING;
	smtp_client_quit(c->client);
	flush(c);
}

/* Looks for work at its host, until a message is under way, or there is none. */
static void work(struct relay_connection *c)
{
	const struct relay_connection_owner *owner = c->of->owner;
	leave_idle(c);
	c->state = WORKING;
	loop_timer_set(&c->timer, RELAY_WATCH_MS);
	for (;;) {
		if (relay_role.draining || smtp_client_transactions_left(c->client) == 0 ||
		    relay_turn_is_over(&c->turn)) {
			quit(c);
			owner->leaves(c->of->arg);
			return;
		}
		struct relay_message *m = owner->next(c->of->arg);
		if (m == NULL) {
			become_idle(c);
			return;
		}
		c->turn.messages++;
		c->message_since = clock_monotonic_ms();
		if (m->m.terms.sender.len > 0)
			relay_turn_carry_regular(&c->turn);
		if (relay_transaction_begin(&c->transaction, m))
			break;
	}
	flush(c);
}

/* The client is ready, or what a message waited for is there. */
static void go_on(struct relay_connection *c)
{
	if (relay_transaction_go_on(&c->transaction))
		flush(c);
	else
		work(c);
}

static void on_message_ready(void *arg)
{
	struct relay_connection *c = arg;
	if (c->state != ENDED)
		go_on(c);
}

static void on_taken(void *arg)
{
	struct relay_connection *c = arg;
	c->used = true;
	relay_place_took_mail(c->of->address, c->peer.tls[0] ? RELAY_WAY_TLS : RELAY_WAY_CLEAR);
	relay_turn_prove(&c->turn);
	c->of->owner->succeeded(c->of->arg);
}

static void on_body_wrote(void *arg)
{
	struct relay_connection *c = arg;
	stream_wrote(&c->stream);
}

static void on_body_cut(void *arg)
{
	struct relay_connection *c = arg;
	log_event(
	    LOG_WARNING, c->id, "relay-body-unreadable", log_text("message", c->transaction.message->m.id));
	note(c, TROUBLE_LOCAL, "4.3.0", "DATA", "this server cannot read the message now");
	c->blame = BLAME_US;
	stream_abort(&c->stream);
}

static const struct relay_transaction_functions transaction_functions = {
    .ready = on_message_ready,
    .taken = on_taken,
    .wrote = on_body_wrote,
    .cut = on_body_cut,
};

/* ---- what the client asks for ---- */

static void on_ready(void *arg)
{
	struct relay_connection *c = arg;
	if (!c->ready) {
		c->ready = true;
		c->state = WORKING;
		c->of->connecting--;
		c->of->owner->ready(c->of->arg);
		log_event(LOG_INFO, c->id, "relay-connected", log_string("host", c->peer.host),
		    log_string("address", c->peer.address), log_string("tls", c->peer.tls),
		    log_string("verified", c->peer.verified));
	}
	/* Not from within the client: sending may end with `done`, which sends again. */
	plan(c, STEP_WORK);
}

static void on_start_tls(void *arg)
{
	struct relay_connection *c = arg;
	stream_hold(&c->stream);
	plan(c, STEP_TLS);
}

static void on_body(void *arg)
{
	struct relay_connection *c = arg;
	relay_transaction_body(&c->transaction);
}

static void on_recipient(void *arg, size_t index, const struct smtp_client_reply *reply)
{
	struct relay_connection *c = arg;
	relay_transaction_answered(&c->transaction, index, reply);
}

static void on_done(void *arg)
{
	struct relay_connection *c = arg;
	relay_transaction_done(&c->transaction);
}

static void on_failed(void *arg, enum smtp_client_failure failure, const struct smtp_client_reply *reply)
{
	struct relay_connection *c = arg;
	if (c->state == LEAVING)
		return;
	if (c->why.text == NULL)
		relay_reason_failure(&c->why, failure, reply);
	if (failure != SMTP_CLIENT_LOST || c->transaction.message)
		blame_host(c);
	if (failure == SMTP_CLIENT_LOST && reply->stage == SMTP_CLIENT_AT_STARTTLS)
		avoid_tls(c);
	log_event(LOG_INFO, c->id, "relay-connection-failed", log_string("host", c->peer.host),
	    log_string("address", c->peer.address), log_string("failure", smtp_client_failure_name(failure)),
	    log_string("cause", relay_reason_cause(&c->why)), log_string("reason", c->why.text));
}

static void on_close(void *arg)
{
	struct relay_connection *c = arg;
	stream_close(&c->stream);
}

static const struct smtp_client_backend backend = {
    .start_tls = on_start_tls,
    .ready = on_ready,
    .body = on_body,
    .recipient = on_recipient,
    .done = on_done,
    .failed = on_failed,
    .close = on_close,
};

/* ---- the stream ---- */

static void start_client(struct relay_connection *c)
{
	c->client = smtp_client_new(&c->config, &backend, c, stream_out(&c->stream));
	c->transaction.client = c->client;
	flush(c);
}

static size_t on_input(void *arg, struct view bytes)
{
	struct relay_connection *c = arg;
	if (c->client == NULL)
		return bytes.len;
	size_t n = smtp_client_feed(c->client, bytes);
	flush(c);
	return n;
}

static void on_drained(void *arg)
{
	struct relay_connection *c = arg;
	if (c->client) {
		smtp_client_drained(c->client);
		stream_wrote(&c->stream);
	}
}

static void on_secured(void *arg)
{
	struct relay_connection *c = arg;
	c->securing = false;
	snprintf(
	    c->peer.tls, sizeof c->peer.tls, "%s %s", tls_version(c->stream.ssl), tls_cipher(c->stream.ssl));
	/* Empty when nothing was demanded: then nobody knows who it was. */
	if (c->of->endpoint->proof != TLS_ANY)
		snprintf(c->peer.verified, sizeof c->peer.verified, "%s", tls_verified(c->stream.ssl));
	else
		c->peer.unproven = tls_unproven(c->stream.ssl, c->peer.host);
	if (c->client == NULL) {
		start_client(c);
	} else {
		smtp_client_secured(c->client, (struct view){0});
		flush(c);
	}
	stream_resume(&c->stream);
}

static void tls_failed(struct relay_connection *c)
{
	char text[256];
	const char *why = stream_tls_failure(&c->stream);
	snprintf(text, sizeof text, "TLS could not be established: %s",
	    why ? why : "the host ended the handshake");
	note(c, c->stream.ssl && tls_refused(c->stream.ssl) ? TROUBLE_TLS_UNTRUSTED : TROUBLE_TLS_FAILED,
	    "4.7.5", "STARTTLS", text);
	blame_host(c);
	log_event(LOG_WARNING, c->id, "relay-tls-failed", log_string("host", c->peer.host),
	    log_string("address", c->peer.address), log_string("reason", text));
	avoid_tls(c);
}

static void on_ended(void *arg, enum stream_end how)
{
	struct relay_connection *c = arg;
	if (c->securing)
		tls_failed(c);
	if (how == STREAM_TIMED_OUT)
		note_silence(c, false, "the host took too long");
	if (c->client)
		smtp_client_closed(c->client);
	end_later(c);
}

static const struct stream_handler handler = {
    .input = on_input,
    .drained = on_drained,
    .secured = on_secured,
    .deadline = on_deadline,
    .ended = on_ended,
};

static void start_tls(struct relay_connection *c)
{
	const struct relay_endpoint *e = c->of->endpoint;
	struct tls_demand demand = {
	    .proof = e->proof,
	    .host = e->proof == TLS_DANE && e->name_count ? e->names[0] : e->name,
	    .names = (const char *const *)e->names,
	    .name_count = e->name_count,
	    .associations = e->associations,
	    .association_count = e->association_count,
	    .session = e->text,
	};
	c->securing = true;
	stream_discard_input(&c->stream);
	int error = stream_connect_tls(&c->stream, relay_role.tls, &demand);
	if (error) {
		note(c, TROUBLE_LOCAL, "4.3.0", "STARTTLS", "cannot begin TLS");
		blame_host(c);
		stream_abort(&c->stream);
		return;
	}
	stream_resume(&c->stream);
	stream_set_deadline(&c->stream, RELAY_CONNECT_MS);
}

static void on_task(void *arg)
{
	struct relay_connection *c = arg;
	enum step step = c->step;
	c->step = STEP_NONE;
	if (c->state == ENDED)
		end(c);
	else if (step == STEP_TLS)
		start_tls(c);
	else if (step == STEP_WORK)
		go_on(c);
}

/* ---- the beginning ---- */

static void on_connected(void *arg, int result)
{
	struct relay_connection *c = arg;
	char text[200];
	if (result < 0) {
		snprintf(text, sizeof text, "no connection to %s: %s", c->peer.address, strerror(-result));
		note(c, relay_trouble_of_connect(result), "4.4.1", "connect", text);
		end(c);
		return;
	}
	c->state = OPENING;
	c->has_stream = true;
	stream_init(&c->stream, &relay_role.process->loop, result, &handler, c);
	if (c->config.tls == SMTP_CLIENT_TLS_PRESENT)
		start_tls(c);
	else
		start_client(c);
}

static void configure(struct relay_connection *c)
{
	const struct relay_endpoint *e = c->of->endpoint;
	bool in_clear = e->tls == SMTP_CLIENT_TLS_IF_OFFERED && c->of->clear_until > clock_monotonic_ms();
	random_id(c->id);
	random_id(c->nonce);
	random_id(c->nonce + RANDOM_ID_SIZE - 1);
	c->config = (struct smtp_client_config){
	    .kind = e->kind == ROUTE_LMTP ? SMTP_CLIENT_LMTP : SMTP_CLIENT_SMTP,
	    .hostname = relay_role.process->settings.hostname,
	    .tls = in_clear ? SMTP_CLIENT_TLS_NEVER : e->tls,
	    .user = view_from_string(e->user),
	    .password = view_from_string(e->password),
	    .clear_login = e->tls == SMTP_CLIENT_TLS_NEVER,
	    .nonce = view_from_string(c->nonce),
	};
	c->peer = (struct relay_peer){.host = e->name, .address = e->text, .named_safely = e->named_safely};
	c->transaction = (struct relay_transaction){
	    .functions = &transaction_functions, .arg = c, .peer = &c->peer, .lmtp = e->kind == ROUTE_LMTP};
}

void relay_connection_open(struct relay_connections *of)
{
	const struct relay_endpoint *e = of->endpoint;
	struct relay_connection *c = mem_alloc(sizeof *c);
	*c = (struct relay_connection){.of = of, .state = CONNECTING, .began = clock_monotonic_ms()};
	of->count++;
	of->connecting++;
	relay_begins();
	relay_turn_begin(&c->turn, of->claim);
	loop_timer_init(&c->timer, &relay_role.process->loop, on_timer, c);
	loop_task_init(&c->task, &relay_role.process->loop, on_task, c);
	loop_timer_set(&c->timer, RELAY_WATCH_MS);
	configure(c);
	const struct sockaddr_storage *source =
	    e->address.ss_family == AF_INET6 ? &relay_role.source6 : &relay_role.source4;
	/* Nothing else here has a folder to be in. Without it the attempt fails, and says so. */
	if (e->folder >= 0 && fchdir(e->folder) != 0)
		log_event(LOG_WARNING, c->id, "socket-folder", log_errno(-errno));
	connect_start(&c->connecting, &relay_role.process->loop, &e->address, e->address_len,
	    source->ss_family == AF_UNSPEC ? NULL : source, RELAY_CONNECT_MS, on_connected, c);
}

/* ---- for its host ---- */

void relay_connections_work(struct relay_connections *of)
{
	if (of->idle)
		work(of->idle);
}

void relay_connections_quit(struct relay_connections *of)
{
	while (of->idle)
		quit(of->idle);
}
