/* One store in memory, `store`, new for each test: its set-up and tear-down. */
#ifndef TEST_STORE_IN_MEMORY_H
#define TEST_STORE_IN_MEMORY_H

#include "support.h"

static struct store *store;

static inline int store_begin(void **state)
{
	(void)state;
	store = store_memory();
	return 0;
}

static inline int store_end(void **state)
{
	(void)state;
	store_close(store);
	return 0;
}

#endif
