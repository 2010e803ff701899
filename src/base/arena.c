/* The arena of arena.h: a list of blocks, the newest one in use. */
#include "base/arena.h"

#include <string.h>

#include "base/mem.h"

enum { BLOCK_SIZE = 4096 - 64, ALIGNMENT = 16 };

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(ALIGNMENT) char data[];
};

void arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){.max = max};
}

void arena_done(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;
		mem_free(a->blocks);
		a->blocks = next;
	}
	a->used = 0;
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = a->blocks;
	if (keep == NULL)
		return;
	a->blocks = keep->next;
	arena_done(a);
	if (keep->size > BLOCK_SIZE) {
		mem_free(keep);
		return;
	}
	keep->next = NULL;
	keep->used = 0;
	a->blocks = keep;
}

static void *allocate(struct arena *a, size_t size)
{
	if (size > a->max || a->max - size < ALIGNMENT)
		return NULL;
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (a->used > a->max - size)
		return NULL;
	struct arena_block *block = a->blocks;
	if (block == NULL || block->size - block->used < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
		block = mem_try(sizeof *block + room);
		if (block == NULL)
			return NULL;
		*block = (struct arena_block){.next = a->blocks, .size = room};
		a->blocks = block;
	}
	void *p = block->data + block->used;
	block->used += size;
	a->used += size;
	memset(p, 0, size);
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p = allocate(a, size);
	a->failed |= p == NULL;
	return p;
}

bool arena_take_failure(struct arena *a)
{
	bool failed = a->failed;
	a->failed = false;
	return failed;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	/* An allocation past the maximum fails like one without memory. */
	return arena_alloc(a, size != 0 && count > a->max / size ? SIZE_MAX : count * size);
}

bool arena_copy(struct arena *a, struct view v, struct view *copy)
{
	char *p = arena_alloc(a, v.len < a->max ? v.len + 1 : SIZE_MAX);
	if (p == NULL)
		return false;
	if (v.len)
		memcpy(p, v.data, v.len);
	*copy = view_of(p, v.len);
	return true;
}
