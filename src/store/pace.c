/* The arithmetic of pace.h. */
#include "store/pace.h"

static unsigned within(uint64_t n, uint64_t least, uint64_t most)
{
	return (unsigned)(n < least ? least : n > most ? most : n);
}

unsigned pace_next(unsigned share, int64_t took_us)
{
	uint64_t took = took_us > 0 ? (uint64_t)took_us : 1;
	uint64_t wanted = (uint64_t)share * PACE_TARGET_US / took;
	wanted = within(wanted, share / 2, share + share / 4);
	return within(wanted, PACE_LEAST, PACE_ALL);
}
