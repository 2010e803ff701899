#include "../unit.h"

#include <errno.h>

#include "format/date.h"

static void reads(const char *text, int64_t seconds, int offset, bool known)
{
	struct date date;
	if (date_parse(view_from_string(text), &date))
		fail_msg("not read: %s", text);
	if (date.seconds != seconds)
		fail_msg("%s: read as %lld", text, (long long)date.seconds);
	assert_int_equal(date.offset_minutes, offset);
	assert_int_equal(date.zone_known, known);
}

static void reads_standard_and_obsolete_forms(void **state)
{
	(void)state;
	reads("Fri, 21 Nov 1997 09:55:06 -0600", 880127706, -360, true);
	reads("21 Nov 1997 09:55 -0600", 880127700, -360, true);
	reads("Fri, 21 Nov 97 09(comment):   55  :  06 -0600", 880127706, -360, true);
	reads("21 Nov 97 15:55:06 GMT", 880127706, 0, true);
	reads("21 Nov 97 10:55:06 EST", 880127706, -300, true);
	reads("21 Nov 97 15:55:06 A", 880127706, 0, false);
	reads("21 Nov 97 15:55:06 -0000", 880127706, 0, false);
	reads("21 Nov 97 15:55:06", 880127706, 0, false);
	reads("21 Nov 097 15:55:06 +0000", 880127706, 0, true);
	reads("Thu,\r\n\t13\r\n\t  Feb\r\n\t    1969\r\n\t23:32\r\n\t -0330 (Newfoundland Time)", -27723480,
	    -210, true);
	reads("Sat, 29 Feb 2020 23:59:60 +0000", 1583020800, 0, true);
	reads("1 Jan 49 00:00:00 +0000", 2493072000, 0, true);
	reads("1 Jan 50 00:00:00 +0000", -631152000, 0, true);
}

static void reads_forms_found_in_practice(void **state)
{
	(void)state;
	reads("Fri Nov 21 09:55:06 1997", 880106106, 0, false);
	reads("Fri Nov 21 09:55:06 1997 -0600", 880127706, -360, true);
	reads("Fri Nov 21 15:55:06 GMT 1997", 880127706, 0, true);
	reads("1997-11-21T09:55:06-06:00", 880127706, -360, true);
	reads("1997-11-21 15:55:06.123Z", 880127706, 0, true);
	reads("Friday, 21-Nov-97 15:55:06 GMT", 880127706, 0, true);
	reads("Fri, 21 November 1997 15:55:06 GMT+0000", 880127706, 0, true);
	reads("Fri, 21 Nov 1997 15:55:06 +0000 (UTC)", 880127706, 0, true);
}

/* What programs write that never read a standard; a zone that cannot be understood is lost alone. */
static void reads_dates_as_they_come(void **state)
{
	(void)state;
	reads("Tue, 19 Aug 2003 12:47:46 --0400", 1061297266, 0, false);
	reads("Thu, 6 Oct 2022 12:27:13 GMT+2", 1665052033, 120, true);
	reads("Thu, 6 Oct 2022 12:27:13 +200", 1665052033, 120, true);
	reads("Tue, 5 Mar 2019 15:04:05 -00800", 1551798245, 0, false);
	reads("Sat, Apr 09 2005 06:39:52 -0700", 1113053992, -420, true);
	reads("Tue Mar 05 2019 15:04:05 GMT+0100 (CET)", 1551794645, 60, true);
	reads("17/03/2019 3:04:05 PM", 1552835045, 0, false);
	reads("3/17/2019 12:04 AM", 1552781040, 0, false);
	reads("Sun, 17 Mar 2019 12:04:05 PM +0100", 1552820645, 60, true);
	reads("Sun, 17 Mar 2019 15:04:05 GMT-08:00", 1552863845, -480, true);
	reads("Sun, 17 Mar 2019 15:04:05 UTC-8", 1552863845, -480, true);
	reads("21 Dez 2020 10:11:12 +0100", 1608541872, 60, true);
	reads("lun. 21 d\xc3\xa9"
	      "c. 2020 10:11:12 +0100",
	    1608541872, 60, true);
	reads("Mo, 21 Mai 2018 10:11:12 +0200", 1526890272, 120, true);
	reads("21 lug 2018 10:11:12 +0000", 1532167872, 0, true);
	reads("21 juin 2018 10:11:12 +0000", 1529575872, 0, true);
	reads("Sat, 09-04-2005 10:11 +0000", 1113041460, 0, true);
	reads("09-24-2005 10:11 +0000", 1127556660, 0, true);
	reads("2005. 4. 9. 10:11 +0000", 1113041460, 0, true);
	reads("Tue, 31 Dec 2019 24:00:00 +0000", 1577836800, 0, true);
	reads("20191231T2400Z", 1577836800, 0, true);
	reads("31 Dec 2019 24:00 +0100", 1577833200, 60, true);
	reads("Tue, 5 Mar 2019 15:04:05 - 0800", 1551827045, -480, true);
	static const char *const same[] = {"Tue, 05 Mar 2019 15:04:05 +0000",
	    "Tue 05 Mar 2019 15:04:05 +0000", "Tue, 5 March 2019 15:04:05 GMT",
	    "Tuesday, March 5, 2019 3:04:05 PM UTC", "March 5th, 2019 at 3:04:05 p.m. UTC",
	    "5th of March 2019 15:04:05 Z", "Tue Mar  5 15:04:05 2019 +0000", "Tue Mar  5 15:04:05 UTC 2019",
	    "Tue Mar  5 15:04:05 +0000 2019", "Tue, 5 Mar '19 15:04:05 +0000", "Tue, 5 Mar 19 15:04:05 GMT",
	    "Tue., 5. Mar. 2019 15.04.05 +0000", "5-Mar-2019 15:04:05 +00:00", "Tue, 5Mar2019 15:04:05 +0",
	    "2019-03-05T15:04:05Z", "2019-03-05 15:04:05 +0000", "2019-03-05T15:04:05.123456+00:00",
	    "2019-03-05T15:04:05,5Z", "20190305T150405Z", "2019/03/05 15:04:05 GMT",
	    "Tue, 2019-03-05 15:04:05 +0000", "05.03.2019 15:04:05 +0000",
	    "Tue, 5 Mar 2019 15:04:05 +0000 (nonsense) \"more\"", "Tue, 5 Mar 2019, 15:04:05 +0000",
	    "Tue, 5 Mar 2019 15:04:05 PM +0000", "Tue, 5 Mar 119 15:04:05 +0000",
	    "Tue, 5 Mar 2019 15:04:05 + 0000", "Di, 5 M\xc3\xa4rz 2019 15:04:05 +0000",
	    "Di., 05. M\xe4r. 2019 um 15:04:05 +0000", "5 Mrz 2019 15:04:05 +0000",
	    "mar. 5 mars 2019 15:04:05 +0000", "mar, 5 de marzo de 2019 15:04:05 +0000",
	    "5 mrt 2019 15:04:05 +0000", "2019. 3. 5. 15:04:05 +0000", "Tue, 05-03-2019 15:04:05 +0000",
	    "Tue, 05/03/2019 15:04:05 +0000", "Tue, 03/05/2019 15:04:05 +0000", "3/5/2019 3:04:05 PM +0000"};
	static const char *const unknown[] = {"Tue, 5 Mar 2019 15:04:05 CEST", "Tue, 5 Mar 2019 15:04:05 +",
	    "Tue, 5 Mar 2019 15:04:05 -", "Tue, 5 Mar 2019 15:04:05 +-0100", "Tue, 5 Mar 2019 15:04:05 +0160",
	    "Tue, 5 Mar 2019 15:04:05 +99", "Tue, 5 Mar 2019 15:04:05 \"GMT\"",
	    "Tue, 5 Mar 2019 15:04:05 0100", "Tue, 5 Mar 2019 15:04:05 GMT+what",
	    ("Tue, 5 Mar 2019 15:04:05 \xe2\x88\x92"
	     "0100"),
	    "Tue Mar  5 15:04:05 2019", "Tue Mar 05 2019 15:04:05", "2019-03-05T15:04:05"};
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		reads(same[i], 1551798245, 0, true);
	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
		reads(unknown[i], 1551798245, 0, false);
}

static void refuses_what_is_no_date(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "today", "31 Feb 2020 00:00 +0000", "29 Feb 2019 00:00 +0000",
	    "1 Jan 2020", "1 Jan 2020 24:01 +0000", "1 Jan 2020 25:00 +0000", "09-04-2005 10:11",
	    "Mon, 09-04-2005 10:11", "Sat, 09-04-05 10:11", "3/4/2020 13:04 PM", "1 Jan 2020 10:60 +0000",
	    "0 Jan 2020 10:00 +0000", "1 Foo 2020 10:00 +0000", "1 Jan 10000 10:00 +0000",
	    "1 Jan 1899 10:00 +0000", "99999999999999999999 Jan 2020 10:00 +0000", "Jan", "Jan 5",
	    "5 2020 10:00", "3/4/2020 10:00", "2020-13-01 10:00", "20200101T1", "20201301T1000",
	    "20200101T240001Z", "32.1.2020 10:00", "1/1", "at", "PM", "+0100"};
	struct date date = {.seconds = 42};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (date_parse(view_from_string(wrong[i]), &date) != -EINVAL)
			fail_msg("taken for a date: %s", wrong[i]);
	assert_int_equal(date.seconds, 42);
}

static void writes(struct date date, const char *expected, const char *rfc3339)
{
	struct buf out;
	buf_init(&out, 100);
	assert_int_equal(date_write(&out, date), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_clear(&out);
	assert_int_equal(date_write_rfc3339(&out, date), 0);
	assert_string_equal(buf_string(&out), rfc3339);
	buf_done(&out);
}

static void writes_dates(void **state)
{
	(void)state;
	writes((struct date){880127706, -360, true}, "Fri, 21 Nov 1997 09:55:06 -0600",
	    "1997-11-21T09:55:06-06:00");
	writes((struct date){0, 0, true}, "Thu, 1 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00Z");
	writes((struct date){0, 0, false}, "Thu, 1 Jan 1970 00:00:00 -0000", "1970-01-01T00:00:00Z");
	writes((struct date){-1, 330, true}, "Thu, 1 Jan 1970 05:29:59 +0530", "1970-01-01T05:29:59+05:30");
	writes((struct date){-86401, 0, true}, "Tue, 30 Dec 1969 23:59:59 +0000", "1969-12-30T23:59:59Z");
	struct buf out;
	buf_init(&out, 100);
	assert_int_equal(date_write(&out, (struct date){INT64_MAX, 0, true}), -EINVAL);
	assert_int_equal(date_write(&out, (struct date){-2300000000, 0, true}), -EINVAL);
	assert_int_equal(date_write(&out, (struct date){253402300800, 0, true}), -EINVAL);
	buf_done(&out);
}

static void counts_every_day(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 100);
	for (int64_t day = -25567; day < 60000; day++) {
		int64_t year;
		unsigned month, of_month;
		struct date back;
		civil_from_days(day, &year, &month, &of_month);
		assert_int_equal(days_from_civil(year, month, of_month), day);
		buf_clear(&out);
		assert_int_equal(date_write(&out, (struct date){day * 86400 + 7, 60, true}), 0);
		assert_int_equal(date_parse(buf_view(&out), &back), 0);
		if (year < 9999)
			assert_int_equal(back.seconds, day * 86400 + 7);
	}
	buf_done(&out);
}

static void writes_durations(void **state)
{
	(void)state;
	static const struct {
		int64_t seconds;
		const char *words;
	} table[] = {{-5, "a moment"}, {0, "a moment"}, {1, "a second"}, {2, "2 seconds"}, {45, "45 seconds"},
	    {58, "a minute"}, {61, "a minute"}, {90, "90 seconds"}, {120, "2 minutes"}, {1800, "30 minutes"},
	    {3300, "an hour"}, {3600, "an hour"}, {5400, "90 minutes"}, {7200, "2 hours"},
	    {43200, "12 hours"}, {86400, "a day"}, {129600, "36 hours"}, {5 * 86400 + 100, "5 days"},
	    {400 * 86400, "400 days"}};
	struct buf out;
	buf_init(&out, 100);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		buf_clear(&out);
		assert_int_equal(duration_write(&out, table[i].seconds), 0);
		assert_view(buf_view(&out), table[i].words);
	}
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_standard_and_obsolete_forms),
	    cmocka_unit_test(reads_forms_found_in_practice),
	    cmocka_unit_test(reads_dates_as_they_come),
	    cmocka_unit_test(refuses_what_is_no_date),
	    cmocka_unit_test(writes_dates),
	    cmocka_unit_test(counts_every_day),
	    cmocka_unit_test(writes_durations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
