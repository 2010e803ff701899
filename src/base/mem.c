/* Allocation with a policy: ours never fails visibly, a peer's may. See mem.h. */
#include "base/mem.h"

#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned fail_countdown;

static void out_of_memory(void)
{
	static const char text[] = "postrider: out of memory, ending this process\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
	(void)ignored;
	abort();
}

static bool fault_now(void)
{
	return fail_countdown != 0 && --fail_countdown == 0;
}

void mem_fail_after(unsigned n)
{
	fail_countdown = n;
}

bool mem_fault_pending(void)
{
	return fail_countdown != 0;
}

void *mem_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);
	if (p == NULL)
		out_of_memory();
	return p;
}

void *mem_array(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);
	if (p == NULL)
		out_of_memory();
	return p;
}

void *mem_resize(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);
	if (p == NULL)
		out_of_memory();
	return p;
}

void *mem_try(size_t size)
{
	return fault_now() ? NULL : malloc(size ? size : 1);
}

void *mem_try_resize(void *old, size_t size)
{
	return fault_now() ? NULL : realloc(old, size ? size : 1);
}

char *mem_string(struct view v)
{
	char *copy = mem_alloc(v.len + 1);
	if (v.len)
		memcpy(copy, v.data, v.len);
	return copy;
}

void mem_free(void *p)
{
	free(p);
}

void mem_give_back(void)
{
	malloc_trim(0);
}

void mem_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}
