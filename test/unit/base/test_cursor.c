#include "../unit.h"

#include "base/cursor.h"

static void reads_and_stops_at_the_end(void **state)
{
	(void)state;
	struct cursor c = cursor_on(VIEW("\x01\x02\x03\x04\x05\x06\x07zz"));
	assert_int_equal(cursor_u8(&c), 1);
	assert_int_equal(cursor_u16(&c), 0x0203);
	assert_int_equal(cursor_u32(&c), 0x04050607);
	assert_true(cursor_ok(&c));
	assert_int_equal(cursor_u32(&c), 0);
	assert_false(cursor_ok(&c));
	/* A failed cursor stays failed, even for what would still fit. */
	assert_int_equal(cursor_u8(&c), 0);
}

static void reads_text(void **state)
{
	(void)state;
	struct cursor c = cursor_on(VIEW("From:abc <"));
	assert_true(cursor_accept_nocase(&c, VIEW("FROM:")));
	assert_view(cursor_while(&c, ascii_is_alpha), "abc");
	assert_int_equal(cursor_peek(&c), ' ');
	assert_false(cursor_accept(&c, '<'));
	assert_true(cursor_accept(&c, ' '));
	assert_true(cursor_accept(&c, '<'));
	assert_true(cursor_at_end(&c));
	assert_int_equal(cursor_peek(&c), -1);
	assert_true(cursor_ok(&c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_and_stops_at_the_end),
	    cmocka_unit_test(reads_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
