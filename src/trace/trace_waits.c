/* See trace_waits.h. */
#include "trace/trace_waits.h"

#include "base/buf.h"
#include "base/log_line.h"
#include "trace/trace_line.h"

struct wait {
	struct wait *next; /* of the same destination */
	void *message;
	size_t recipients;
};

void trace_waits_init(struct trace_waits *w, struct arena *arena)
{
	w->arena = arena;
	map_init(&w->by_name);
}

void trace_waits_done(struct trace_waits *w)
{
	map_done(&w->by_name);
}

static void add(struct trace_waits *w, void *message, struct view destination)
{
	struct wait *first = map_get(&w->by_name, destination);
	for (struct wait *x = first; x; x = x->next)
		if (x->message == message) {
			x->recipients++;
			return;
		}
	struct wait *x = arena_alloc(w->arena, sizeof *x);
	if (x == NULL)
		return;
	*x = (struct wait){.next = first, .message = message, .recipients = 1};
	map_set(&w->by_name, destination, x);
}

static void take(struct trace_waits *w, void *message, struct view destination)
{
	for (struct wait *x = map_get(&w->by_name, destination); x; x = x->next)
		if (x->message == message && x->recipients > 0)
			x->recipients--;
}

static void forget(struct trace_waits *w, void *message)
{
	size_t position = 0;
	void *value;
	while (map_each(&w->by_name, &position, NULL, &value))
		for (struct wait *x = value; x; x = x->next)
			if (x->message == message)
				x->recipients = 0;
}

void trace_waits_follow(struct trace_waits *w, void *message, int event, struct view fields)
{
	struct view key, value;
	struct buf name;
	if (event == TRACE_DONE || event == TRACE_DELETED) {
		forget(w, message);
		return;
	}
	bool ends = event == TRACE_RELAYED || event == TRACE_FAILED || event == TRACE_EXPIRED ||
	            event == TRACE_DELIVERED;
	if (!ends && event != TRACE_QUEUED)
		return;
	buf_init(&name, LOG_LINE_MAX);
	while (buf_view(&name).len == 0 && log_field_next(&fields, &key, &value))
		if (view_equal(key, VIEW("destination")))
			log_value_append(value, &name);
	if (buf_view(&name).len > 0)
		(ends ? take : add)(w, message, buf_view(&name));
	buf_done(&name);
}

void trace_waits_each(
    struct trace_waits *w, struct view destination, void (*found)(void *arg, void *message), void *arg)
{
	for (struct wait *x = map_get(&w->by_name, destination); x; x = x->next)
		if (x->recipients > 0)
			found(arg, x->message);
}
