/*
 * Cells of one size for what is small, from slabs that are never given back; what is larger comes from the C
 * library. Every piece has its size in front, so that a piece is known again. A lock, since the resolver's
 * thread uses the same library.
 */
#include "io/loop_memory.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	SMALL = 32,  /* what is kept for a descriptor has 24 bytes */
	CELLS = 1024 /* in a slab */
};

struct piece {
	alignas(max_align_t) size_t size;
};

union cell {
	union cell *next; /* of the free ones */
	struct {
		struct piece piece;
		char content[SMALL];
	} used;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static union cell *free_cells;

/* Under the lock. */
static bool add_slab(void)
{
	union cell *slab = calloc(CELLS, sizeof *slab);
	if (slab == NULL)
		return false;
	for (size_t i = 0; i < CELLS; i++) {
		slab[i].next = free_cells;
		free_cells = &slab[i];
	}
	return true;
}

static struct piece *take_cell(void)
{
	union cell *cell = NULL;
	pthread_mutex_lock(&lock);
	if (free_cells || add_slab()) {
		cell = free_cells;
		free_cells = cell->next;
	}
	pthread_mutex_unlock(&lock);
	return cell ? &cell->used.piece : NULL;
}

void *loop_memory_allocate(size_t size)
{
	if (size > SIZE_MAX - sizeof(struct piece))
		return NULL;
	struct piece *piece = size <= SMALL ? take_cell() : malloc(sizeof *piece + size);
	if (piece == NULL)
		return NULL;
	piece->size = size;
	return piece + 1;
}

void loop_memory_release(void *p)
{
	if (p == NULL)
		return;
	struct piece *piece = (struct piece *)p - 1;
	if (piece->size > SMALL) {
		free(piece);
		return;
	}
	union cell *cell = (union cell *)(void *)piece;
	pthread_mutex_lock(&lock);
	cell->next = free_cells;
	free_cells = cell;
	pthread_mutex_unlock(&lock);
}

void *loop_memory_resize(void *p, size_t size)
{
	size_t old = p ? ((struct piece *)p - 1)->size : 0;
	if (size > SIZE_MAX - sizeof(struct piece))
		return NULL;
	if (old > SMALL && size > SMALL) {
		struct piece *piece = realloc((struct piece *)p - 1, sizeof *piece + size);
		if (piece == NULL)
			return NULL;
		piece->size = size;
		return piece + 1;
	}
	void *bigger = loop_memory_allocate(size);
	if (bigger == NULL)
		return NULL;
	if (p)
		memcpy(bigger, p, old < size ? old : size);
	loop_memory_release(p);
	return bigger;
}

void loop_memory_init(void)
{
	static bool done;
	if (!done)
		event_set_mem_functions(loop_memory_allocate, loop_memory_resize, loop_memory_release);
	done = true;
}
