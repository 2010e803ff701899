/* What every fuzz target includes: the entry that libFuzzer calls, and a check that also holds without
 * NDEBUG. */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stdlib.h>

#include "base/view.h"

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

#endif
