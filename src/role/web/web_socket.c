/*
 * JMAP over WebSocket (RFC 8887). Requests are carried out side by side and answered as they are done; push
 * goes between them. A client that takes no answers is given no more of them, and once enough are under way
 * its next messages wait.
 */
#include "role/web/web_socket.h"

#include "base/mem.h"
#include "role/web/web_jmap.h"
#include "role/web/web_push.h"

enum {
	/* Of one user at once: each may be in the middle of a message of 10 MB. A program opens one. */
	SOCKETS_MAX = 32,
	/* Requests of one socket at once; the limit of the user is JMAP_CONCURRENT_REQUESTS_MAX. */
	CALLS_MAX = JMAP_CONCURRENT_REQUESTS_MAX / 2,
	OUTPUT_MAX = JMAP_RESPONSE_MAX + 64 * 1024,
	PUSH_STATE_MAX = 64,
	CHANGE_MAX = 256, /* of a StateChange without what has changed */
	/* Boxes between here and the client forget connections that are quiet for some minutes. One that has
	 * answered none of two pings has gone. */
	PING_SECONDS = 120,
	/* RFC 6455 section 7.4.1, and IANA's registry. */
	CLOSE_UNSUPPORTED = 1003,
	CLOSE_RESTART = 1012
};

struct socket;

struct socket_call {
	struct socket_call *next;
	struct socket *socket;
	struct jmap_request *request; /* under way; NULL: `out` is complete */
	size_t held;                  /* of `out`, that is counted */
	struct buf out;
};

struct socket {
	struct web_listener listener; /* the first member */
	struct web_exchange *e;
	struct http_websocket *ws; /* NULL: closed */
	struct socket_call *calls; /* in the order in which they came */
	unsigned count;
	uint32_t types;      /* of the push message that is being read */
	unsigned unanswered; /* pings */
	size_t held;         /* of answers that went into the output and may wait there, that is counted */
	bool ending;         /* closes when all is answered */
};

/* ---- answers ---- */

static void end_call(struct socket *s, struct socket_call *call)
{
	struct socket_call **at = &s->calls;
	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	s->count--;
	web_jmap_end(s->e->user);
	web_jmap_let_go(s->e->user, call->held);
	buf_done(&call->out);
	mem_free(call);
}

static void close_when_answered(struct socket *s)
{
	if (s->ending && s->ws && s->count == 0)
		http_websocket_close(s->ws, CLOSE_RESTART, "the server restarts");
}

/* While an answer waits in the output it is counted; there is room when the client has taken it. */
static void let_go_if_taken(struct socket *s)
{
	if (s->held == 0 || s->ws == NULL || !http_websocket_has_room(s->ws))
		return;
	web_jmap_let_go(s->e->user, s->held);
	s->held = 0;
}

/* Answers that are complete go out, as long as there is room. */
static void send_answers(struct socket *s)
{
	let_go_if_taken(s);
	for (struct socket_call *call = s->calls, *next; call && s->ws; call = next) {
		next = call->next;
		if (call->request)
			continue;
		if (!http_websocket_has_room(s->ws))
			break;
		/* What no output can hold is a failure of that request alone. */
		if (buf_failed(&call->out) || !http_websocket_send(s->ws, true, buf_view(&call->out)))
			http_websocket_send(s->ws, true,
			    VIEW("{\"@type\":\"RequestError\",\"requestId\":null,\"type\":"
			         "\"urn:ietf:params:jmap:error:limit\",\"limit\":\"maxSizeResponse\","
			         "\"status\":500,\"detail\":\"The response is too large.\"}"));
		s->held += call->held;
		call->held = 0;
		end_call(s, call);
	}
	let_go_if_taken(s);
	if (s->ws && s->count < CALLS_MAX)
		http_websocket_hold(s->ws, false);
	close_when_answered(s);
	web_exchange_touch(s->e);
}

static void call_done(void *arg, unsigned status)
{
	struct socket_call *call = arg;
	(void)status;
	call->request = NULL;
	call->held = buf_view(&call->out).len;
	web_jmap_note(call->socket->e->user, call->held);
	send_answers(call->socket);
}

/* ---- messages ---- */

static void carry_out(struct socket *s, struct view text)
{
	struct jmap_session *jmap = web_jmap_of(s->e->user);
	if (jmap == NULL || web_jmap_is_full(s->e->user) || !web_jmap_begin(s->e->user)) {
		http_websocket_send(s->ws, true,
		    VIEW("{\"@type\":\"RequestError\",\"requestId\":null,\"type\":"
		         "\"urn:ietf:params:jmap:error:limit\",\"limit\":\"maxConcurrentRequests\","
		         "\"status\":400,\"detail\":\"Too many requests are being carried out at once.\"}"));
		return;
	}
	struct socket_call *call = mem_alloc(sizeof *call), **end = &s->calls;
	call->socket = s;
	buf_init(&call->out, OUTPUT_MAX);
	while (*end)
		end = &(*end)->next;
	*end = call;
	s->count++;
	if (s->count >= CALLS_MAX)
		http_websocket_hold(s->ws, true);
	/* It may be done before this returns, and gone. */
	struct jmap_request *request = jmap_request_begin_websocket(jmap, text, &call->out, call_done, call);
	if (request)
		call->request = request;
}

static void take_type(void *arg, struct view name)
{
	struct socket *s = arg;
	s->types |= web_push_type(name);
}

static void on_message(void *arg, struct http_websocket *ws, bool text, struct view bytes)
{
	struct socket *s = arg;
	struct buf state;
	uint64_t since = WEB_PUSH_NEW;
	s->unanswered = 0;
	if (s->ending)
		return;
	if (!text) {
		http_websocket_close(ws, CLOSE_UNSUPPORTED, "JMAP is text");
		return;
	}
	s->types = 0;
	buf_init(&state, PUSH_STATE_MAX);
	switch (jmap_websocket_message(bytes, take_type, s, &state)) {
	case JMAP_WS_REQUEST:
		carry_out(s, bytes);
		break;
	case JMAP_WS_PUSH_ENABLE:
		view_to_u64(buf_view(&state), UINT64_MAX - 1, &since);
		web_push_want(&s->listener, s->types, since);
		break;
	case JMAP_WS_PUSH_DISABLE:
		web_push_want(&s->listener, 0, WEB_PUSH_NEW);
		break;
	}
	buf_done(&state);
}

static void on_room(void *arg, struct http_websocket *ws)
{
	struct socket *s = arg;
	(void)ws;
	send_answers(s);
	if (s->ws)
		web_push_room(&s->listener);
}

static void on_alive(void *arg, struct http_websocket *ws)
{
	struct socket *s = arg;
	(void)ws;
	s->unanswered = 0;
}

static void on_closed(void *arg, struct http_websocket *ws, unsigned code)
{
	struct socket *s = arg;
	(void)ws;
	(void)code;
	s->ws = NULL;
}

static const struct http_websocket_host ws_host = {
    .message = on_message, .room = on_room, .alive = on_alive, .closed = on_closed};

/* ---- push ---- */

static bool changed(struct web_listener *l, struct view changes, struct view push_state)
{
	struct socket *s = (struct socket *)l;
	struct buf text;
	if (s->ws == NULL || s->ending)
		return true;
	if (!http_websocket_has_room(s->ws))
		return false;
	buf_init(&text, CHANGE_MAX + changes.len);
	buf_printf(&text, "{\"@type\":\"StateChange\",\"changed\":%.*s,\"pushState\":\"%.*s\"}",
	    VIEW_FMT(changes), VIEW_FMT(push_state));
	bool sent = !buf_failed(&text) && http_websocket_send(s->ws, true, buf_view(&text));
	buf_done(&text);
	web_exchange_touch(s->e);
	return sent;
}

static void tick(struct web_listener *l)
{
	struct socket *s = (struct socket *)l;
	web_push_due(l, PING_SECONDS);
	if (s->ws == NULL)
		return;
	if (s->unanswered++ < 2)
		http_websocket_ping(s->ws);
	else
		http_exchange_abort(s->e->x);
	web_exchange_touch(s->e);
}

static void end(struct web_listener *l)
{
	struct socket *s = (struct socket *)l;
	s->ending = true;
	close_when_answered(s);
	web_exchange_touch(s->e);
}

static const struct web_listener_handler push_handler = {.changed = changed, .tick = tick, .end = end};

/* ---- the request ---- */

void web_socket_begin(struct web_exchange *e)
{
	if (!http_exchange_is_websocket(e->x)) {
		http_exchange_add(e->x, "upgrade", VIEW("websocket"));
		web_exchange_refuse(e, 426, NULL, NULL, "This is for WebSocket alone (RFC 8887).");
		return;
	}
	/* RFC 8887 section 4.1: without it the client does not speak JMAP. */
	if (!http_exchange_offers_protocol(e->x, "jmap")) {
		web_exchange_refuse(e, 400, NULL, NULL, "The subprotocol \"jmap\" must be offered.");
		return;
	}
	if (e->connection->draining || web_jmap_of(e->user) == NULL) {
		web_exchange_unavailable(e);
		return;
	}
	if (e->user->sockets >= SOCKETS_MAX) {
		web_exchange_refuse(e, 429, NULL, NULL, "Too many WebSockets are open.");
		return;
	}
	struct socket *s = mem_alloc(sizeof *s);
	e->user->sockets++;
	s->e = e;
	e->data = s;
	s->listener.handler = &push_handler;
	s->listener.user = e->user;
	s->ws = http_exchange_accept_websocket(e->x, "jmap", JMAP_SIZE_REQUEST_MAX, &ws_host, s);
	web_push_join(&s->listener);
	web_push_due(&s->listener, PING_SECONDS);
}

void web_socket_over(struct web_exchange *e, bool whole)
{
	struct socket *s = e->data;
	(void)whole;
	if (s == NULL)
		return;
	s->ws = NULL;
	while (s->calls) {
		if (s->calls->request)
			jmap_request_drop(s->calls->request);
		end_call(s, s->calls);
	}
	web_jmap_let_go(s->e->user, s->held);
	web_push_leave(&s->listener);
	e->user->sockets--;
	mem_free(s);
}
