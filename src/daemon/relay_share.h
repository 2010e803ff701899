/*
 * Who may open a connection: a pure machine. A share is so many places: of all connections, of those to one address or
 * one network, of those that carry reports. A connection takes a place in each share that concerns it. Who finds
 * none waits in that share's line, and is served in the order in which the line was joined.
 *
 * Nobody starves: the shares of a claim are taken in their order, the narrowest first, and what has been taken is held
 * while the next one is waited for. All claims have the same order, so they never wait for each other in a circle; and
 * each line moves on when a place is given back.
 */
#ifndef DAEMON_RELAY_SHARE_H
#define DAEMON_RELAY_SHARE_H

#include <stdbool.h>
#include <stddef.h>

enum { RELAY_SHARES_MAX = 6 }; /* address, network, unknown, unproven, reports, all */

struct relay_claim;

/* `max` is set by its owner; a zeroed one with a `max` is ready. */
struct relay_share {
	size_t count, max;
	struct relay_claim *first, *last; /* the line */
};

struct relay_claim {
	/* Called once for a claim that had to wait and has all its places now; from within the functions below, so it
	 * only makes a note. */
	void (*granted)(void *arg);
	void *arg;
	struct relay_share *shares[RELAY_SHARES_MAX]; /* not to be changed while it waits */
	size_t share_count;

	/* Internal. */
	size_t held; /* of the shares, while it waits */
	struct relay_share *line; /* NULL: does not wait */
	struct relay_claim *next, *previous;
};

/* Takes a place in each share: true. False: it waits for the rest, and `granted` follows. Not while it waits. */
bool relay_share_take(struct relay_claim *claim);

/* Gives up waiting, and the places held so far; allowed when it does not wait. */
void relay_share_leave(struct relay_claim *claim);

/* The end of a connection, or of what made it count in a share. Wakes who waits. */
void relay_share_give_back(struct relay_share *const *shares, size_t count);

/* Wakes who finds room under a higher limit. A lower one holds for who comes. */
void relay_share_limit(struct relay_share *share, size_t max);

/* Whether anybody but `own` (may be NULL) waits for one of them. */
bool relay_share_is_wanted(struct relay_share *const *shares, size_t count, const struct relay_claim *own);

#endif
