/* Dates and conditions: the cases of RFC 9110, and what must not be believed. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>

#include "http/http_conditions.h"
#include "http/http_date.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

enum { NOW = 784111777 };

static void dates(void **state)
{
	(void)state;
	static const char *const same[] = {
	    DATE, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"};
	int64_t seconds = 0;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(http_date_parse(view_from_string(same[i]), &seconds), 0);
		assert_int_equal(seconds, NOW);
	}
	static const char *const wrong[] = {"", "0", "784111777", "Sun, 06 Nov 1994 08:49:37 +0100",
	    "yesterday", "Sun, 06 Nov 1994 08:49:37 GMT and much more than a date has"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(http_date_parse(view_from_string(wrong[i]), &seconds), -EINVAL);
	struct buf out;
	buf_init(&out, 100);
	static const struct {
		int64_t seconds;
		const char *text;
	} written[] = {{NOW, DATE}, {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
	    {-1, "Wed, 31 Dec 1969 23:59:59 GMT"}, {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
	    {1795996799, "Sun, 29 Nov 2026 23:59:59 GMT"}};
	for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
		buf_clear(&out);
		assert_int_equal(http_date_write(&out, written[i].seconds), 0);
		assert_string_equal(buf_string(&out), written[i].text);
		assert_int_equal(http_date_parse(buf_view(&out), &seconds), 0);
		assert_int_equal(seconds, written[i].seconds);
	}
	assert_int_equal(http_date_write(&out, INT64_MAX), -EINVAL);
	buf_done(&out);
}

static void conditions(void **state)
{
	(void)state;
	static const struct {
		const char *match, *none, *since, *unmodified;
		bool get;
		unsigned status;
	} cases[] = {{"", "", "", "", true, 0}, {"\"a\"", "", "", "", true, 0},
	    {"\"b\"", "", "", "", true, 412}, {"*", "", "", "", false, 0},
	    {"\"b\", \"a\"", "", "", "", false, 0}, {"W/\"a\"", "", "", "", false, 412},
	    {"", "\"a\"", "", "", true, 304}, {"", "W/\"a\"", "", "", true, 304},
	    {"", "\"a\"", "", "", false, 412}, {"", "*", "", "", true, 304},
	    {"", "\"b\",\"c,\"", "", "", true, 0}, {"", "a", "", "", true, 0}, {"", "\"a", "", "", true, 0},
	    {"", "\"b\" , W/\"x,y\",\"a\"", "", "", true, 304}, {"", "", DATE, "", true, 304},
	    {"", "", AFTER, "", true, 304}, {"", "", BEFORE, "", true, 0}, {"", "", DATE, "", false, 0},
	    {"", "", "never", "", true, 0},
	    /* the tag counts, not the date (section 13.1.3) */
	    {"", "\"b\"", AFTER, "", true, 0}, {"", "", "", DATE, false, 0}, {"", "", "", BEFORE, false, 412},
	    {"\"a\"", "", "", BEFORE, false, 0}, {"\"a\"", "\"a\"", "", "", true, 304}};
	const struct http_state there = {VIEW("\"a\""), NOW, true}, weak = {VIEW("W/\"a\""), NOW, true},
	                        none = {{0}, -1, false};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct http_conditions c = {view_from_string(cases[i].match),
		    view_from_string(cases[i].none), view_from_string(cases[i].since),
		    view_from_string(cases[i].unmodified), cases[i].get};
		if (http_conditions_judge(&c, &there) != cases[i].status)
			fail_msg("case %zu", i);
	}
	const struct http_conditions any = {.if_match = VIEW("*")}, fresh = {.if_none_match = VIEW("*")},
	                             same = {.if_none_match = VIEW("\"a\""), .is_get = true},
	                             strong = {.if_match = VIEW("\"a\"")};
	assert_int_equal(http_conditions_judge(&any, &none), 412);
	assert_int_equal(http_conditions_judge(&fresh, &none), 0);
	assert_int_equal(http_conditions_judge(&fresh, &there), 412);
	assert_int_equal(http_conditions_judge(&same, &weak), 304);
	assert_int_equal(http_conditions_judge(&strong, &weak), 412);
	assert_true(http_if_range_holds(VIEW(""), &there));
	assert_true(http_if_range_holds(VIEW("\"a\""), &there));
	assert_false(http_if_range_holds(VIEW("\"b\""), &there));
	assert_false(http_if_range_holds(VIEW("W/\"a\""), &weak));
	assert_false(http_if_range_holds(VIEW("\"a\", \"b\""), &there));
	assert_true(http_if_range_holds(VIEW(DATE), &there));
	assert_false(http_if_range_holds(VIEW(AFTER), &there));
	assert_false(http_if_range_holds(VIEW(DATE), &none));
}

static void tags(void **state)
{
	(void)state;
	struct view etag = VIEW("\"abc\"");
	static const char *const have[] = {"\"abc\"", "W/\"abc\"", "\"x\", \"abc\" ", ",,\"abc\""},
	                         *const lack[] = {
	                             "", "abc", "\"abcd\"", "\"x\",\"y\"", "\"x,\"abc\"\"", "\"abc"};
	for (size_t i = 0; i < sizeof have / sizeof have[0]; i++)
		assert_true(http_etag_in(view_from_string(have[i]), etag, true));
	for (size_t i = 0; i < sizeof lack / sizeof lack[0]; i++)
		assert_false(http_etag_in(view_from_string(lack[i]), etag, true));
	assert_false(http_etag_in(VIEW("W/\"abc\""), etag, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dates),
	    cmocka_unit_test(conditions),
	    cmocka_unit_test(tags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
