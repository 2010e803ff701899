/*
 * Decides who gets a place where there are few: a pure machine, for connections (relay_host.c) and DNS
 * questions (role_dns.c). A share is so many places: of all connections, of those to one address or one
 * network. Each connection takes a place in each share that concerns it. A member that finds none waits in
 * that share's line, and is served in the order in which the line was joined.
 *
 * Nobody starves: the shares of a claim are taken in their order, the narrowest first, and what has been
 * taken is held while the next one is waited for. All claims have the same order, so they never wait for
 * each other in a circle; and each line moves on when a place is given back.
 */
#ifndef BASE_SHARE_H
#define BASE_SHARE_H

#include <stdbool.h>
#include <stddef.h>

enum { SHARES_MAX = 6 }; /* of a connection: address, network, unknown, unproven, reports, all */

struct share_claim;

/* `max` is set by its owner; a zeroed one with a `max` is ready. */
struct share {
	size_t count, max;
	struct share_claim *first, *last; /* the line */
};

struct share_claim {
	/* Called once for a claim that had to wait and has all its places now; from within the functions
	 * below, so it only makes a note. */
	void (*granted)(void *arg);
	/* Its turn in one line has come, and it waits in the next one now; as `granted`. May be NULL. */
	void (*moved)(void *arg);
	void *arg;
	struct share *shares[SHARES_MAX]; /* not to be changed while it waits */
	size_t share_count;

	/* Internal. */
	size_t held;        /* of the shares, while it waits */
	struct share *line; /* NULL: does not wait */
	struct share_claim *next, *previous;
};

/* Takes a place in each share: true. False: it waits for the rest, and `granted` follows. Not while it waits.
 */
bool share_take(struct share_claim *claim);

/* Gives up waiting, and the places held so far; allowed when it does not wait. */
void share_leave(struct share_claim *claim);

/* The end of a connection, or of what made it count in a share. Wakes who waits. */
void share_give_back(struct share *const *shares, size_t count);

/* Wakes who finds room under a higher limit. A lower one holds for who comes. */
void share_limit(struct share *share, size_t max);

/* Whether anybody but `own` (may be NULL) waits for one of them. */
bool share_is_wanted(struct share *const *shares, size_t count, const struct share_claim *own);

#endif
