#include "../unit.h"

#include <errno.h>

#include "mail/uid_ranges.h"

static struct buf ranges;

static int set_up(void **state)
{
	(void)state;
	buf_init(&ranges, 1000);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_done(&ranges);
	return 0;
}

static void add(uint32_t first, uint32_t last)
{
	assert_int_equal(uid_ranges_add(&ranges, first, last), 0);
}

static void uids_in_a_row_become_one_range(void **state)
{
	struct cursor c;
	uint32_t first, last;
	(void)state;
	add(3, 3);
	add(4, 4);
	add(5, 9);
	add(11, 11);
	assert_int_equal(buf_view(&ranges).len, 2 * UID_RANGE_SIZE);
	assert_int_equal(uid_ranges_count(buf_view(&ranges)), 8);
	assert_true(uid_ranges_valid(buf_view(&ranges), false));
	c = cursor_on(buf_view(&ranges));
	assert_true(uid_ranges_next(&c, &first, &last));
	assert_int_equal(first, 3);
	assert_int_equal(last, 9);
	assert_true(uid_ranges_next(&c, &first, &last));
	assert_int_equal(first, 11);
	assert_false(uid_ranges_next(&c, &first, &last));
	assert_true(cursor_ok(&c));
}

static void the_last_uid_of_all_ends_a_range(void **state)
{
	(void)state;
	add(UINT32_MAX, UINT32_MAX);
	/* 0 is what "the next one" would overflow to. */
	add(1, 1);
	assert_int_equal(buf_view(&ranges).len, 2 * UID_RANGE_SIZE);
	assert_true(uid_ranges_valid(buf_view(&ranges), true));
	assert_false(uid_ranges_valid(buf_view(&ranges), false));
}

static void membership_is_that_of_the_ranges(void **state)
{
	(void)state;
	assert_false(uid_ranges_have(buf_view(&ranges), 1));
	add(3, 5);
	add(8, 8);
	add(10, UINT32_MAX);
	for (uint32_t uid = 0; uid < 20; uid++) {
		bool is_in = (uid >= 3 && uid <= 5) || uid == 8 || uid >= 10;
		assert_int_equal(uid_ranges_have(buf_view(&ranges), uid), is_in);
	}
	assert_true(uid_ranges_have(buf_view(&ranges), UINT32_MAX));
}

static void what_is_no_range_is_found(void **state)
{
	(void)state;
	assert_true(uid_ranges_valid(VIEW(""), false));
	assert_false(uid_ranges_valid(VIEW("\0\0\0\1"), false));
	assert_false(uid_ranges_valid(VIEW("\0\0\0\1\0\0\0"), false));
	assert_false(uid_ranges_valid(VIEW("\0\0\0\0\0\0\0\1"), true));
	assert_false(uid_ranges_valid(VIEW("\0\0\0\2\0\0\0\1"), true));
	/* They overlap. */
	assert_false(uid_ranges_valid(VIEW("\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0\7"), false));
	assert_true(uid_ranges_valid(VIEW("\0\0\0\5\0\0\0\5\0\0\0\1\0\0\0\4"), true));
}

static void a_full_buffer_takes_no_half_of_a_range(void **state)
{
	struct buf small;
	(void)state;
	buf_init(&small, 12);
	assert_int_equal(uid_ranges_add(&small, 1, 2), 0);
	assert_int_equal(uid_ranges_add(&small, 5, 6), -ENOBUFS);
	assert_int_equal(buf_view(&small).len, UID_RANGE_SIZE);
	buf_done(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(uids_in_a_row_become_one_range, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_last_uid_of_all_ends_a_range, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(membership_is_that_of_the_ranges, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_no_range_is_found, set_up, tear_down),
	    cmocka_unit_test(a_full_buffer_takes_no_half_of_a_range),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
