/*
 * Event streams (RFC 8620 section 7.3): GET /jmap/events?types=...&closeafter=...&ping=... A stream goes on
 * until the client leaves, the user is lost or the server stops; the client comes again by itself, and says
 * up to where it was told (Last-Event-ID).
 */
#include "role/web/web_events.h"

#include <errno.h>

#include "base/mem.h"
#include "http/http_url.h"
#include "role/web/web_push.h"

enum {
	PARAMETER_MAX = 2048, /* "types" names a few dozen of 20 octets */
	EVENT_MAX = 256,      /* of an event without what has changed */
	/* What RFC 8620 suggests: from 30 s to 5 minutes. */
	PING_LEAST = 30,
	PING_MOST = 300,
	/* Who wants no pings gets an empty line now and then: otherwise nobody would notice that it has gone.
	 */
	QUIET_SECONDS = 300,
	/* In which a stream that has ended is opened again: all at once would be a crowd. */
	RETRY_MS = 3000
};

struct event_stream {
	struct web_listener listener; /* the first member */
	struct web_exchange *e;
	uint32_t types;
	uint16_t ping; /* seconds, 0: none */
	bool close_after, ended;
};

/* ---- what is written ---- */

static bool write_event(struct event_stream *s, struct view event)
{
	if (!http_exchange_has_room(s->e->x))
		return false;
	http_exchange_write(s->e->x, event);
	http_exchange_flush(s->e->x);
	web_exchange_touch(s->e);
	return true;
}

static void end_stream(struct event_stream *s)
{
	if (s->ended)
		return;
	s->ended = true;
	http_exchange_end(s->e->x);
	web_exchange_touch(s->e);
}

static void set_due(struct event_stream *s)
{
	web_push_due(&s->listener, s->ping ? s->ping : QUIET_SECONDS);
}

static bool changed(struct web_listener *l, struct view changes, struct view push_state)
{
	struct event_stream *s = (struct event_stream *)l;
	struct buf event;
	if (s->ended)
		return true;
	buf_init(&event, EVENT_MAX + changes.len);
	buf_printf(&event, "event: state\nid: %.*s\ndata: {\"@type\":\"StateChange\",\"changed\":%.*s}\n\n",
	    VIEW_FMT(push_state), VIEW_FMT(changes));
	/* Without memory it is told when there is room again. */
	bool written = !buf_failed(&event) && write_event(s, buf_view(&event));
	buf_done(&event);
	if (written && s->close_after)
		end_stream(s);
	return written;
}

static void tick(struct web_listener *l)
{
	struct event_stream *s = (struct event_stream *)l;
	struct buf event;
	if (s->ended)
		return;
	buf_init(&event, EVENT_MAX);
	if (s->ping)
		buf_printf(&event, "event: ping\ndata: {\"interval\":%u}\n\n", s->ping);
	else
		buf_append_string(&event, ":\n\n");
	/* Without room it has enough to read. */
	write_event(s, buf_view(&event));
	buf_done(&event);
	set_due(s);
}

static void end(struct web_listener *l)
{
	end_stream((struct event_stream *)l);
}

static const struct web_listener_handler handler = {.changed = changed, .tick = tick, .end = end};

/* ---- the request ---- */

/* A parameter's value, decoded; empty if it is missing. False: it cannot be read. */
static bool parameter(const struct web_exchange *e, const char *name, struct buf *out)
{
	buf_init(out, PARAMETER_MAX);
	int error = http_query_get(http_exchange_query(e->x), name, out);
	return error == 0 || error == -ENOENT;
}

static bool read_parameters(struct event_stream *s, struct web_exchange *e)
{
	struct buf types, close_after, ping;
	uint64_t seconds = 0;
	/* Each is read, so that each can be freed. */
	bool reads[] = {parameter(e, "types", &types), parameter(e, "closeafter", &close_after),
	    parameter(e, "ping", &ping)};
	bool good = reads[0] && reads[1] && reads[2];
	s->types = web_push_types(buf_view(&types).len ? buf_view(&types) : VIEW("*"), ',');
	s->close_after = view_equal(buf_view(&close_after), VIEW("state"));
	good = good && (s->close_after || buf_view(&close_after).len == 0 ||
	                   view_equal(buf_view(&close_after), VIEW("no")));
	good = good && (buf_view(&ping).len == 0 || view_to_u64(buf_view(&ping), UINT32_MAX, &seconds));
	if (seconds)
		s->ping = seconds < PING_LEAST  ? PING_LEAST
		          : seconds > PING_MOST ? PING_MOST
		                                : (uint16_t)seconds;
	buf_done(&types);
	buf_done(&close_after);
	buf_done(&ping);
	return good;
}

static void begin_answer(struct web_exchange *e)
{
	struct buf first;
	http_exchange_status(e->x, 200);
	http_exchange_add(e->x, "content-type", VIEW("text/event-stream"));
	/* nginx would gather what is written. */
	http_exchange_add(e->x, "x-accel-buffering", VIEW("no"));
	http_exchange_begin(e->x, HTTP_LENGTH_UNKNOWN);
	buf_init(&first, 64);
	buf_printf(&first, "retry: %d\n\n", RETRY_MS);
	http_exchange_write(e->x, buf_view(&first));
	http_exchange_flush(e->x);
	buf_done(&first);
}

void web_events_begin(struct web_exchange *e)
{
	struct event_stream *s = mem_alloc(sizeof *s);
	uint64_t since = WEB_PUSH_NEW;
	s->e = e;
	if (e->user->lost || e->connection->draining || !read_parameters(s, e)) {
		mem_free(s);
		if (e->user->lost || e->connection->draining)
			web_exchange_unavailable(e);
		else
			web_exchange_refuse(e, 400, NULL, NULL, "A parameter cannot be read.");
		return;
	}
	e->data = s;
	view_to_u64(http_exchange_field(e->x, "last-event-id"), UINT64_MAX - 1, &since);
	s->listener.handler = &handler;
	s->listener.user = e->user;
	begin_answer(e);
	/* HEAD has its whole answer; the connection is free for the next request. */
	if (http_exchange_is(e->x, "HEAD")) {
		http_exchange_end(e->x);
		e->data = NULL;
		mem_free(s);
		return;
	}
	web_push_join(&s->listener);
	set_due(s);
	web_push_want(&s->listener, s->types, since);
}

void web_events_room(struct web_exchange *e)
{
	struct event_stream *s = e->data;
	if (s && !s->ended)
		web_push_room(&s->listener);
}

void web_events_over(struct web_exchange *e, bool whole)
{
	struct event_stream *s = e->data;
	(void)whole;
	if (s == NULL)
		return;
	web_push_leave(&s->listener);
	mem_free(s);
}
