/* What every fuzz target includes: the entry that libFuzzer calls, and a check that also holds without
 * NDEBUG. */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stdlib.h>

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void check(bool holds)
{
	if (!holds)
		abort();
}

/* Reads every byte, so that a view that points outside its memory is found. */
static inline void touch(struct view v)
{
	volatile unsigned char sum = 0;
	for (size_t i = 0; i < v.len; i++)
		sum = (unsigned char)(sum + (unsigned char)v.data[i]);
}

/*
 * Tells a session what was said, so many bytes at a time. `feed` gives it what it has not taken yet, answers
 * what it asks for, and returns how much it took; it is called until it takes nothing, or *closed.
 */
static inline void feed_in_pieces(struct view said, size_t piece,
    size_t (*feed)(void *arg, struct view bytes), void *arg, const bool *closed)
{
	struct buf given;
	buf_init(&given, 1 << 20);
	while (!*closed && said.len > 0) {
		size_t taken;
		buf_append(&given, view_take(said, piece));
		said = view_skip(said, piece);
		do {
			taken = feed(arg, buf_view(&given));
			check(taken <= buf_view(&given).len);
			buf_consume(&given, taken);
		} while (taken > 0 && !*closed);
	}
	buf_done(&given);
}

#endif
