/*
 * Counting for reports, from the side of whoever sees things happen: what is alike is counted together here
 * and told to store (ledger/tally.h) about once a second, so that a message costs no commit of its own. What
 * a process has not told when it dies is lost: a second's counts.
 */
#ifndef PROCESS_TALLIES_H
#define PROCESS_TALLIES_H

#include "process/link.h"
#include "io/loop.h"

enum {
	TALLIES_SOON_MS = 1000,   /* until store is told */
	TALLIES_BYTES_MAX = 1600, /* of a policy, and of a row */
	TALLIES_WAITING_MAX =
	    2000 /* rows that wait for store: what is alike takes one. More are not counted. */
};

struct tallies {
	struct calls *store;
	unsigned kind; /* enum tally_kind */
	struct map waiting;
	struct map sending; /* with the message under way */
	struct loop_timer timer;
	uint32_t request;
	bool ticking; /* the timer is set */
	bool full;    /* it was said that rows are lost */
};

/* The struct stays where it is. */
void tallies_init(struct tallies *t, struct loop *loop, struct calls *store, unsigned kind);

/* One more on this day; subject: a domain in A-labels. One that store would refuse (too long) is not counted.
 */
void tallies_count(
    struct tallies *t, int64_t now, struct view subject, struct view policy, struct view row, uint64_t count);

/* Tells store what waits, now. */
void tallies_flush(struct tallies *t);
void tallies_done(struct tallies *t);

#endif
