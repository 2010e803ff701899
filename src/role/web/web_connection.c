/* A connection's life and its deadlines: see web_connection.h. */
#include "role/web/web_connection.h"

#include "base/clock.h"
#include "base/log.h"
#include "io/tls.h"
#include "role/web/web_edge.h"
#include "role/web/web_headers.h"
#include "role/web/web_serve.h"

enum {
	/* Browsers open connections ahead, and use them again for a minute or two. */
	IDLE_MS = 120 * 1000,
	/* From the first octet of a request's header to its last: it is a packet or two. TLS takes as long.
	 */
	HEADER_MS = 30 * 1000,
	/* A body that comes more slowly than data_rate_min over so long is given up, and an answer of which
	 * nothing is taken for so long: a telephone in a tunnel comes back within a minute. */
	PROGRESS_MS = 60 * 1000
};

_Static_assert(
    (int)HTTP_OUTPUT_HIGH == (int)STREAM_HIGH_WATER, "a machine that pauses must be told when to go on");

/* ---- deadlines ---- */

static uint64_t progress(const struct web_connection *c)
{
	return c->phase == HTTP_BODY ? http_server_body_taken(c->http) : c->edge.stream.bytes_out;
}

static void set_deadline(struct web_connection *c)
{
	static const int64_t each[] = {[HTTP_IDLE] = IDLE_MS,
	    [HTTP_HEADER] = HEADER_MS,
	    [HTTP_BODY] = PROGRESS_MS,
	    [HTTP_ANSWERING] = PROGRESS_MS,
	    [HTTP_UPGRADED] = PROGRESS_MS};
	c->bytes = progress(c);
	stream_set_deadline(&c->edge.stream, each[c->phase]);
}

static void look_at_phase(struct web_connection *c)
{
	enum http_phase phase = http_server_phase(c->http);
	uint64_t requests = http_server_requests(c->http);
	/* A request that was answered at once has left the phase as it was; the time begins anew all the
	 * same. */
	if (phase == c->phase && (phase != HTTP_IDLE || requests == c->requests))
		return;
	c->phase = phase;
	c->requests = requests;
	set_deadline(c);
}

/* Whether the client has done too little since the deadline was set. One that we let wait is not to blame. */
static bool is_too_slow(const struct web_connection *c)
{
	uint64_t least = web_edge.process->settings.data_rate_min * (PROGRESS_MS / 1000);
	switch (c->phase) {
	case HTTP_BODY:
		return http_server_wants_input(c->http) && progress(c) - c->bytes < least;
	case HTTP_ANSWERING:
	case HTTP_UPGRADED:
		return stream_backlog(&c->edge.stream) > 0 && progress(c) == c->bytes;
	default:
		return true;
	}
}

/* Deadlines begin anew with each phase, and a client that has many exchanges can change it as it likes: this
 * does not depend on it. */
static void cut_stalled(struct web_connection *c)
{
	int64_t now = clock_monotonic_ms();
	if (now - c->looked < PROGRESS_MS)
		return;
	c->looked = now;
	http_server_cut_stalled(c->http);
}

/* ---- the machine ---- */

/* What the machine said goes out; it takes input again, if it wants any. */
static void go_on(struct web_connection *c)
{
	cut_stalled(c);
	stream_wrote(&c->edge.stream);
	if (http_server_is_done(c->http)) {
		stream_close(&c->edge.stream);
		return;
	}
	if (http_server_wants_input(c->http))
		stream_resume(&c->edge.stream);
	else
		stream_hold(&c->edge.stream);
	look_at_phase(c);
}

static void settle(void *arg)
{
	struct web_connection *c = arg;
	if (c->edge.ending)
		return;
	http_server_settle(c->http);
	go_on(c);
}

/* ---- the connection ---- */

static void on_opened(void *arg)
{
	struct web_connection *c = arg;
	loop_task_init(&c->settle, &web_edge.process->loop, settle, c);
	stream_set_deadline(&c->edge.stream, HEADER_MS);
}

static void on_begin(void *arg)
{
	struct web_connection *c = arg;
	struct http_server_config config = {.secure = edge_connection_is_secure(&c->edge)};
	config.fields = web_headers(config.secure, &config.field_count);
	/* A browser speaks HTTP/2 with TLS only, and a proxy may speak it in clear. */
	if (config.secure)
		config.http2 = view_equal(tls_alpn(c->edge.stream.ssl), VIEW("h2"));
	else
		config.prior = true;
	c->http = http_server_new(&config, &web_serve_host, c, stream_out(&c->edge.stream));
	c->phase = http_server_phase(c->http);
	c->looked = clock_monotonic_ms();
	set_deadline(c);
	go_on(c);
}

static size_t on_input(void *arg, struct view bytes)
{
	struct web_connection *c = arg;
	size_t consumed = http_server_feed(c->http, bytes);
	go_on(c);
	return consumed;
}

static void on_drained(void *arg)
{
	struct web_connection *c = arg;
	http_server_drained(c->http);
	go_on(c);
}

static void on_idle(void *arg)
{
	struct web_connection *c = arg;
	if (!is_too_slow(c)) {
		set_deadline(c);
		go_on(c);
	} else if (stream_backlog(&c->edge.stream) > 0) {
		stream_abort(&c->edge.stream);
	} else {
		http_server_expire(c->http);
		go_on(c);
	}
}

/* Requests that are under way are answered; event streams and WebSockets are ended by web_push.h. */
static void on_drain(void *arg)
{
	struct web_connection *c = arg;
	c->draining = true;
	http_server_drain(c->http);
	go_on(c);
}

static void on_ended(void *arg, enum stream_end how)
{
	struct web_connection *c = arg;
	(void)how;
	loop_task_cancel(&c->settle);
	if (c->http == NULL)
		return;
	if (http_server_why(c->http)[0])
		log_event(LOG_INFO, c->edge.id, "web-refused", log_string("client", c->edge.client.text),
		    log_string("why", http_server_why(c->http)));
	http_server_free(c->http);
	loop_task_cancel(&c->settle);
}

const struct edge_protocol web_protocol = {
    .size = sizeof(struct web_connection),
    .alpn = "h2 http/1.1",
    .lean = true,
    .too_many = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 60\r\nContent-Length: 0\r\n"
                "Connection: close\r\n\r\n",
    .descriptors_each = 2, /* the client and the account */
    .login_event = "web-login",
    .login_failed_event = "web-login-failed",
    .opened = on_opened,
    .begin = on_begin,
    .input = on_input,
    .drained = on_drained,
    .idle = on_idle,
    .drain = on_drain,
    .ended = on_ended,
};
