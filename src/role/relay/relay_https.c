/* See relay_https.h. The host is one that somebody else has chosen. It may lie, trickle, or never end; what
 * it can cost is a place for a minute, of the few that one host has. */
#include "role/relay/relay_https.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/connect.h"
#include "io/stream.h"
#include "io/tls.h"
#include "role/relay/relay_own.h"
#include "role/relay/relay_place.h"
#include "role/relay/relay_state.h"
#include "trust/route/next_hop.h"

enum {
	ADDRESSES_MEMORY = 64 * 1024 /* as next_hop_find wants it */
};

struct relay_https {
	struct loop *loop;
	struct relay_https_request terms;
	relay_https_done done;
	void *arg;
	/* A place with the address's host, and one of all (share.h). */
	struct share_claim claim;
	struct relay_place *place;
	bool placed; /* has both */
	bool begun;  /* the time runs: a connection was begun */
	struct loop_timer timer;
	struct loop_task task;

	struct lookup lookup;
	struct sockaddr_storage addresses[NEXT_HOP_ADDRESSES_MAX];
	size_t count, at;

	struct connecting connecting;
	struct stream stream;
	bool streaming, secured;
	struct http_fetch *http;
	bool ended;    /* nothing more is expected of this address */
	bool complete; /* it gave a response */
	char why[200];
};

static struct share all = {.max = RELAY_HTTPS_MAX};

static void connect_now(struct relay_https *h);
static void try_address(struct relay_https *h);

/* ---- the end ---- */

static void leave_address(struct relay_https *h)
{
	connect_cancel(&h->connecting);
	if (h->streaming)
		stream_free(&h->stream);
	http_fetch_free(h->http);
	h->http = NULL;
	h->streaming = h->secured = h->ended = h->complete = false;
	share_leave(&h->claim);
	if (h->placed)
		share_give_back(h->claim.shares, h->claim.share_count);
	h->placed = false;
	relay_place_release(h->place);
	h->place = NULL;
}

void relay_https_cancel(struct relay_https *h)
{
	if (h == NULL)
		return;
	loop_timer_cancel(&h->timer);
	loop_task_cancel(&h->task);
	leave_address(h);
	lookup_done(&h->lookup);
	mem_free(h);
}

static void finish(struct relay_https *h, const struct http_fetch *response, const char *why)
{
	h->done(h->arg, response, why);
	relay_https_cancel(h);
}

static void on_timeout(void *arg)
{
	struct relay_https *h = arg;
	snprintf(h->why, sizeof h->why,
	    h->claim.line ? "too many such requests are under way to reach %s" : "%s is too slow",
	    h->terms.whose);
	finish(h, NULL, h->why);
}

/* ---- the connection ---- */

static void end_address(struct relay_https *h, const char *why)
{
	h->ended = true;
	if (why)
		snprintf(h->why, sizeof h->why, "%s", why);
	loop_task_schedule(&h->task);
}

/* What an address gave, away from the stream's functions. */
static void on_task(void *arg)
{
	struct relay_https *h = arg;
	if (h->complete) {
		finish(h, h->http, NULL);
		return;
	}
	if (h->placed && !h->ended) {
		connect_now(h);
		return;
	}
	leave_address(h);
	h->at++;
	try_address(h);
}

static void take_state(struct relay_https *h, enum http_fetch_state state)
{
	if (state == HTTP_FETCH_MORE)
		return;
	char why[sizeof h->why];
	snprintf(why, sizeof why, "HTTP: %s", http_fetch_why(h->http));
	h->complete = state == HTTP_FETCH_DONE;
	end_address(h, h->complete ? NULL : why);
}

static void on_secured(void *arg)
{
	struct relay_https *h = arg;
	h->secured = true;
	if (http_fetch_ask(stream_out(&h->stream), &h->terms.request) != 0)
		end_address(h, "the request cannot be written: its address or length is past a limit");
	else
		stream_wrote(&h->stream);
}

static size_t on_input(void *arg, struct view bytes)
{
	struct relay_https *h = arg;
	if (!h->ended)
		take_state(h, http_fetch_feed(h->http, bytes));
	return bytes.len;
}

static void on_ended(void *arg, enum stream_end how)
{
	struct relay_https *h = arg;
	const char *tls = stream_tls_failure(&h->stream);
	if (h->ended)
		return;
	if (h->secured && how == STREAM_PEER_CLOSED)
		take_state(h, http_fetch_end(h->http, !stream_was_cut(&h->stream)));
	if (!h->ended)
		end_address(h, tls                        ? tls
		               : stream_error(&h->stream) ? strerror(stream_error(&h->stream))
		                                          : "the connection failed");
}

static const struct stream_handler handler = {.input = on_input, .secured = on_secured, .ended = on_ended};

static void on_connected(void *arg, int result)
{
	struct relay_https *h = arg;
	struct tls_demand demand = {.proof = TLS_PKIX, .host = h->terms.host};
	if (result < 0) {
		end_address(h, strerror(-result));
		return;
	}
	stream_init(&h->stream, h->loop, result, &handler, h);
	h->streaming = true;
	h->http = http_fetch_new(h->terms.response_max);
	if (relay_role.tls == NULL || stream_connect_tls(&h->stream, relay_role.tls, &demand) != 0)
		end_address(h, "cannot begin TLS");
}

static void connect_now(struct relay_https *h)
{
	const struct sockaddr_storage *to = &h->addresses[h->at];
	bool six = to->ss_family == AF_INET6;
	/* From now on it is the hosts' time: one for all addresses, or a domain with many would have a place
	 * for many minutes. */
	if (!h->begun)
		loop_timer_set(&h->timer, h->terms.ms);
	h->begun = true;
	connect_start(&h->connecting, h->loop, to,
	    six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in),
	    six ? &relay_role.source6 : &relay_role.source4, RELAY_HTTPS_CONNECT_MS, on_connected, h);
}

static void on_granted(void *arg)
{
	struct relay_https *h = arg;
	h->placed = true;
	loop_task_schedule(&h->task);
}

static void try_address(struct relay_https *h)
{
	if (h->at == h->count) {
		finish(h, NULL, h->why);
		return;
	}
	h->place = relay_place_use(&h->addresses[h->at], RELAY_POLICY_HOST);
	h->claim = (struct share_claim){
	    .granted = on_granted, .arg = h, .shares = {&h->place->share, &all}, .share_count = 2};
	if (share_take(&h->claim))
		on_granted(h);
}

/* ---- the addresses ---- */

static void resolve(void *arg)
{
	struct relay_https *h = arg;
	struct arena arena;
	struct next_hop hop = {0};
	struct next_hop_request request = {.domain = view_from_string(h->terms.host),
	    .port = (uint16_t)relay_role.process->settings.https_port,
	    .no_mx = true,
	    .no_dane = true};
	arena_init(&arena, ADDRESSES_MEMORY);
	enum next_hop_verdict verdict = next_hop_find(&h->lookup.answers, &request, &arena, &hop);
	if (verdict == NEXT_HOP_WAIT) {
		lookup_ask(&h->lookup);
	} else if (verdict == NEXT_HOP_HOSTS) {
		for (size_t i = 0; i < hop.hosts[0].address_count; i++)
			if (relay_may_reach(&hop.hosts[0].addresses[i]))
				h->addresses[h->count++] = hop.hosts[0].addresses[i];
		if (h->count == 0)
			snprintf(h->why, sizeof h->why, "%s has no address on the public internet",
			    h->terms.whose);
		lookup_done(&h->lookup);
		try_address(h);
	} else {
		snprintf(h->why, sizeof h->why, "%s has no address", h->terms.whose);
		finish(h, NULL, h->why);
	}
	arena_done(&arena);
}

struct relay_https *relay_https_start(
    struct loop *loop, const struct relay_https_request *r, relay_https_done done, void *arg)
{
	struct relay_https *h = mem_alloc(sizeof *h);
	*h = (struct relay_https){.loop = loop, .terms = *r, .done = done, .arg = arg};
	h->terms.request.host = r->host;
	loop_timer_init(&h->timer, loop, on_timeout, h);
	loop_task_init(&h->task, loop, on_task, h);
	loop_timer_set(&h->timer, h->terms.ms);
	relay_lookup_init(&h->lookup, resolve, h);
	lookup_ask(&h->lookup); /* asks nothing yet: resolve begins at the end of the turn */
	return h;
}
