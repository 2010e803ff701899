/* How long to wait before the next attempt (RFC 5321 section 4.5.4.1). Pure: no clock, no random source
 * inside. */
#ifndef QUEUE_SCHEDULE_H
#define QUEUE_SCHEDULE_H

#include <stdint.h>

struct schedule {
	int64_t retry_min, retry_max; /* seconds */
};

/*
 * Seconds to wait after so many failures in a row (1: the first): retry_min, then twice as long each time up
 * to retry_max, less a quarter at most. `random` spreads what failed together, so that it doesn't come back
 * together. Never less than a second, nor more than retry_max.
 */
int64_t schedule_wait(const struct schedule *s, uint32_t failures, uint32_t random);

/*
 * The same for one message's recipient at a host that answers: the moment, rounded up to a sixteenth of the
 * wait (at most a minute), so that those of one destination come back in groups and share connections.
 */
int64_t schedule_not_before(const struct schedule *s, int64_t now, uint32_t attempts, uint32_t random);

/* No attempt is put off by more than that. */
int64_t schedule_most(const struct schedule *s);

/* A random number for the i-th of several that have one seed. */
uint32_t schedule_mix(uint64_t seed, uint64_t i);

#endif
