/* Ranges and entity tags of requests. */
#include "../unit.h"

#include "http/http_range.h"

static void chooses_octets(void **state)
{
	static const struct {
		const char *field;
		uint64_t size;
		enum http_range_result result;
		uint64_t first, length;
	} cases[] = {
	    {"bytes=0-499", 1000, HTTP_RANGE_ONE, 0, 500},
	    {"bytes=500-", 1000, HTTP_RANGE_ONE, 500, 500},
	    {"bytes=-200", 1000, HTTP_RANGE_ONE, 800, 200},
	    {"bytes=-2000", 1000, HTTP_RANGE_ONE, 0, 1000},
	    {"BYTES=999-", 1000, HTTP_RANGE_ONE, 999, 1},
	    {"bytes=0-18446744073709551615", 1000, HTTP_RANGE_ONE, 0, 1000},
	    {"bytes=0-0", 1, HTTP_RANGE_ONE, 0, 1},
	    {"bytes=1000-", 1000, HTTP_RANGE_IMPOSSIBLE, 0, 0},
	    {"bytes=-0", 1000, HTTP_RANGE_IMPOSSIBLE, 0, 0},
	    {"bytes=0-", 0, HTTP_RANGE_IMPOSSIBLE, 0, 0},
	    {"bytes=-1", 0, HTTP_RANGE_IMPOSSIBLE, 0, 0},
	    /* What cannot be read, and several, are no range. */
	    {"", 1000, HTTP_RANGE_ALL, 0, 0},
	    {"bytes=", 1000, HTTP_RANGE_ALL, 0, 0},
	    {"bytes=-", 1000, HTTP_RANGE_ALL, 0, 0},
	    {"bytes=5-4", 1000, HTTP_RANGE_ALL, 0, 0},
	    {"bytes=0-1,5-6", 1000, HTTP_RANGE_ALL, 0, 0},
	    {"bytes=+1-2", 1000, HTTP_RANGE_ALL, 0, 0},
	    {"bytes=1-2x", 1000, HTTP_RANGE_ALL, 0, 0},
	    {"bytes=0-18446744073709551616", 1000, HTTP_RANGE_ALL, 0, 0},
	    {"lines=0-1", 1000, HTTP_RANGE_ALL, 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t first = 0, length = 0;
		assert_int_equal(
		    http_range_choose(view_from_string(cases[i].field), cases[i].size, &first, &length),
		    cases[i].result);
		assert_int_equal(first, cases[i].first);
		assert_int_equal(length, cases[i].length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(chooses_octets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
