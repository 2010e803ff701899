/*
 * The places that a connection has (base/share.h), and when it gives them up: because it has become one that
 * they are not counted for, or because it has had its turn.
 */
#ifndef ROLE_RELAY_RELAY_TURN_H
#define ROLE_RELAY_RELAY_TURN_H

#include <stdint.h>

#include "base/share.h"

enum {
	/* A connection that others wait for is given up after so many messages, or so long: whoever waits is
	 * served within minutes, and a connection still pays. */
	RELAY_TURN_MESSAGES = 100,
	RELAY_TURN_MS = 10 * 1000
};

struct relay_turn {
	struct share *shares[SHARES_MAX]; /* in which it has a place */
	size_t share_count;
	const struct share_claim
	    *own;      /* its host's: what waits there wants one more connection, not this one's place */
	int64_t since; /* when it began to work for its host, or nobody waited */
	unsigned messages;
};

/* With the places that the claim has got. The claim must live as long. */
void relay_turn_begin(struct relay_turn *t, const struct share_claim *claim);
/* Gives all places back. */
void relay_turn_end(struct relay_turn *t);
bool relay_turn_has(const struct relay_turn *t, const struct share *share);
/* Its host has taken mail: it is one of those that are served whatever becomes of the others. */
void relay_turn_prove(struct relay_turn *t);
/* It carries what is no report. */
void relay_turn_carry_regular(struct relay_turn *t);
/* Others wait for one of its places. */
bool relay_turn_is_wanted(const struct relay_turn *t);
/* Others wait, and it has had its turn. */
bool relay_turn_is_over(struct relay_turn *t);

#endif
