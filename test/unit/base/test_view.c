#include "../unit.h"

static void compares(void **state)
{
	(void)state;
	assert_true(view_equal_nocase(VIEW("EhLo"), VIEW("ehlo")));
	assert_false(view_equal_nocase(VIEW("\xc3\x84"), VIEW("\xc3\xa4")));
	assert_false(view_equal(VIEW("a"), VIEW("ab")));
	assert_true(view_starts_nocase(VIEW("FROM:<>"), VIEW("from:")));
	assert_false(view_starts_nocase(VIEW("FR"), VIEW("from:")));
	assert_true(view_ends_nocase(VIEW("mail.Example"), VIEW(".example")));
	assert_true(view_compare(VIEW("a"), VIEW("ab")) < 0);
	assert_true(view_compare(VIEW("\xff"), VIEW("a")) > 0);
}

static void cuts(void **state)
{
	(void)state;
	assert_view(view_trim(VIEW(" \t a b\r\n")), "a b");
	assert_view(view_skip(VIEW("abc"), 5), "");
	assert_view(view_take(VIEW("abc"), 2), "ab");
	assert_int_equal(view_find_last(VIEW("a@b@c"), '@'), 3);
	assert_int_equal(view_find((struct view){0}, 'x'), -1);
	struct view rest = VIEW("a,,b"), part;
	assert_true(view_next(&rest, ',', &part));
	assert_view(part, "a");
	assert_true(view_next(&rest, ',', &part));
	assert_view(part, "");
	assert_true(view_next(&rest, ',', &part));
	assert_view(part, "b");
	assert_false(view_next(&rest, ',', &part));
}

static void reads_numbers(void **state)
{
	(void)state;
	uint64_t n = 7;
	assert_true(view_to_u64(VIEW("18446744073709551615"), UINT64_MAX, &n));
	assert_true(n == UINT64_MAX);
	n = 7;
	assert_false(view_to_u64(VIEW("18446744073709551616"), UINT64_MAX, &n));
	assert_false(view_to_u64(VIEW("11"), 10, &n));
	assert_false(view_to_u64(VIEW(""), 10, &n));
	assert_false(view_to_u64(VIEW("-1"), 10, &n));
	assert_false(view_to_u64(VIEW("1 "), 10, &n));
	assert_int_equal(n, 7);
}

static void reads_sizes(void **state)
{
	(void)state;
	uint64_t n = 7;
	assert_true(view_to_size(VIEW("500"), &n) && n == 500);
	assert_true(view_to_size(VIEW("64k"), &n) && n == 65536);
	assert_true(view_to_size(VIEW("3M"), &n) && n == 3 << 20);
	assert_true(view_to_size(VIEW("2G"), &n) && n == UINT64_C(2) << 30);
	assert_true(view_to_size(VIEW("16777215T"), &n) && n == UINT64_C(16777215) << 40);
	assert_true(view_to_size(VIEW("18446744073709551615"), &n) && n == UINT64_MAX);
	n = 7;
	assert_false(view_to_size(VIEW("16777216T"), &n)); /* 2^64 */
	assert_false(view_to_size(VIEW("K"), &n));
	assert_false(view_to_size(VIEW(""), &n));
	assert_false(view_to_size(VIEW("1KB"), &n));
	assert_false(view_to_size(VIEW("-1K"), &n));
	assert_int_equal(n, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(compares),
	    cmocka_unit_test(cuts),
	    cmocka_unit_test(reads_numbers),
	    cmocka_unit_test(reads_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
