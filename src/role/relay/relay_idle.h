/*
 * Connections without work, of all hosts, in the order in which they became idle. Each is kept for a while,
 * since more mail may come; but not for long where others wait for one of its places.
 */
#ifndef ROLE_RELAY_RELAY_IDLE_H
#define ROLE_RELAY_RELAY_IDLE_H

#include "io/loop.h"
#include "role/relay/relay_turn.h"

enum {
	RELAY_IDLE_MS = 5 * 1000, /* that a connection without work is kept */
	RELAY_SPARE_MS =
	    500 /* that it is kept while others wait for its place: store may have more mail for it */
};

/* Embedded in a connection. */
struct relay_idle {
	struct relay_idle *after, *before;
	const struct relay_turn *turn;
	struct loop_timer *timer; /* the connection's: it ends when that fires */
	int64_t since;
	bool spared; /* its place is wanted: it goes when RELAY_SPARE_MS are over */
	bool listed;
};

void relay_idle_begin(struct relay_idle *i, const struct relay_turn *turn, struct loop_timer *timer);
/* It has work again, or ends. Allowed when it is not idle. */
void relay_idle_end(struct relay_idle *i);
/* Somebody waits for a place in this share: an idle connection that has one goes soon. */
void relay_idle_spare(const struct share *share);

#endif
