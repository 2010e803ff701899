/* What the event library keeps for each descriptor lies together, whatever is allocated between. */
#include "../unit.h"

#include "base/mem.h"
#include "io/loop_memory.h"

enum { PIECES = 5000, PAGE = 4096, SMALL = 24 };

static int compare(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;
	return x < y ? -1 : x > y;
}

/* How many pages these pieces keep from being given back. */
static size_t pages_held(void *const pieces[PIECES])
{
	static uintptr_t pages[PIECES];
	size_t count = 1;
	for (size_t i = 0; i < PIECES; i++)
		pages[i] = (uintptr_t)pieces[i] / PAGE;
	qsort(pages, PIECES, sizeof pages[0], compare);
	for (size_t i = 1; i < PIECES; i++)
		count += pages[i] != pages[i - 1];
	return count;
}

static void small_pieces_lie_together(void **state)
{
	static void *pieces[PIECES], *between[PIECES];
	(void)state;
	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = loop_memory_allocate(SMALL);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		memset(pieces[i], (int)(i & 0xff), SMALL);
		between[i] = mem_alloc(10000); /* a connection */
	}
	assert_true(pages_held(pieces) <= PIECES * 48 / PAGE + 16);
	for (size_t i = 0; i < PIECES; i++) {
		char expected[SMALL];
		memset(expected, (int)(i & 0xff), SMALL);
		assert_memory_equal(pieces[i], expected, SMALL);
		mem_free(between[i]);
	}
	/* What was given back is used again. */
	for (size_t i = 0; i < PIECES; i++)
		loop_memory_release(pieces[i]);
	for (size_t i = 0; i < PIECES; i++)
		pieces[i] = loop_memory_allocate(SMALL);
	assert_true(pages_held(pieces) <= PIECES * 48 / PAGE + 16);
	for (size_t i = 0; i < PIECES; i++)
		loop_memory_release(pieces[i]);
}

static void pieces_grow_and_shrink(void **state)
{
	const size_t sizes[] = {1, 24, 32, 33, 4096, 100000, 31, 32, 200, 0, 8};
	char *p = NULL;
	size_t len = 0;
	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		size_t size = sizes[i], kept = size < len ? size : len;
		p = loop_memory_resize(p, size);
		assert_non_null(p);
		for (size_t k = 0; k < kept; k++)
			assert_int_equal(p[k], (char)(k * 7));
		for (size_t k = 0; k < size; k++)
			p[k] = (char)(k * 7);
		len = size;
	}
	loop_memory_release(p);
	loop_memory_release(NULL);
	assert_null(loop_memory_allocate(SIZE_MAX));
	assert_null(loop_memory_resize(NULL, SIZE_MAX - 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(small_pieces_lie_together),
	    cmocka_unit_test(pieces_grow_and_shrink),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
