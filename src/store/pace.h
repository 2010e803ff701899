/*
 * How much a checkpoint holds. Everybody waits while one is written, so it may take PACE_TARGET_US and no
 * longer. What it writes follows from how scattered the changes are, and how fast from the disk: neither can
 * be told beforehand. So the limits of embedded.h are the most, and a share of them is used that follows from
 * what the last checkpoints took.
 */
#ifndef STORE_PACE_H
#define STORE_PACE_H

#include <stdint.h>

enum {
	PACE_TARGET_US = 15000, /* a third of what the slowest of a thousand deliveries may take */
	PACE_ALL = 1024,        /* a share is so many parts of this */
	PACE_FIRST = PACE_ALL / 4,
	PACE_LEAST = PACE_ALL / 16 /* below it the two syncs of a checkpoint are what takes the time */
};

/*
 * The share for the next checkpoint, when one of this share took so long. It falls by no more than a half,
 * since the disk may have been slow for a reason of its own, and rises by no more than a quarter. Never
 * below PACE_LEAST or above PACE_ALL.
 */
unsigned pace_next(unsigned share, int64_t took_us);

#endif
