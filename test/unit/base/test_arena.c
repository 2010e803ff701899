#include "../unit.h"

#include "base/arena.h"

static void gives_zeroed_aligned_memory(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 100000);
	for (size_t n = 0; n < 300; n++) {
		char *p = arena_alloc(&a, n);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
		if (n % 100 == 99)
			arena_reset(&a);
	}
	arena_done(&a);
}

static void stops_at_its_maximum(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 1000);
	struct view copy;
	assert_non_null(arena_alloc(&a, 900));
	assert_false(arena_take_failure(&a));
	assert_null(arena_alloc(&a, 200));
	assert_true(arena_take_failure(&a));
	assert_false(arena_take_failure(&a));
	assert_null(arena_array(&a, SIZE_MAX / 2, 4));
	assert_true(arena_take_failure(&a));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_true(arena_take_failure(&a));
	assert_false(arena_copy(&a, view_of("", 5000), &copy));
	assert_true(arena_take_failure(&a));
	arena_reset(&a);
	assert_true(arena_copy(&a, VIEW("hello"), &copy));
	assert_string_equal(copy.data, "hello");
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_zeroed_aligned_memory),
	    cmocka_unit_test(stops_at_its_maximum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
