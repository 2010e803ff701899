/*
 * The driver of HTTP connections. Until routes stand behind it, it tells every client that nothing is served
 * here.
 */
#include "role/web/role_web.h"

#include "edge/account_client.h"
#include "edge/edge_connection.h"

enum { REQUEST_SECONDS = 60 };

static struct edge web_edge;

static void on_opened(void *arg)
{
	struct edge_connection *c = arg;
	stream_set_deadline(&c->stream, 1000 * REQUEST_SECONDS);
}

static void on_begin(void *arg)
{
	(void)arg;
}

static size_t on_input(void *arg, struct view bytes)
{
	struct edge_connection *c = arg;
	stream_write(&c->stream, VIEW("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
	                              "Connection: close\r\n\r\n"));
	stream_close(&c->stream);
	return bytes.len;
}

static void on_drained(void *arg)
{
	(void)arg;
}

static void on_idle(void *arg)
{
	struct edge_connection *c = arg;
	stream_abort(&c->stream);
}

static void on_drain(void *arg)
{
	struct edge_connection *c = arg;
	stream_close(&c->stream);
}

static void on_ended(void *arg, enum stream_end how)
{
	(void)arg;
	(void)how;
}

static const struct edge_protocol protocol = {
    .size = sizeof(struct edge_connection),
    .alpn = "http/1.1",
    .too_many = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 60\r\nContent-Length: 0\r\nConnection: "
                "close\r\n\r\n",
    .descriptors_each = 1,
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

static const struct role_hears hears[] = {
    {ROLE_STORE, account_client_web_verbs},
    {0},
};

static int start(struct role_process *p)
{
	edge_init(&web_edge, p, &protocol);
	return 0;
}

const struct role_functions web_functions = {
    .start = start,
    .serve = edge_role_serve,
    .peer = edge_role_peer,
    .listener = edge_role_listener,
    .drain = edge_role_drain,
    .hears = hears,
};
