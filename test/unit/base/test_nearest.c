/* Words that somebody may have meant. */
#include "../unit.h"

#include "base/nearest.h"

static unsigned distance(const char *a, const char *b)
{
	unsigned n = nearest_distance(view_from_string(a), view_from_string(b));
	assert_int_equal(n, nearest_distance(view_from_string(b), view_from_string(a)));
	return n;
}

static void letters_that_differ_are_counted(void **state)
{
	(void)state;
	assert_int_equal(distance("", ""), 0);
	assert_int_equal(distance("hostname", "HostName"), 0);
	assert_int_equal(distance("hostname", "hostnme"), 1);
	assert_int_equal(distance("hostname", "hostnaem"), 1);
	assert_int_equal(distance("hostname", "hostnamee"), 1);
	assert_int_equal(distance("hostname", "hoztname"), 1);
	assert_int_equal(distance("", "abc"), 3);
	assert_int_equal(distance("ca", "abc"), 3); /* no letter is moved and changed at once */
	assert_int_equal(distance("kitten", "sitting"), 3);
	char lengthy[NEAREST_WORD_MAX + 1];
	memset(lengthy, 'x', NEAREST_WORD_MAX);
	lengthy[NEAREST_WORD_MAX] = '\0';
	assert_int_equal(distance(lengthy, "x"), NEAREST_WORD_MAX);
	lengthy[NEAREST_WORD_MAX - 1] = '\0';
	assert_int_equal(distance(lengthy, lengthy), 0);
}

static const char *nearest_of(const char *wrong)
{
	static const char *const known[] = {
	    "smtp_listen", "imap_listen", "imaps_listen", "hostname", "PLAIN", "off", "mark"};
	struct nearest near = {.wrong = view_from_string(wrong)};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		nearest_try(&near, known[i]);
	return near.word;
}

static void the_nearest_word_is_found(void **state)
{
	(void)state;
	assert_string_equal(nearest_of("imaps_listn"), "imaps_listen");
	assert_string_equal(nearest_of("imap_listn"), "imap_listen");
	assert_string_equal(nearest_of("hostnme"), "hostname");
	assert_string_equal(nearest_of("plan"), "PLAIN");
	assert_string_equal(nearest_of("host"), "hostname");
	assert_string_equal(nearest_of("of"), "off");
	assert_null(nearest_of("quota"));
	assert_null(nearest_of("DIGEST-MD5"));
	assert_null(nearest_of(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(letters_that_differ_are_counted),
	    cmocka_unit_test(the_nearest_word_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
