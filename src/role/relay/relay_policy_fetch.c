/*
 * Fetching a policy (relay_policy_fetch.h): a GET by HTTPS from a host that whoever owns the domain has
 * chosen. It may lie, trickle, or never end; what it can cost is a place for a minute, of the few that one
 * host has.
 */
#include "role/relay/relay_policy_fetch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "http/http_client.h"
#include "io/connect.h"
#include "io/stream.h"
#include "io/tls.h"
#include "role/relay/relay_own.h"
#include "role/relay/relay_place.h"
#include "role/relay/relay_state.h"
#include "trust/route/next_hop.h"

enum {
	ADDRESSES_MEMORY = 64 * 1024,               /* as next_hop_find wants it */
	POLICY_MEMORY = MTA_STS_BODY_MAX + 8 * 1024 /* the patterns, and the views of them */
};

struct relay_policy_fetch {
	struct loop *loop;
	char host[DNS_NAME_SIZE];
	relay_policy_fetched done;
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
	struct http_get *http;
	bool ended;    /* nothing more is expected of this address */
	bool complete; /* it gave a response */
	char why[200];
};

int64_t relay_policy_fetch_ms = (int64_t)MTA_STS_FETCH_SECONDS * 1000;

static struct share all = {.max = RELAY_POLICY_FETCHES_MAX};

static void connect_now(struct relay_policy_fetch *f);
static void try_address(struct relay_policy_fetch *f);

/* ---- the end ---- */

static void leave_address(struct relay_policy_fetch *f)
{
	connect_cancel(&f->connecting);
	if (f->streaming)
		stream_free(&f->stream);
	http_get_free(f->http);
	f->http = NULL;
	f->streaming = f->secured = f->ended = f->complete = false;
	share_leave(&f->claim);
	if (f->placed)
		share_give_back(f->claim.shares, f->claim.share_count);
	f->placed = false;
	relay_place_release(f->place);
	f->place = NULL;
}

void relay_policy_fetch_cancel(struct relay_policy_fetch *f)
{
	if (f == NULL)
		return;
	loop_timer_cancel(&f->timer);
	loop_task_cancel(&f->task);
	leave_address(f);
	lookup_done(&f->lookup);
	mem_free(f);
}

static void finish(struct relay_policy_fetch *f, const struct mta_sts_policy *policy, const char *why)
{
	f->done(f->arg, policy, why);
	relay_policy_fetch_cancel(f);
}

static void on_timeout(void *arg)
{
	struct relay_policy_fetch *f = arg;
	finish(
	    f, NULL, f->claim.line ? "too many policies are being fetched" : "the policy's host is too slow");
}

/* ---- the response ---- */

static const char *judge(struct relay_policy_fetch *f, struct arena *arena, struct mta_sts_policy *policy)
{
	unsigned status = http_get_status(f->http);
	if (status != 200) {
		snprintf(f->why, sizeof f->why, "the policy's host answered with HTTP status %u", status);
		return f->why;
	}
	if (!mta_sts_content_type(http_get_content_type(f->http)))
		return "the policy is not of the type text/plain";
	switch (mta_sts_policy_parse(http_get_body(f->http), arena, policy)) {
	case 0:
		return NULL;
	case -EINVAL:
		return "the policy is malformed";
	default:
		return "the policy is too large";
	}
}

static void take_response(struct relay_policy_fetch *f)
{
	struct arena arena;
	struct mta_sts_policy policy;
	arena_init(&arena, POLICY_MEMORY);
	const char *why = judge(f, &arena, &policy);
	finish(f, why ? NULL : &policy, why);
	arena_done(&arena);
}

/* ---- the connection ---- */

static void end_address(struct relay_policy_fetch *f, const char *why)
{
	f->ended = true;
	if (why)
		snprintf(f->why, sizeof f->why, "%s", why);
	loop_task_schedule(&f->task);
}

/* What an address gave, away from the stream's functions. */
static void on_task(void *arg)
{
	struct relay_policy_fetch *f = arg;
	if (f->complete) {
		take_response(f);
		return;
	}
	if (f->placed && !f->ended) {
		connect_now(f);
		return;
	}
	leave_address(f);
	f->at++;
	try_address(f);
}

static void take_state(struct relay_policy_fetch *f, enum http_get_state state)
{
	if (state == HTTP_GET_MORE)
		return;
	char why[sizeof f->why];
	snprintf(why, sizeof why, "HTTP: %s", http_get_why(f->http));
	f->complete = state == HTTP_GET_DONE;
	end_address(f, f->complete ? NULL : why);
}

static void on_secured(void *arg)
{
	struct relay_policy_fetch *f = arg;
	f->secured = true;
	if (http_get_request(stream_out(&f->stream), f->host, mta_sts_path) != 0)
		end_address(f, "the name of the policy's host cannot be looked up");
	else
		stream_wrote(&f->stream);
}

static size_t on_input(void *arg, struct view bytes)
{
	struct relay_policy_fetch *f = arg;
	if (!f->ended)
		take_state(f, http_get_feed(f->http, bytes));
	return bytes.len;
}

static void on_ended(void *arg, enum stream_end how)
{
	struct relay_policy_fetch *f = arg;
	const char *tls = stream_tls_failure(&f->stream);
	if (f->ended)
		return;
	if (f->secured && how == STREAM_PEER_CLOSED)
		take_state(f, http_get_end(f->http, !stream_was_cut(&f->stream)));
	if (!f->ended)
		end_address(f, tls                        ? tls
		               : stream_error(&f->stream) ? strerror(stream_error(&f->stream))
		                                          : "the connection to the policy's host failed");
}

static const struct stream_handler handler = {.input = on_input, .secured = on_secured, .ended = on_ended};

static void on_connected(void *arg, int result)
{
	struct relay_policy_fetch *f = arg;
	struct tls_demand demand = {.proof = TLS_PKIX, .host = f->host};
	if (result < 0) {
		end_address(f, strerror(-result));
		return;
	}
	stream_init(&f->stream, f->loop, result, &handler, f);
	f->streaming = true;
	f->http = http_get_new(MTA_STS_BODY_MAX);
	if (relay_role.tls == NULL || stream_connect_tls(&f->stream, relay_role.tls, &demand) != 0)
		end_address(f, "cannot begin TLS");
}

static void connect_now(struct relay_policy_fetch *f)
{
	const struct sockaddr_storage *to = &f->addresses[f->at];
	bool six = to->ss_family == AF_INET6;
	/* From now on it is the hosts' time: one for all addresses, or a domain with many would have a place
	 * for many minutes. */
	if (!f->begun)
		loop_timer_set(&f->timer, relay_policy_fetch_ms);
	f->begun = true;
	connect_start(&f->connecting, f->loop, to,
	    six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in),
	    six ? &relay_role.source6 : &relay_role.source4, RELAY_POLICY_CONNECT_MS, on_connected, f);
}

static void on_granted(void *arg)
{
	struct relay_policy_fetch *f = arg;
	f->placed = true;
	loop_task_schedule(&f->task);
}

static void try_address(struct relay_policy_fetch *f)
{
	if (f->at == f->count) {
		finish(f, NULL, f->why);
		return;
	}
	f->place = relay_place_use(&f->addresses[f->at], RELAY_POLICY_HOST);
	f->claim = (struct share_claim){
	    .granted = on_granted, .arg = f, .shares = {&f->place->share, &all}, .share_count = 2};
	if (share_take(&f->claim))
		on_granted(f);
}

/* ---- the addresses ---- */

static void resolve(void *arg)
{
	struct relay_policy_fetch *f = arg;
	struct arena arena;
	struct next_hop hop = {0};
	struct next_hop_request request = {.domain = view_from_string(f->host),
	    .port = (uint16_t)relay_role.process->settings.mta_sts_port,
	    .no_mx = true,
	    .no_dane = true};
	arena_init(&arena, ADDRESSES_MEMORY);
	enum next_hop_verdict verdict = next_hop_find(&f->lookup.answers, &request, &arena, &hop);
	if (verdict == NEXT_HOP_WAIT) {
		lookup_ask(&f->lookup);
	} else if (verdict == NEXT_HOP_HOSTS) {
		for (size_t i = 0; i < hop.hosts[0].address_count; i++)
			if (relay_may_reach(&hop.hosts[0].addresses[i]))
				f->addresses[f->count++] = hop.hosts[0].addresses[i];
		if (f->count == 0)
			snprintf(
			    f->why, sizeof f->why, "the policy's host has no address on the public internet");
		lookup_done(&f->lookup);
		try_address(f);
	} else {
		finish(f, NULL, "the policy's host has no address");
	}
	arena_done(&arena);
}

struct relay_policy_fetch *relay_policy_fetch_start(
    struct loop *loop, const char *domain, relay_policy_fetched done, void *arg)
{
	struct relay_policy_fetch *f = mem_alloc(sizeof *f);
	*f = (struct relay_policy_fetch){.loop = loop, .done = done, .arg = arg};
	/* Without a name, the look-up says so. */
	if (mta_sts_host(domain, f->host) != 0)
		f->host[0] = '\0';
	loop_timer_init(&f->timer, loop, on_timeout, f);
	loop_task_init(&f->task, loop, on_task, f);
	loop_timer_set(&f->timer, relay_policy_fetch_ms);
	relay_lookup_init(&f->lookup, resolve, f);
	lookup_ask(&f->lookup); /* asks nothing yet: resolve begins at the end of the turn */
	return f;
}
