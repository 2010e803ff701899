/*
 * One connection to another host: TCP, TLS, and the client machine, which gets one message after the other
 * from whatever destinations share the host. Everything that ends a connection is told to the host (was it
 * ever of use?) and to the message that was on it (was it answered?).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "role/relay/relay_private.h"

static void go_on(struct relay_connection *c);

/* ---- lists of the host ---- */

static void take_out_idle(struct relay_connection *c)
{
	struct relay_connection **at = &c->host->idle;
	if (!c->idle)
		return;
	while (*at != c)
		at = &(*at)->next_idle;
	*at = c->next_idle;
	*(c->idle_before ? &c->idle_before->idle_after : &relay_role.idle_first) = c->idle_after;
	*(c->idle_after ? &c->idle_after->idle_before : &relay_role.idle_last) = c->idle_before;
	c->idle_after = c->idle_before = NULL;
	c->idle = false;
}

static void put_in_idle(struct relay_connection *c)
{
	bool wanted = share_is_wanted(c->shares, c->share_count, &c->host->claim);
	c->idle = true;
	c->idle_since = clock_monotonic_ms();
	c->spared = wanted;
	c->next_idle = c->host->idle;
	c->host->idle = c;
	c->idle_before = relay_role.idle_last;
	*(c->idle_before ? &c->idle_before->idle_after : &relay_role.idle_first) = c;
	relay_role.idle_last = c;
	loop_timer_set(&c->timer, wanted ? RELAY_SPARE_MS : RELAY_IDLE_MS);
}

/* ---- the end ---- */

static void on_task(void *arg);

static void take_out(struct relay_connection *c)
{
	struct relay_host *h = c->host;
	take_out_idle(c);
	if (c->previous)
		c->previous->next = c->next;
	else
		h->connections = c->next;
	if (c->next)
		c->next->previous = c->previous;
	h->connection_count--;
	if (!c->ready)
		h->connecting_count--;
	relay_role.connections--;
	share_give_back(c->shares, c->share_count);
	c->share_count = 0;
}

/* A message that is still on a connection that has ended: tried again on another, a few times. */
static void give_back(struct relay_connection *c, const struct relay_reason *why)
{
	struct relay_message *m = c->message;
	c->message = NULL;
	if (m == NULL)
		return;
	m->connection = NULL;
	relay_message_lands(m);
	relay_body_end(m->reader);
	m->reader = NULL;
	if (!relay_message_is_complete(m) && ++m->tries >= RELAY_TRIES_MAX)
		relay_message_fail(m, QUEUE_DEFERRED, why);
	if (relay_message_is_complete(m))
		relay_message_finish(m, c);
	else
		relay_destination_finished(m->destination, m);
}

/* From outside all functions of stream and client. */
static void end(struct relay_connection *c)
{
	static const struct relay_reason lost = {TROUBLE_LOST, "4.4.2", "", "the connection was lost"};
	const struct relay_reason *why = c->why.text ? &c->why : &lost;
	struct relay_host *h = c->host;
	take_out(c);
	give_back(c, why);
	/* In clear it may do better at once: nothing is wrong with the host. */
	if (c->retry_clear)
		(void)0;
	else if (!c->ready)
		relay_host_failed(h, why);
	else if (c->failed &&
	         !c->used) /* one that took mail and then closed has had enough, and may be called again */
		relay_host_failed(h, why);
	loop_timer_cancel(&c->timer);
	loop_task_cancel(&c->task);
	connect_cancel(&c->connecting);
	smtp_client_free(c->client);
	if (c->streaming)
		stream_free(&c->stream);
	relay_reason_done(&c->why);
	relay_reason_done(&c->crowd);
	mem_free(c);
	relay_host_dispatch_later(h);
	relay_host_settle(h);
	relay_check_drained();
}

static void end_later(struct relay_connection *c)
{
	c->ended = true;
	loop_task_schedule(&c->task);
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
	const char *stage = c->client      ? smtp_client_stage_name(smtp_client_stage(c->client))
	                    : c->streaming ? "STARTTLS"
	                                   : "connect";
	note(c, slow ? TROUBLE_SLOW : answered ? TROUBLE_SILENT : TROUBLE_TIMED_OUT, "4.4.2", stage, text);
}

/* ---- deadlines ---- */

static void set_deadline(struct relay_connection *c)
{
	if (c->ended || c->client == NULL)
		return;
	enum smtp_client_waiting waiting = smtp_client_waits_for(c->client);
	uint64_t progress = smtp_client_progress(c->client);
	if (waiting == c->waiting && progress == c->progress && c->timed)
		return;
	c->waiting = waiting;
	c->progress = progress;
	c->timed = true;
	c->timed_at = clock_monotonic_ms();
	c->bytes_out = c->stream.bytes_out;
	c->sending = relay_connection_is_sending(c);
	unsigned seconds = smtp_client_patience(c->sending ? SMTP_CLIENT_FOR_BLOCK : waiting);
	if (waiting == SMTP_CLIENT_FOR_QUIT)
		seconds = 5;
	stream_set_deadline(&c->stream, seconds                         ? 1000 * (int64_t)seconds
	                                : waiting == SMTP_CLIENT_FOR_US ? RELAY_CONNECT_MS
	                                                                : 0);
}

static void watch(struct relay_connection *c)
{
	if (c->ended || c->quitting)
		return;
	if (!relay_connection_holds_others_up(c)) {
		loop_timer_set(&c->timer, RELAY_WATCH_MS);
		return;
	}
	if (!c->ready)
		relay_place_was_hurried(c->host->address);
	note_silence(c, c->client != NULL, "the host is slow, and others wait for the connection");
	c->failed = true;
	if (c->streaming)
		stream_abort(&c->stream);
	else
		end_later(c);
}

static void on_deadline(void *arg)
{
	struct relay_connection *c = arg;
	char text[128];
	/* A host that takes some of the body goes on, if it isn't too little. */
	if (c->sending && !relay_connection_takes_too_slowly(c)) {
		c->timed = false;
		set_deadline(c);
		return;
	}
	snprintf(text, sizeof text,
	    c->sending ? "the host took the message too slowly"
	               : "the host did not answer in time (waiting for %s)",
	    c->waiting == SMTP_CLIENT_FOR_GREETING ? "its greeting"
	    : c->waiting == SMTP_CLIENT_FOR_END    ? "the reply to the message"
	                                           : "a reply");
	note_silence(c, c->sending, text);
	c->failed = true;
	stream_abort(&c->stream);
}

/* ---- results ---- */

static uint64_t success(const struct relay_connection *c)
{
	if (c->config.kind == SMTP_CLIENT_LMTP)
		return QUEUE_DELIVERED;
	return smtp_client_host(c->client)->dsn ? QUEUE_RELAYED : QUEUE_PASSED_ON;
}

static void on_recipient(void *arg, size_t index, const struct smtp_client_reply *reply)
{
	struct relay_connection *c = arg;
	struct relay_message *m = c->message;
	static const struct relay_reason unanswered = {TROUBLE_LOST, "4.4.2", "end of data",
	    "the connection was lost after the end of the message, before it was answered: it may have been "
	    "delivered"};
	size_t i = m->group_numbers[index];
	if (reply->code >= 200 && reply->code < 300) {
		relay_message_answered(m, i, success(c), reply);
		c->accepted++;
	} else if (reply->code == 0 && reply->stage == SMTP_CLIENT_AT_END) {
		relay_message_result(m, i, QUEUE_DEFERRED, &unanswered);
	} else if (relay_reply_is_too_many(reply)) {
		if (c->crowded++ == 0)
			relay_reason_reply(&c->crowd, "4.5.3", reply);
		if (index == 0) /* others come with the next group, if any of this one was taken; the first
		                   needn't hope */
			relay_message_result(m, i, QUEUE_DEFERRED, &c->crowd);
	} else if (reply->code >= 500) {
		relay_message_answered(m, i, QUEUE_FAILED, reply);
	} else if (reply->code >= 400 && reply->code != 421) {
		relay_message_answered(m, i, QUEUE_DEFERRED, reply);
	}
	/* Without an answer, or with 421, it is tried again on another connection. */
}

static void on_done(void *arg)
{
	struct relay_connection *c = arg;
	struct relay_message *m = c->message;
	relay_body_end(m->reader);
	m->reader = NULL;
	if (c->crowded > 0 && c->accepted == 0)
		relay_message_fail(m, QUEUE_DEFERRED, &c->crowd);
	if (c->accepted > 0) {
		c->used = true;
		relay_connection_prove(c);
		relay_host_succeeded(c->host);
	}
	if (!relay_message_is_complete(m))
		return; /* `ready` or the end goes on with it */
	c->message = NULL;
	relay_message_finish(m, c);
}

/* ---- sending ---- */

/* What is decided before MAIL rests on the host's answer to EHLO. */
#define DECIDED_AT "EHLO"

static bool has_safe_peer(const struct relay_connection *c)
{
	return c->host->endpoint->named_safely &&
	       (strcmp(c->verified, "pkix") == 0 || strncmp(c->verified, "dane", 4) == 0);
}

/* This server decides it, by what the host has announced: the host itself is not asked. */
static void decide(struct relay_message *m, uint64_t verdict, const struct relay_reason *why)
{
	for (size_t i = 0; i < m->group_count; i++)
		relay_message_result(m, m->group_numbers[i], verdict, why);
}

/*
 * The host takes 7 bits only. True when the message can be sent now, converted or not; else it is being
 * looked through (*waits), or its recipients have got their results.
 */
static bool convert(struct relay_connection *c, struct relay_message *m, bool *waits)
{
	const char *why = NULL;
	char text[300];
	enum relay_convert_state state = relay_convert_state(m, &why);
	(void)c;
	*waits = state == RELAY_CONVERT_NONE || state == RELAY_CONVERT_BUSY;
	if (state == RELAY_CONVERT_NONE)
		relay_convert_begin(m);
	m->transaction.body = SMTP_7BIT;
	/* What is only untidy, and sealed, has not been touched (mime/downgrade.h). */
	m->transaction.lines_unsure = true;
	if (state == RELAY_CONVERT_READY)
		m->transaction.size = 0;
	if (*waits || state == RELAY_CONVERT_READY || state == RELAY_CONVERT_UNNEEDED)
		return !*waits;
	snprintf(text, sizeof text,
	    "the next host takes no 8-bit mail, and this message cannot be converted: %s", why);
	if (state == RELAY_CONVERT_FAILED)
		decide(m, QUEUE_DEFERRED, &(struct relay_reason){TROUBLE_LOCAL, "4.3.0", DECIDED_AT, text});
	else
		decide(
		    m, QUEUE_FAILED, &(struct relay_reason){TROUBLE_CONVERSION, "5.6.3", DECIDED_AT, text});
	relay_convert_end(m);
	return false;
}

/* The group that was chosen. False when it has its results already. */
static bool send_group(struct relay_connection *c, struct relay_message *m)
{
	static const struct relay_reason unsafe = {TROUBLE_REQUIRETLS, "5.7.10", DECIDED_AT,
	    "the message demands a verified encrypted way (REQUIRETLS), and the next host's name or "
	    "certificate is not verified"};
	static const struct relay_reason unwritable = {TROUBLE_UNWRITABLE, "5.6.7", DECIDED_AT,
	    "an address or parameter of this message cannot be said in SMTP"};
	static const struct relay_reason no_memory = {TROUBLE_LOCAL, "4.3.0", DECIDED_AT, "out of memory"};
	struct smtp_client_lack lack = {0};
	/* RFC 8689 section 5: a report is not thrown away because its way back cannot promise what was asked
	 * for. */
	if (m->m.require_tls && m->m.sender.len == 0 &&
	    !(has_safe_peer(c) && smtp_client_host(c->client)->require_tls))
		m->transaction.require_tls = false;
	if (m->transaction.require_tls && c->config.kind == SMTP_CLIENT_SMTP && !has_safe_peer(c)) {
		decide(m, QUEUE_FAILED, &unsafe);
		return false;
	}
	enum smtp_client_verdict verdict = smtp_client_accepts(c->client, &m->transaction, &lack);
	if (verdict == SMTP_CLIENT_CONVERTS) {
		bool waits;
		if (!convert(c, m, &waits))
			return waits;
		verdict = smtp_client_accepts(c->client, &m->transaction, &lack);
	}
	if (verdict != SMTP_CLIENT_TAKES) {
		struct relay_reason why = {.cause = lack.cause, .stage = DECIDED_AT, .text = lack.text};
		snprintf(why.status, sizeof why.status, "%s", lack.enhanced);
		decide(m, QUEUE_FAILED, &why);
		return false;
	}
	m->reader = relay_body_begin(c, m);
	c->accepted = c->crowded = 0;
	int error = smtp_client_send(c->client, &m->transaction);
	if (error == 0)
		return true;
	/* What cannot be written (an address with UTF-8 and no SMTPUTF8) no other host would take either. */
	relay_body_end(m->reader);
	m->reader = NULL;
	if (error == -EINVAL)
		decide(m, QUEUE_FAILED, &unwritable);
	else
		decide(m, QUEUE_DEFERRED, &no_memory);
	return false;
}

/* The rest of the message on this connection, group by group. True while it is under way here. */
static bool send_message(struct relay_connection *c)
{
	struct relay_message *m = c->message;
	bool wait;
	while (relay_message_group(m, smtp_client_recipients_max(c->client), &wait)) {
		if (wait || send_group(c, m))
			return true;
	}
	c->message = NULL;
	relay_message_finish(m, c);
	return false;
}

static void quit(struct relay_connection *c)
{
	take_out_idle(c);
	c->quitting = true;
	smtp_client_quit(c->client);
	stream_wrote(&c->stream);
	set_deadline(c);
}

void relay_connection_work(struct relay_connection *c)
{
	static const struct relay_reason share = {
	    TROUBLE_RATE, "4.7.0", "", "the sender's domain has sent its share for now (sender_domain_rate)"};
	take_out_idle(c);
	loop_timer_set(&c->timer, RELAY_WATCH_MS);
	for (;;) {
		if (relay_role.draining || smtp_client_transactions_left(c->client) == 0 ||
		    relay_connection_turn_is_over(c)) {
			quit(c);
			relay_host_dispatch_later(c->host);
			return;
		}
		struct relay_message *m = relay_host_work(c->host);
		if (m == NULL) {
			put_in_idle(c);
			return;
		}
		c->turn_messages++;
		c->message_since = clock_monotonic_ms();
		if (m->m.sender.len > 0)
			relay_connection_carry_regular(c);
		m->connection = c;
		c->message = m;
		relay_message_takes_off(m);
		if (!relay_sender_may(m->m.sender))
			relay_message_fail(m, QUEUE_DEFERRED, &share);
		if (send_message(c))
			break;
	}
	stream_wrote(&c->stream);
	set_deadline(c);
}

void relay_connection_go_on(struct relay_connection *c)
{
	if (c == NULL || c->ended || c->message == NULL)
		return;
	if (send_message(c)) {
		stream_wrote(&c->stream);
		set_deadline(c);
	} else {
		relay_connection_work(c);
	}
}

/* ---- what the client asks for ---- */

static void on_ready(void *arg)
{
	struct relay_connection *c = arg;
	if (!c->ready) {
		c->ready = true;
		c->host->connecting_count--;
		c->host->dead_until = 0;
		log_event(LOG_INFO, c->id, "relay-connected", log_string("host", c->host->endpoint->name),
		    log_string("address", c->host->endpoint->text), log_string("tls", c->tls),
		    log_string("verified", c->verified));
	}
	go_on(c);
}

/* Not from within the client: sending may end with `done`, which sends again. */
static void go_on(struct relay_connection *c)
{
	c->free_for_work = true;
	loop_task_schedule(&c->task);
}

static void on_start_tls(void *arg)
{
	struct relay_connection *c = arg;
	c->tls_wanted = true;
	stream_hold(&c->stream);
	loop_task_schedule(&c->task);
}

static void on_body(void *arg)
{
	struct relay_connection *c = arg;
	if (c->message && c->message->reader)
		relay_body_write(c->message->reader);
}

/* Where TLS is as it comes, a host whose TLS is broken is spoken to in clear for a while. */
static void avoid_tls(struct relay_connection *c)
{
	if (c->host->endpoint->tls != SMTP_CLIENT_TLS_IF_OFFERED)
		return;
	c->host->clear_until = clock_monotonic_ms() + RELAY_CLEAR_MS;
	c->retry_clear = true;
}

static void on_failed(void *arg, enum smtp_client_failure failure, const struct smtp_client_reply *reply)
{
	struct relay_connection *c = arg;
	if (c->quitting)
		return;
	if (c->why.text == NULL)
		relay_reason_failure(&c->why, failure, reply);
	c->failed = failure != SMTP_CLIENT_LOST || c->message != NULL;
	if (failure == SMTP_CLIENT_LOST && reply->stage == SMTP_CLIENT_AT_STARTTLS)
		avoid_tls(c);
	log_event(LOG_INFO, c->id, "relay-connection-failed", log_string("host", c->host->endpoint->name),
	    log_string("address", c->host->endpoint->text),
	    log_string("failure", smtp_client_failure_name(failure)),
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
	stream_wrote(&c->stream);
	set_deadline(c);
}

static size_t on_input(void *arg, struct view bytes)
{
	struct relay_connection *c = arg;
	if (c->client == NULL)
		return bytes.len;
	size_t n = smtp_client_feed(c->client, bytes);
	stream_wrote(&c->stream);
	set_deadline(c);
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
	snprintf(c->tls, sizeof c->tls, "%s %s", tls_version(c->stream.ssl), tls_cipher(c->stream.ssl));
	/* Empty when nothing was demanded: then nobody knows who it was. */
	if (c->host->endpoint->proof != TLS_ANY)
		snprintf(c->verified, sizeof c->verified, "%s", tls_verified(c->stream.ssl));
	if (c->client == NULL) {
		start_client(c);
	} else {
		smtp_client_secured(c->client, (struct view){0});
		stream_wrote(&c->stream);
		set_deadline(c);
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
	c->failed = true;
	log_event(LOG_WARNING, c->id, "relay-tls-failed", log_string("host", c->host->endpoint->name),
	    log_string("address", c->host->endpoint->text), log_string("reason", text));
	avoid_tls(c);
}

static void on_ended(void *arg, enum stream_end how)
{
	struct relay_connection *c = arg;
	if (c->securing && c->tls[0] == '\0')
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
	const struct relay_endpoint *e = c->host->endpoint;
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
		note(c, TROUBLE_LOCAL, "4.3.0", "STARTTLS", "TLS could not be begun");
		c->failed = true;
		stream_abort(&c->stream);
		return;
	}
	stream_resume(&c->stream);
	stream_set_deadline(&c->stream, RELAY_CONNECT_MS);
}

/* ---- what waits for the end of the turn ---- */

static void on_task(void *arg)
{
	struct relay_connection *c = arg;
	if (c->ended) {
		end(c);
	} else if (c->tls_wanted) {
		c->tls_wanted = false;
		start_tls(c);
	} else if (c->free_for_work) {
		c->free_for_work = false;
		if (c->message && send_message(c)) {
			stream_wrote(&c->stream);
			set_deadline(c);
		} else {
			relay_connection_work(c);
		}
	}
}

static void on_timer(void *arg)
{
	struct relay_connection *c = arg;
	if (c->idle)
		quit(c);
	else
		watch(c);
}

/* ---- the beginning ---- */

static void on_connected(void *arg, int result)
{
	struct relay_connection *c = arg;
	char text[200];
	if (result < 0) {
		snprintf(
		    text, sizeof text, "no connection to %s: %s", c->host->endpoint->text, strerror(-result));
		note(c, relay_trouble_of_connect(result), "4.4.1", "connect", text);
		end(c);
		return;
	}
	stream_init(&c->stream, &relay_role.process->loop, result, &handler, c);
	c->streaming = true;
	if (c->config.tls == SMTP_CLIENT_TLS_PRESENT)
		start_tls(c);
	else
		start_client(c);
}

static void configure(struct relay_connection *c)
{
	const struct relay_endpoint *e = c->host->endpoint;
	bool in_clear = e->tls == SMTP_CLIENT_TLS_IF_OFFERED && c->host->clear_until > clock_monotonic_ms();
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
}

void relay_connection_open(struct relay_host *h)
{
	struct relay_connection *c = mem_alloc(sizeof *c);
	*c = (struct relay_connection){.host = h, .next = h->connections};
	if (h->connections)
		h->connections->previous = c;
	h->connections = c;
	h->connection_count++;
	h->connecting_count++;
	relay_role.connections++;
	memcpy(c->shares, h->claim.shares, sizeof c->shares);
	c->share_count = h->claim.share_count;
	c->began = c->turn_since = clock_monotonic_ms();
	random_id(c->id);
	loop_timer_init(&c->timer, &relay_role.process->loop, on_timer, c);
	loop_task_init(&c->task, &relay_role.process->loop, on_task, c);
	loop_timer_set(&c->timer, RELAY_WATCH_MS);
	configure(c);
	const struct sockaddr_storage *source =
	    h->endpoint->address.ss_family == AF_INET6 ? &relay_role.source6 : &relay_role.source4;
	/* Nothing else here has a folder to be in. Without it the attempt fails, and says so. */
	if (h->endpoint->folder >= 0 && fchdir(h->endpoint->folder) != 0)
		log_event(LOG_WARNING, c->id, "socket-folder", log_errno(-errno));
	connect_start(&c->connecting, &relay_role.process->loop, &h->endpoint->address,
	    h->endpoint->address_len, source->ss_family == AF_UNSPEC ? NULL : source, RELAY_CONNECT_MS,
	    on_connected, c);
}

void relay_connections_quit(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&relay_role.hosts, &position, NULL, &value))
		while (((struct relay_host *)value)->idle)
			quit(((struct relay_host *)value)->idle);
}
