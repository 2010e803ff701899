/* Encoded characters, and references to variables. */
#include "../unit.h"

#include <errno.h>

#include "sieve/sieve_text.h"

static void assert_decoded(const char *text, const char *expected)
{
	struct view decoded = view_from_string(text), wrong;
	struct arena arena;

	arena_init(&arena, 1000);
	assert_int_equal(sieve_text_decode(&decoded, &arena, &wrong), 0);
	assert_view(decoded, expected);
	arena_done(&arena);
}

/* RFC 5228 section 2.4.2.4, with its examples. */
static void encoded_characters(void **state)
{
	struct view text = VIEW("a${unicode:41 d800}"), wrong;
	struct arena arena;

	(void)state;
	assert_decoded("$${hex:40}", "$@");
	assert_decoded("${hex: 40 }", "@");
	assert_decoded("${HEX: 40}", "@");
	assert_decoded("${hex:40", "${hex:40");
	assert_decoded("${hex:400}", "${hex:400}");
	assert_decoded("${hex:4${hex:30}}", "${hex:40}");
	assert_decoded("${unicode:40}", "@");
	assert_decoded("${ unicode:40}", "${ unicode:40}");
	assert_decoded("${UNICODE:40}", "@");
	assert_decoded("${UnICoDE:0000040}", "@");
	assert_decoded("${Unicode:40}", "@");
	assert_decoded("${Unicode:Cool}", "${Unicode:Cool}");
	assert_decoded("${hex:24 24}", "$$");
	assert_decoded("${hex:c3\r\n a4}x${unicode:1F600}", "\xc3\xa4x\xf0\x9f\x98\x80");
	assert_decoded("${hex:}", "${hex:}");
	arena_init(&arena, 1000);
	assert_int_equal(sieve_text_decode(&text, &arena, &wrong), -EINVAL);
	assert_view(wrong, "d800");
	text = VIEW("${unicode:110000}");
	assert_int_equal(sieve_text_decode(&text, &arena, &wrong), -EINVAL);
	text = VIEW("${unicode:33333333333333333333333}");
	assert_int_equal(sieve_text_decode(&text, &arena, &wrong), -EINVAL);
	arena_done(&arena);
}

static void references(void **state)
{
	struct view text = VIEW("a ${b_1} $${12}${a.b} ${1a} ${-} ${c"), before, name;

	(void)state;
	assert_true(sieve_text_next(&text, &before, &name));
	assert_view(before, "a ");
	assert_view(name, "b_1");
	assert_true(sieve_text_next(&text, &before, &name));
	assert_view(before, " $");
	assert_view(name, "12");
	assert_true(sieve_text_next(&text, &before, &name));
	assert_view(before, "");
	assert_view(name, "a.b");
	assert_false(sieve_text_next(&text, &before, &name));
	assert_view(text, " ${1a} ${-} ${c");
}

static void names(void **state)
{
	static const char *const good[] = {"a", "_", "a1", "0", "12", "a.b", "a.b.c_2"};
	static const char *const bad[] = {"", ".", "a.", ".a", "1a", "a..b", "a.1", "a-b", "\xc3\xa4"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(sieve_variable_is_name(view_from_string(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(sieve_variable_is_name(view_from_string(bad[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(encoded_characters),
	    cmocka_unit_test(references),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
