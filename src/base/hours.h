/* What happened how often, by the hour of the wall clock, for the last two days: a few counters in memory,
 * for whoever looks at how the server fares. */
#ifndef BASE_HOURS_H
#define BASE_HOURS_H

#include <stdint.h>

enum { HOURS_MAX = 48, HOURS_KINDS = 4, HOUR_SECONDS = 3600 };

/* Zeroed at first. */
struct hours {
	int64_t newest; /* hours since 1970 */
	uint64_t counts[HOURS_MAX][HOURS_KINDS];
};

/* now: seconds since 1970. What a clock that was set back brings counts for the newest hour. */
void hours_add(struct hours *h, int64_t now, unsigned kind, uint64_t n);

/* Of the hour that lies `back` before the one of `now` (below HOURS_MAX); 0 where nothing was counted. */
uint64_t hours_get(const struct hours *h, int64_t now, unsigned back, unsigned kind);

#endif
