/* Dates on pages, in each language. */
#include "../../unit.h"

#include "role/web/web_time.h"

static void check(enum web_language in, int month, int day, const char *expected)
{
	struct tm utc = {.tm_year = 126, .tm_mon = month - 1, .tm_mday = day, .tm_hour = 4, .tm_min = 5};
	struct buf out;
	buf_init(&out, 256);
	web_time_write(&out, in, &utc);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void test_each_language(void **state)
{
	(void)state;
	check(WEB_ENGLISH, 12, 30, "30 December 2026, 04:05 UTC");
	check(WEB_GERMAN, 3, 1, "1. März 2026, 04:05 UTC");
	check(WEB_SPANISH, 1, 2, "2 de enero de 2026, 04:05 UTC");
	check(WEB_FRENCH, 8, 1, "1er août 2026, 04:05 UTC");
	check(WEB_FRENCH, 8, 11, "11 août 2026, 04:05 UTC");
	check(WEB_RUSSIAN, 5, 9, "9 мая 2026 г., 04:05 UTC");
	check(WEB_CHINESE, 12, 30, "2026年12月30日 04:05 UTC");
	check(WEB_JAPANESE, 2, 3, "2026年2月3日 04:05 UTC");
	check(WEB_ARABIC, 6, 7, "7 يونيو 2026، 04:05 UTC");
}

static void test_every_month_has_a_name(void **state)
{
	(void)state;
	for (int in = 0; in < WEB_LANGUAGES; in++)
		for (int month = 0; month < 12; month++) {
			struct tm utc = {.tm_year = 126, .tm_mon = month, .tm_mday = 1};
			struct buf out;
			buf_init(&out, 256);
			web_time_write(&out, (enum web_language)in, &utc);
			assert_null(strstr(buf_string(&out), "(null)"));
			assert_true((strstr(buf_string(&out), "年") != NULL) ==
			            (in == WEB_CHINESE || in == WEB_JAPANESE));
			buf_done(&out);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_language),
	    cmocka_unit_test(test_every_month_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
