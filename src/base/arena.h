/*
 * An arena: memory that is given out in order and freed whole, at the end of a command, a transaction or a
 * connection. It is born with a maximum; past it arena_alloc gives NULL, and the caller answers its peer with
 * a limit error. Objects are zeroed and aligned for any type.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/view.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used, max;
	bool failed;
};

void arena_init(struct arena *a, size_t max);

/* Frees everything; the arena is usable afterwards. arena_reset keeps the newest block for the next round. */
void arena_done(struct arena *a);
void arena_reset(struct arena *a);

/* NULL past the maximum or without memory. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((warn_unused_result));
void *arena_array(struct arena *a, size_t count, size_t size) __attribute__((warn_unused_result));

/* A copy of the bytes, in *copy, NUL-terminated behind its end. False past the maximum or without memory. */
bool arena_copy(struct arena *a, struct view v, struct view *copy) __attribute__((warn_unused_result));

/* Whether an allocation failed since the last call, or since the arena was made. A session that answers
 * one command as a whole asks once, at its end. */
bool arena_take_failure(struct arena *a);

#endif
