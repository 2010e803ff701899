/* See data_rate.h. */
#include "edge/data_rate.h"

bool data_rate_too_slow(struct data_rate *rate, int64_t now, size_t bytes, uint64_t least)
{
	if (!rate->counting)
		*rate = (struct data_rate){.counting = true, .since = now};
	rate->bytes += bytes;
	int64_t ms = now - rate->since;
	if (ms < DATA_RATE_WINDOW_MS)
		return false;
	/* The window may have been longer, where nothing came: then more was due. */
	bool slow = rate->bytes < least * (uint64_t)ms / 1000;
	*rate = (struct data_rate){.counting = true, .since = now};
	return slow;
}
