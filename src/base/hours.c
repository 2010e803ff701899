/* See hours.h: a ring, in which an hour's place is its number modulo HOURS_MAX. */
#include "base/hours.h"

#include <string.h>

void hours_add(struct hours *h, int64_t now, unsigned kind, uint64_t n)
{
	int64_t hour = now / HOUR_SECONDS;
	if (hour - h->newest >= HOURS_MAX) {
		memset(h->counts, 0, sizeof h->counts);
		h->newest = hour;
	}
	while (h->newest < hour)
		memset(h->counts[++h->newest % HOURS_MAX], 0, sizeof h->counts[0]);
	h->counts[h->newest % HOURS_MAX][kind] += n;
}

uint64_t hours_get(const struct hours *h, int64_t now, unsigned back, unsigned kind)
{
	int64_t hour = now / HOUR_SECONDS - back;
	return hour > h->newest || hour <= h->newest - HOURS_MAX || hour < 0
	           ? 0
	           : h->counts[hour % HOURS_MAX][kind];
}
