/*
 * A connection's way from accept to session and to its end, which is the same in every protocol; see
 * edge_connection.h.
 */
#include "edge/edge_connection.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/proxy_header.h"

/* Those who follow the crowd out have gone by then. */
enum { GIVE_BACK_MS = 2000 };

bool edge_connection_is_secure(const struct edge_connection *c)
{
	return stream_is_secure(&c->stream);
}

bool edge_connection_clear_login(const struct edge_connection *c)
{
	return !c->edge->process->settings.require_tls_login || network_is_loopback(&c->client.address);
}

/* ---- beginning ---- */

static void begin(struct edge_connection *c)
{
	c->begun = true;
	c->edge->protocol->begin(c);
	stream_resume(&c->stream);
}

/* RFC 3207 section 5, RFC 2595 section 4: what was sent behind STARTTLS in clear is an attack, or a client
 * that deserves none better. */
static void discard_injected(struct edge_connection *c)
{
	size_t injected = stream_discard_input(&c->stream);
	if (injected)
		log_event(LOG_WARNING, c->id, "commands-before-tls", log_string("client", c->client.text),
		    log_u64("bytes", injected));
}

/* At the end of the turn: TLS begins, or the session does, when nothing of the stream is in use. */
static void on_task(void *arg)
{
	struct edge_connection *c = arg;
	if (!c->tls_wanted && (c->begun || !service_has_tls(c->client.service))) {
		begin(c);
		return;
	}
	if (c->tls_wanted)
		discard_injected(c);
	c->tls_wanted = false;
	struct tls_context *context = edge_tls(c->edge);
	if (context == NULL || stream_start_tls(&c->stream, context) != 0)
		stream_abort(&c->stream);
}

void edge_connection_start_tls(struct edge_connection *c)
{
	c->tls_wanted = true;
	stream_hold(&c->stream);
	loop_task_schedule(&c->task);
}

/* The whole PROXY header has come. Returns how much of the input is used up: all of it for a client that is
 * sent away. */
static size_t proxy_header_done(struct edge_connection *c, size_t taken, size_t all)
{
	struct edge_proxy proxy = *c->proxy;
	mem_free(c->proxy);
	c->proxy = NULL;
	stream_hold(&c->stream);
	if (proxy.local ||
	    edge_limits_rename(&c->edge->limits, &c->client, &proxy.client, clock_monotonic_ms())) {
		loop_task_schedule(&c->task);
		return taken;
	}
	if (!service_has_tls(c->client.service))
		stream_write(&c->stream, view_from_string(c->edge->protocol->too_many));
	stream_close(&c->stream);
	return all;
}

/* The PROXY header, where one is due: returns how much it took, 0 for wait. */
static size_t take_proxy_header(struct edge_connection *c, struct view bytes)
{
	struct edge_proxy *p = c->proxy;
	int n = 0;
	if (!p->read)
		n = proxy_header_parse(bytes, &p->client, &p->local, &p->rest);
	if (n < 0) {
		log_event(LOG_WARNING, c->id, "proxy-header-refused", log_string("client", c->client.text));
		stream_abort(&c->stream);
		return bytes.len;
	}
	if (n == 0 && !p->read)
		return 0;
	p->read = true;
	size_t passed_over = bytes.len - (size_t)n < p->rest ? bytes.len - (size_t)n : p->rest;
	p->rest -= passed_over;
	size_t taken = (size_t)n + passed_over;
	return p->rest ? taken : proxy_header_done(c, taken, bytes.len);
}

/* ---- the stream ---- */

static size_t on_input(void *arg, struct view bytes)
{
	struct edge_connection *c = arg;
	return c->proxy ? take_proxy_header(c, bytes) : c->edge->protocol->input(c, bytes);
}

static void on_drained(void *arg)
{
	struct edge_connection *c = arg;
	if (c->begun)
		c->edge->protocol->drained(c);
}

static void on_secured(void *arg)
{
	struct edge_connection *c = arg;
	if (!c->begun) {
		begin(c);
		if (c->edge->protocol->lean)
			stream_lean_tls(&c->stream);
		return;
	}
	c->edge->protocol->secured(c);
	stream_resume(&c->stream);
}

static void on_deadline(void *arg)
{
	struct edge_connection *c = arg;
	if (c->begun)
		c->edge->protocol->idle(c);
	else
		stream_abort(&c->stream);
}

static void on_ended(void *arg, enum stream_end how)
{
	struct edge_connection *c = arg;
	struct edge *edge = c->edge;
	c->ending = true;
	edge->protocol->ended(c, how);
	stream_free(&c->stream);
	loop_task_cancel(&c->task);
	if (c->previous)
		c->previous->next = c->next;
	else
		edge->first = c->next;
	if (c->next)
		c->next->previous = c->previous;
	edge_limits_leave(&edge->limits, &c->client);
	mem_free(c->proxy);
	mem_free(c);
	if (edge_limits_crowd_has_gone(&edge->limits))
		loop_timer_set(&edge->give_back, GIVE_BACK_MS);
	if (edge->limits.connections == 0 && edge->process->draining)
		role_exit(edge->process);
	else if (edge->limits.connections == 0 && edge->process->retired)
		role_drain(edge->process);
}

static const struct stream_handler handler = {.input = on_input,
    .drained = on_drained,
    .secured = on_secured,
    .deadline = on_deadline,
    .ended = on_ended};

void edge_connection_open(struct edge *edge, int fd, const struct edge_client *client)
{
	struct edge_connection *c = mem_alloc(edge->protocol->size);
	c->edge = edge;
	c->client = *client;
	random_id(c->id);
	c->next = edge->first;
	if (edge->first)
		edge->first->previous = c;
	edge->first = c;
	loop_task_init(&c->task, &edge->process->loop, on_task, c);
	stream_init(&c->stream, &edge->process->loop, fd, &handler, c);
	if (network_contains(edge->process->settings.proxy_from, &client->address))
		c->proxy = mem_alloc(sizeof *c->proxy);
	edge->protocol->opened(c);
	if (c->proxy == NULL)
		on_task(c);
}

void edge_connection_drain(struct edge_connection *c)
{
	if (c->begun)
		c->edge->protocol->drain(c);
	else
		stream_close(&c->stream);
}
