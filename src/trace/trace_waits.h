/*
 * Which messages wait for which destination, while lines of the trace records are read in their order: a
 * failed attempt at a host is one line, and belongs to each message that waited for the host's destination
 * then.
 */
#ifndef TRACE_TRACE_WAITS_H
#define TRACE_TRACE_WAITS_H

#include "base/arena.h"
#include "base/map.h"

struct trace_waits {
	struct arena *arena; /* the owner's: what it runs out of is not followed */
	struct map by_name;
};

void trace_waits_init(struct trace_waits *w, struct arena *arena);
void trace_waits_done(struct trace_waits *w);

/* A line of a message's: its event (enum trace_kind) and fields. */
void trace_waits_follow(struct trace_waits *w, void *message, int event, struct view fields);

/* Calls `found` for each message that waits for this destination. */
void trace_waits_each(
    struct trace_waits *w, struct view destination, void (*found)(void *arg, void *message), void *arg);

#endif
