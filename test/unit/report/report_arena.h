/* The memory in which the tests of reports read, new for each test: its set-up and tear-down. */
#ifndef TEST_REPORT_ARENA_H
#define TEST_REPORT_ARENA_H

#include "../unit.h"

#include "report/report.h"

static struct arena arena;

static inline int arena_begin(void **state)
{
	(void)state;
	arena_init(&arena, REPORT_MEMORY);
	return 0;
}

static inline int arena_end(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

#endif
