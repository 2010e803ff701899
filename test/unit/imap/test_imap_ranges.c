/* Sets of UIDs as ranges, against sets as bits. */
#include "../unit.h"

#include "imap/imap_ranges.h"

enum { UIDS = 64, ROUNDS = 20000 };

static uint64_t random_set(void)
{
	uint64_t set = 0;
	for (int i = 0; i < UIDS; i++)
		if (rand() % 3 == 0)
			set |= (uint64_t)1 << i;
	return rand() % 4 ? set : set & (set << 1) & (set << 2);
}

/* UID 1 is bit 0. */
static void put_set(struct buf *ranges, uint64_t set)
{
	buf_clear(ranges);
	for (uint32_t i = 0; i < UIDS; i++)
		if (set >> i & 1)
			uid_ranges_add(ranges, i + 1, i + 1);
}

static void expect(bool (*together)(struct buf *out, struct view a, struct view b), struct view a,
    struct view b, uint64_t set)
{
	struct buf out, expected;
	buf_init(&out, 4096);
	buf_init(&expected, 4096);
	put_set(&expected, set);
	assert_true(together(&out, a, b));
	assert_true(uid_ranges_valid(buf_view(&out), false));
	assert_true(view_equal(buf_view(&out), buf_view(&expected)));
	buf_done(&out);
	buf_done(&expected);
}

static void are_as_sets(void **state)
{
	(void)state;
	struct buf a, b;
	buf_init(&a, 4096);
	buf_init(&b, 4096);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t x = random_set(), y = random_set();
		put_set(&a, x);
		put_set(&b, y);
		expect(imap_ranges_both, buf_view(&a), buf_view(&b), x & y);
		expect(imap_ranges_without, buf_view(&a), buf_view(&b), x & ~y);
		expect(imap_ranges_either, buf_view(&a), buf_view(&b), x | y);
	}
	buf_done(&a);
	buf_done(&b);
}

/* The highest UID has nothing behind it. */
static void reach_the_highest(void **state)
{
	(void)state;
	struct buf a, b, out;
	buf_init(&a, 100);
	buf_init(&b, 100);
	buf_init(&out, 100);
	uid_ranges_add(&a, 5, UINT32_MAX);
	uid_ranges_add(&b, 7, UINT32_MAX);
	assert_true(imap_ranges_without(&out, buf_view(&a), buf_view(&b)));
	assert_int_equal(uid_ranges_count(buf_view(&out)), 2);
	buf_clear(&out);
	assert_true(imap_ranges_either(&out, buf_view(&a), buf_view(&b)));
	assert_true(view_equal(buf_view(&out), buf_view(&a)));
	buf_done(&a);
	buf_done(&b);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(are_as_sets),
	    cmocka_unit_test(reach_the_highest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
