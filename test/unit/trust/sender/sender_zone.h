/* What an evaluation over a zone has, new for each test: answers, memory, and their set-up and tear-down. */
#ifndef TEST_SENDER_ZONE_H
#define TEST_SENDER_ZONE_H

#include "../dns/zone.h"

static struct answers answers;
static struct arena arena;

/* The zone is empty, nothing was asked, and the memory is `memory` octets. */
static inline int zone_begin(size_t memory)
{
	zone_clear();
	answers_init(&answers);
	arena_init(&arena, memory);
	return 0;
}

static inline int zone_end(void **state)
{
	(void)state;
	answers_done(&answers);
	arena_done(&arena);
	zone_clear();
	return 0;
}

#endif
