/*
 * The memory of the event library. It keeps a few bytes for each descriptor number that was ever watched, as
 * long as the process lives. Among our own memory each of them would hold a page when a crowd of connections
 * has gone; here they lie together.
 */
#ifndef IO_LOOP_MEMORY_H
#define IO_LOOP_MEMORY_H

#include <stddef.h>

/* Before the library is first used; further calls do nothing. */
void loop_memory_init(void);

/* What the library then calls: as malloc, realloc and free, NULL without memory. */
void *loop_memory_allocate(size_t size);
void *loop_memory_resize(void *p, size_t size);
void loop_memory_release(void *p);

#endif
