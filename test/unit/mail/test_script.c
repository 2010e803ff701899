/* Names of scripts. */
#include "../unit.h"

#include <string.h>

#include "mail/script.h"

static void test_names(void **state)
{
	static const struct {
		const char *name;
		bool valid;
	} rows[] = {
	    {"main", true}, {"Мої правила", true}, {"a b", true}, {"..a", true}, {"", false}, {".", false},
	    {"..", false}, {"../passwd", false}, {"a/b", false}, {"a\nb", false}, {"a\r", false},
	    {"a\tb", false}, {"a\x7f", false}, {"a\xc2\x85", false}, /* NEXT LINE, a control of Latin-1 */
	    {"a\xe2\x80\xa8", false},                                /* LINE SEPARATOR */
	    {"a\xe2\x80\xa9", false},                                /* PARAGRAPH SEPARATOR */
	    {"a\xff", false}, {"\xed\xa0\x80", false},               /* a surrogate */
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(script_name_valid(view_from_string(rows[i].name)), rows[i].valid);
	assert_false(script_name_valid(view_of("a\0b", 3)));
}

static void test_lengths(void **state)
{
	char name[SCRIPT_NAME_MAX + 4];
	(void)state;
	memset(name, 'a', sizeof name);
	assert_true(script_name_valid(view_of(name, SCRIPT_NAME_CHARACTERS_MAX)));
	assert_false(script_name_valid(view_of(name, SCRIPT_NAME_CHARACTERS_MAX + 1)));
	/* Characters of four octets each. */
	for (size_t i = 0; i + 4 <= sizeof name; i += 4)
		memcpy(name + i, "\xf0\x9f\x93\xac", 4);
	assert_true(script_name_valid(view_of(name, SCRIPT_NAME_MAX)));
	assert_false(script_name_valid(view_of(name, sizeof name)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
