#include "../unit.h"

#include "base/map.h"

static void agrees_with_a_plain_array(void **state)
{
	(void)state;
	enum { KEYS = 3000, STEPS = 60000 };
	static uintptr_t model[KEYS];
	struct map m;
	map_init(&m);
	uint32_t seed = 1;
	size_t live = 0;
	for (int step = 1; step <= STEPS; step++) {
		seed = seed * 1664525 + 1013904223;
		uint64_t key = seed >> 8 & 2047;
		void *before = (void *)model[key];
		if (seed >> 30) {
			assert_ptr_equal(map_set_u64(&m, key, (void *)(uintptr_t)step), before);
			model[key] = (uintptr_t)step;
			live += before == NULL;
		} else {
			assert_ptr_equal(map_remove_u64(&m, key), before);
			model[key] = 0;
			live -= before != NULL;
		}
		assert_int_equal(m.count, live);
	}
	for (uint64_t key = 0; key < KEYS; key++)
		assert_ptr_equal(map_get_u64(&m, key), (void *)model[key]);
	size_t position = 0, seen = 0;
	while (map_each(&m, &position, NULL, NULL))
		seen++;
	assert_int_equal(seen, live);
	map_done(&m);
}

static void keys_may_hold_any_bytes(void **state)
{
	(void)state;
	struct map m;
	map_init(&m);
	int a, b, c;
	assert_null(map_get(&m, VIEW("")));
	map_set(&m, VIEW(""), &a);
	map_set(&m, VIEW("\0"), &b);
	map_set(&m, VIEW("\0x"), &c);
	assert_ptr_equal(map_get(&m, VIEW("")), &a);
	assert_ptr_equal(map_get(&m, VIEW("\0")), &b);
	assert_ptr_equal(map_remove(&m, VIEW("\0x")), &c);
	assert_null(map_remove(&m, VIEW("\0x")));
	map_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agrees_with_a_plain_array),
	    cmocka_unit_test(keys_may_hold_any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
