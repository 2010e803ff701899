/* A client that sends a message too slowly holds a connection and an upload for nothing: how slow it is, over
 * some minutes. */
#ifndef EDGE_DATA_RATE_H
#define EDGE_DATA_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DATA_RATE_WINDOW_MS = 300000 };

/* Zeroed at the beginning of a message. */
struct data_rate {
	bool counting;
	int64_t since; /* of the window: clock_monotonic_ms */
	uint64_t bytes;
};

/* So many bytes have come. True at the end of a window in which fewer than `least` a second did. */
bool data_rate_too_slow(struct data_rate *rate, int64_t now, size_t bytes, uint64_t least);

#endif
