#include "../unit.h"

#include "base/utf8.h"

static void round_trips_every_code_point(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 8);
	for (int32_t c = 0; c <= 0x10ffff; c++) {
		if (c >= 0xd800 && c < 0xe000)
			continue;
		buf_clear(&b);
		assert_int_equal(utf8_append(&b, c), 0);
		struct view v = buf_view(&b);
		assert_int_equal(utf8_next(&v), c);
		assert_int_equal(v.len, 0);
	}
	buf_done(&b);
}

static void refuses_what_is_not_utf8(void **state)
{
	(void)state;
	const struct view bad[] = {VIEW("\x80"), VIEW("\xc0\x80"), VIEW("\xc1\xbf"), VIEW("\xe0\x80\x80"),
	    VIEW("\xed\xa0\x80"), VIEW("\xf0\x80\x80\x80"), VIEW("\xf4\x90\x80\x80"),
	    VIEW("\xf5\x80\x80\x80"), VIEW("\xe2\x82"), VIEW("\xe2x\x82"), VIEW("\xff")};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(utf8_valid(bad[i]));
	assert_true(utf8_valid(VIEW("\xf0\x9f\x93\xac \xd0\x9f\xe6\x9c\xab")));
	assert_int_equal(utf8_length(VIEW("\xf0\x9f\x93\xac\xff!")), 3);
}

static void cuts_no_character_apart(void **state)
{
	(void)state;
	assert_view(utf8_cut(VIEW("a\xe2\x82\xac"), 4), "a\xe2\x82\xac");
	for (size_t max = 1; max < 4; max++)
		assert_view(utf8_cut(VIEW("a\xe2\x82\xac"), max), "a");
	assert_view(utf8_cut(VIEW("\xe2\x82\xac"), 2), "");
	assert_view(utf8_cut(VIEW("abc"), 2), "ab");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trips_every_code_point),
	    cmocka_unit_test(refuses_what_is_not_utf8),
	    cmocka_unit_test(cuts_no_character_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
