/*
 * Dates of header fields, RFC 5322 sections 3.3 and 4.3:
 *
 *	date-time = [ day-name "," ] day month year hour ":" minute [ ":" second ] zone
 *
 * Other orders are tried one after the other. Each is read to the end of what it needs; what follows is
 *nobody's business.
 *
 * The calendar is computed here: the C library's depends on the process's zone, and this must not.
 */
#include "format/date.h"

#include <errno.h>
#include <string.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "format/lex.h"

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char days[] = "SunMonTueWedThuFriSat";

/* Howard Hinnant's day count: eras of 400 years that begin on 1 March, so that the leap day comes last. */
int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

void civil_from_days(int64_t since, int64_t *year, unsigned *month, unsigned *day)
{
	since += 719468;
	int64_t era = (since >= 0 ? since : since - 146096) / 146097;
	int64_t day_of_era = since - era * 146097;
	int64_t year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned shifted = (unsigned)((5 * day_of_year + 2) / 153);
	*day = (unsigned)(day_of_year - (153 * shifted + 2) / 5 + 1);
	*month = shifted < 10 ? shifted + 3 : shifted - 9;
	*year = year_of_era + era * 400 + (*month <= 2);
}

struct civil {
	uint64_t year, month, day, hour, minute, second;
	bool half; /* the hour was one of half a day */
};

static bool is_letter(char c)
{
	return ascii_is_alpha(c) || (unsigned char)c >= 0x80;
}

/* A word of any language, in any charset. */
static struct view foreign_word(struct cursor *in)
{
	lex_skip_cfws(in, NULL);
	return cursor_while(in, is_letter);
}

static struct view word(struct cursor *in)
{
	lex_skip_cfws(in, NULL);
	return cursor_while(in, ascii_is_alpha);
}

/* Digits; `width` is set to how many there were. */
static bool number(struct cursor *in, uint64_t max, uint64_t *n, size_t *width)
{
	lex_skip_cfws(in, NULL);
	struct view digits = cursor_while(in, ascii_is_digit);
	if (width)
		*width = digits.len;
	return view_to_u64(digits, max, n);
}

static bool separator(struct cursor *in, char c)
{
	lex_skip_cfws(in, NULL);
	return cursor_accept(in, c);
}

/* The word, if it comes next. */
static void skip_word(struct cursor *in, struct view expected)
{
	struct cursor ahead = *in;
	if (view_equal_nocase(word(&ahead), expected))
		*in = ahead;
}

/*
 * How names of months begin in other languages, where this tells the month in all of them; letters with marks
 * in UTF-8 and in one octet.
 */
static const struct {
	const char *beginning;
	uint64_t month;
} foreign_months[] = {{"ene", 1}, {"gen", 1}, {"ian", 1}, {"j\xc3\xa4n", 1}, {"j\xe4n", 1}, {"sty", 1},
    {"fev", 2}, {"f\xc3\xa9v", 2}, {"f\xe9v", 2}, {"lut", 2}, {"m\xc3\xa4r", 3}, {"m\xe4r", 3}, {"maer", 3},
    {"m\xc3\xa1r", 3}, {"m\xe1r", 3}, {"mrz", 3}, {"mrt", 3}, {"abr", 4}, {"avr", 4}, {"kwi", 4},
    {"\xc3\xa1pr", 4}, {"\xe1pr", 4}, {"mai", 5}, {"maj", 5}, {"mag", 5}, {"mei", 5}, {"m\xc3\xa1j", 5},
    {"m\xe1j", 5}, {"giu", 6}, {"juin", 6}, {"iun", 6}, {"cze", 6}, {"j\xc3\xban", 6}, {"j\xfan", 6},
    {"juil", 7}, {"lug", 7}, {"iul", 7}, {"lip", 7}, {"j\xc3\xbal", 7}, {"j\xfal", 7}, {"ago", 8}, {"aou", 8},
    {"ao\xc3\xbb", 8}, {"ao\xfb", 8}, {"sie", 8}, {"set", 9}, {"szept", 9}, {"wrz", 9}, {"okt", 10},
    {"out", 10}, {"ott", 10}, {"pa\xc5\xba", 10}, {"noi", 11}, {"marras", 11}, {"dez", 12}, {"dic", 12},
    {"des", 12},
    {"d\xc3\xa9"
     "c",
        12},
    {"d\xe9"
     "c",
        12},
    {"gru", 12}};

/* Month names may be longer than three letters ("September"): the beginning decides. */
static bool month_number(struct view name, uint64_t *month)
{
	for (size_t i = 0; i < sizeof foreign_months / sizeof foreign_months[0]; i++) {
		if (view_starts_nocase(name, view_from_string(foreign_months[i].beginning))) {
			*month = foreign_months[i].month;
			return true;
		}
	}
	for (unsigned i = 0; i < 12 && name.len >= 3; i++) {
		if (view_starts_nocase(name, view_of(months + 3 * i, 3))) {
			*month = i + 1;
			return true;
		}
	}
	return false;
}

/* ":" between the parts of a time, or "." as some countries write it. */
static bool time_separator(struct cursor *in)
{
	if (separator(in, ':'))
		return true;
	struct cursor ahead = *in;
	if (!cursor_accept(&ahead, '.') || !cursor_while(&ahead, ascii_is_digit).len)
		return false;
	return cursor_accept(in, '.');
}

/* AM or PM, "a.m." or "p.m."; behind an hour of 24 it says nothing. */
static void half_of_day(struct cursor *in, struct civil *t)
{
	struct cursor ahead = *in;
	lex_skip_cfws(&ahead, NULL);
	bool afternoon = cursor_accept_nocase(&ahead, VIEW("p"));
	if (!afternoon && !cursor_accept_nocase(&ahead, VIEW("a")))
		return;
	cursor_accept(&ahead, '.');
	if (!cursor_accept_nocase(&ahead, VIEW("m")) || cursor_while(&ahead, ascii_is_alnum).len)
		return;
	cursor_accept(&ahead, '.');
	*in = ahead;
	t->half = t->hour <= 12;
	if (t->half)
		t->hour = t->hour % 12 + (afternoon ? 12 : 0);
}

/* hour ":" minute [ ":" second ], perhaps with a fraction, which is dropped. 24:00 is the next day's 00:00
 * (ISO 8601). */
static bool time_of_day(struct cursor *in, struct civil *t)
{
	if (!number(in, 24, &t->hour, NULL) || !time_separator(in) || !number(in, 59, &t->minute, NULL))
		return false;
	t->second = 0;
	if (time_separator(in) && !number(in, 60, &t->second, NULL))
		return false;
	if (cursor_accept(in, '.') || cursor_accept(in, ','))
		cursor_while(in, ascii_is_digit);
	half_of_day(in, t);
	return true;
}

/*
 * Section 4.3: two digits up to 49 are 20xx, from 50 on 19xx, three digits count from 1900. Four are a year.
 */
static bool year(struct cursor *in, struct civil *t)
{
	size_t width;
	separator(in, '\'');
	if (!number(in, 9999, &t->year, &width))
		return false;
	if (width == 2)
		t->year += t->year < 50 ? 2000 : 1900;
	else if (width == 3)
		t->year += 1900;
	return width >= 2 && t->year >= 1900;
}

/* "5", "5.", "5th", "5th of", "5 de" */
static bool day_of_month(struct cursor *in, struct civil *t)
{
	if (!number(in, 31, &t->day, NULL))
		return false;
	struct cursor ahead = *in;
	struct view ordinal = cursor_while(&ahead, ascii_is_alpha);
	if (view_equal_nocase(ordinal, VIEW("st")) || view_equal_nocase(ordinal, VIEW("nd")) ||
	    view_equal_nocase(ordinal, VIEW("rd")) || view_equal_nocase(ordinal, VIEW("th")))
		*in = ahead;
	separator(in, '.');
	skip_word(in, VIEW("of"));
	skip_word(in, VIEW("de"));
	return true;
}

/*
 * obs-zone: only the names below have a meaning that all agree on; all others count as -0000 (section 4.3).
 */
static void named_zone(struct view name, struct date *date)
{
	static const struct {
		const char *name;
		int16_t hours;
	} zones[] = {{"UT", 0}, {"UTC", 0}, {"GMT", 0}, {"Z", 0}, {"EST", -5}, {"EDT", -4}, {"CST", -6},
	    {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
		if (view_equal_nocase(name, view_from_string(zones[i].name))) {
			date->offset_minutes = (int16_t)(zones[i].hours * 60);
			date->zone_known = true;
		}
	}
}

/* Behind the sign: 4DIGIT, and what can mean one thing only: "1", "01", "01:00", "100". */
static bool offset_minutes(struct cursor *in, int *offset)
{
	struct view digits = cursor_while(in, ascii_is_digit);
	size_t width = digits.len <= 2 ? digits.len : digits.len - 2;
	uint64_t hours, minutes = 0;
	if (digits.len > 4 || !view_to_u64(view_take(digits, width), digits.len == 4 ? 99 : 23, &hours))
		return false;
	if (digits.len > 2 && !view_to_u64(view_skip(digits, width), 59, &minutes))
		return false;
	if (digits.len <= 2 && cursor_accept(in, ':') && !number(in, 59, &minutes, NULL))
		return false;
	*offset = (int)(hours * 60 + minutes);
	return true;
}

/* zone = ( "+" / "-" ) 4DIGIT / obs-zone, or both: "GMT+0100". One that cannot be understood is unknown. */
static void zone(struct cursor *in, struct date *date)
{
	struct view name = word(in);
	int offset = 0;
	if (name.len)
		named_zone(name, date);
	lex_skip_cfws(in, NULL);
	bool west = cursor_peek(in) == '-';
	if (!cursor_accept(in, '+') && !cursor_accept(in, '-'))
		return;
	lex_skip_cfws(in, NULL);
	bool understood = offset_minutes(in, &offset);
	date->offset_minutes = (int16_t)(west ? -offset : offset);
	date->zone_known = understood && !(west && offset == 0);
}

/* Between a date and its time. */
static void skip_filler(struct cursor *in)
{
	separator(in, ',');
	separator(in, '-');
	skip_word(in, VIEW("at"));
	skip_word(in, VIEW("um"));
}

/* Year, time and zone; or time and year, as asctime has it, and the zone before or behind the year. */
static bool year_and_time(struct cursor *in, struct civil *t, struct date *date)
{
	separator(in, '.');
	separator(in, '-');
	separator(in, ',');
	skip_word(in, VIEW("de"));
	struct cursor start = *in;
	if (year(in, t)) {
		skip_filler(in);
		if (time_of_day(in, t)) {
			zone(in, date);
			return true;
		}
	}
	*in = start;
	skip_filler(in);
	if (!time_of_day(in, t))
		return false;
	zone(in, date);
	if (!year(in, t))
		return false;
	zone(in, date);
	return true;
}

/* "Fri, ", "Friday ", "Fri. " */
static void skip_day_name(struct cursor *in)
{
	if (foreign_word(in).len == 0)
		return;
	separator(in, '.');
	separator(in, ',');
}

/* [ day-name "," ] day month year time zone, where the words may be joined with "-" (21-Nov-1997). */
static bool day_first(struct cursor *in, struct civil *t, struct date *date)
{
	skip_day_name(in);
	if (!day_of_month(in, t))
		return false;
	separator(in, '-');
	return month_number(foreign_word(in), &t->month) && year_and_time(in, t, date);
}

/* "Fri Nov 21 09:55:06 1997", "Fri Nov 21 1997 09:55:06", "November 21, 1997 9:55 AM" */
static bool month_first(struct cursor *in, struct civil *t, struct date *date)
{
	struct cursor start = *in;
	if (!month_number(foreign_word(in), &t->month)) {
		*in = start;
		skip_day_name(in);
		if (!month_number(foreign_word(in), &t->month))
			return false;
	}
	separator(in, '.');
	separator(in, '-');
	return day_of_month(in, t) && year_and_time(in, t, date);
}

/* RFC 3339 and its kin: "1997-11-21T09:55:06-06:00", "1997/11/21 09:55", "1997. 11. 21. 09:55". */
static bool year_first(struct cursor *in, struct civil *t, struct date *date)
{
	size_t width;
	skip_day_name(in);
	if (!number(in, 9999, &t->year, &width) || width != 4)
		return false;
	char between = cursor_accept(in, '/') ? '/' : cursor_accept(in, '.') ? '.' : '-';
	if ((between == '-' && !cursor_accept(in, '-')) || !number(in, 12, &t->month, NULL) ||
	    !cursor_accept(in, between) || !number(in, 31, &t->day, NULL))
		return false;
	if (between == '.')
		separator(in, '.');
	if (!cursor_accept(in, 'T') && !cursor_accept(in, 't'))
		skip_filler(in);
	if (!time_of_day(in, t))
		return false;
	zone(in, date);
	return true;
}

/* ISO 8601 without separators: "19971121T095506Z". */
static bool iso_basic(struct cursor *in, struct civil *t, struct date *date)
{
	lex_skip_cfws(in, NULL);
	struct view day = cursor_while(in, ascii_is_digit);
	if (day.len != 8 || (!cursor_accept(in, 'T') && !cursor_accept(in, 't')))
		return false;
	struct view time = cursor_while(in, ascii_is_digit);
	if (time.len == 4 || time.len == 6) {
		zone(in, date);
		return view_to_u64(view_take(day, 4), 9999, &t->year) &&
		       view_to_u64(view_take(view_skip(day, 4), 2), 12, &t->month) &&
		       view_to_u64(view_skip(day, 6), 31, &t->day) &&
		       view_to_u64(view_take(time, 2), 24, &t->hour) &&
		       view_to_u64(view_take(view_skip(time, 2), 2), 59, &t->minute) &&
		       (time.len == 4 || view_to_u64(view_skip(time, 4), 60, &t->second));
	}
	return false;
}

/* Whether this is the weekday that the text begins with, by its English name. */
static bool is_weekday(struct view name, const struct civil *t)
{
	int64_t day = days_from_civil((int64_t)t->year, (unsigned)t->month, (unsigned)t->day);
	size_t weekday = (size_t)((day + 4 + 7 * 25567) % 7); /* as in date_write */
	return name.len >= 3 && view_starts_nocase(name, view_of(days + 3 * weekday, 3));
}

/*
 * "21.11.1997 09:55" is the day first wherever it is written; with "/" or "-" it depends on the country. A
 * number past 12 tells which is the day, or the weekday's name, or that the hour is AM or PM, as with "/"
 * only those have it who write the month first. A date that may be wrong is worse than none.
 */
static bool numbers_only(struct cursor *in, struct civil *t, struct date *date)
{
	uint64_t first, second;
	struct cursor start = *in;
	struct view weekday = word(&start);
	skip_day_name(in);
	if (!number(in, 31, &first, NULL))
		return false;
	char between = cursor_accept(in, '.') ? '.' : cursor_accept(in, '-') ? '-' : '/';
	if ((between == '/' && !cursor_accept(in, '/')) || !number(in, 31, &second, NULL) ||
	    !cursor_accept(in, between))
		return false;
	/* "09-04-05" has three orders. */
	struct cursor ahead = *in;
	if (between == '-' && cursor_while(&ahead, ascii_is_digit).len != 4)
		return false;
	if (!year_and_time(in, t, date))
		return false;
	struct civil by_day = *t, by_month = *t;
	by_day.day = by_month.month = first;
	by_day.month = by_month.day = second;
	bool is_day_first = between == '.' || first > 12 || first == second;
	if (!is_day_first && second <= 12) {
		is_day_first = is_weekday(weekday, &by_day);
		bool is_month_first = is_weekday(weekday, &by_month);
		if (is_day_first == is_month_first && !(between == '/' && t->half && !is_day_first))
			return false;
	}
	*t = is_day_first ? by_day : by_month;
	return true;
}

static bool is_leap(uint64_t y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static bool exists(const struct civil *t)
{
	static const unsigned char length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (t->month < 1 || t->month > 12 || t->day < 1 || t->year < 1900 ||
	    (t->hour == 24 && (t->minute || t->second)))
		return false;
	return t->day <= length[t->month - 1] || (t->month == 2 && t->day == 29 && is_leap(t->year));
}

/* So many digits, no blanks. */
static bool digits(struct cursor *in, size_t count, uint64_t *n)
{
	struct view text = cursor_bytes(in, count);
	*n = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (!ascii_is_digit(text.data[i]))
			return false;
		*n = *n * 10 + (uint64_t)(text.data[i] - '0');
	}
	return text.len == count;
}

/*
 * "Thu, 2 Jan 2020 01:02:03 +0100" to the letter, perhaps with a comment behind it: what nearly all mail has.
 * The forms below read it alike, ten times as slowly; whole mailboxes are sorted by dates.
 */
static bool common_form(struct cursor *in, struct civil *t, struct date *date)
{
	uint64_t hours, minutes;
	if (in->rest.len > 5 && in->rest.data[3] == ',' && in->rest.data[4] == ' ')
		cursor_bytes(in, 5);
	if (!digits(in, in->rest.len > 1 && ascii_is_digit(in->rest.data[1]) ? 2 : 1, &t->day) ||
	    !cursor_accept(in, ' '))
		return false;
	struct view name = cursor_bytes(in, 3);
	for (size_t i = 0; i < 12 && name.len == 3 && t->month == 0; i++)
		if (memcmp(name.data, months + 3 * i, 3) == 0)
			t->month = i + 1;
	if (t->month == 0 || !cursor_accept(in, ' ') || !digits(in, 4, &t->year) || !cursor_accept(in, ' ') ||
	    !digits(in, 2, &t->hour) || !cursor_accept(in, ':') || !digits(in, 2, &t->minute) ||
	    !cursor_accept(in, ':') || !digits(in, 2, &t->second) || !cursor_accept(in, ' '))
		return false;
	bool west = cursor_accept(in, '-');
	if ((!west && !cursor_accept(in, '+')) || !digits(in, 2, &hours) || !digits(in, 2, &minutes))
		return false;
	if (hours > 12 || minutes > 59 || (west && hours == 0 && minutes == 0) || t->hour > 23 ||
	    t->second > 59)
		return false;
	date->offset_minutes = (int16_t)(hours * 60 + minutes);
	if (west)
		date->offset_minutes = (int16_t)-date->offset_minutes;
	date->zone_known = true;
	return in->rest.len == 0 || view_starts(in->rest, VIEW(" ("));
}

int date_parse(struct view text, struct date *date)
{
	static bool (*const forms[])(struct cursor *, struct civil *, struct date *) = {
	    common_form, day_first, month_first, year_first, numbers_only, iso_basic};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct cursor in = cursor_on(text);
		struct civil t = {0};
		struct date result = {0};
		if (!forms[i](&in, &t, &result) || !exists(&t))
			continue;
		int64_t day = days_from_civil((int64_t)t.year, (unsigned)t.month, (unsigned)t.day);
		result.seconds = day * 86400 + (int64_t)(t.hour * 3600 + t.minute * 60 + t.second);
		result.seconds -= (int64_t)result.offset_minutes * 60;
		*date = result;
		return 0;
	}
	return -EINVAL;
}

struct local {
	int64_t day, year;
	unsigned month, day_of_month, second;
};

static int to_local(struct date date, struct local *l)
{
	/* Far outside the years that can be written, and far from overflow. */
	if (date.seconds > INT64_C(1) << 40 || date.seconds < -(INT64_C(1) << 40))
		return -EINVAL;
	int64_t seconds = date.seconds + (int64_t)date.offset_minutes * 60;
	l->day = seconds / 86400 - (seconds % 86400 < 0);
	l->second = (unsigned)(seconds - l->day * 86400);
	if (l->day < days_from_civil(1900, 1, 1) || l->day > days_from_civil(9999, 12, 31))
		return -EINVAL;
	civil_from_days(l->day, &l->year, &l->month, &l->day_of_month);
	return 0;
}

int date_write(struct buf *out, struct date date)
{
	struct local l;
	int error = to_local(date, &l);
	if (error)
		return error;
	/* 1 January 1970 was a Thursday; 25,567 days are from 1900 on, so the sum stays positive. */
	size_t weekday = (size_t)((l.day + 4 + 7 * 25567) % 7);
	int offset = abs(date.offset_minutes);
	return buf_printf(out, "%.3s, %u %.3s %04d %02u:%02u:%02u %c%02d%02d", days + 3 * weekday,
	    l.day_of_month, months + 3 * (l.month - 1), (int)l.year, l.second / 3600, l.second / 60 % 60,
	    l.second % 60, date.offset_minutes < 0 || (offset == 0 && !date.zone_known) ? '-' : '+',
	    offset / 60, offset % 60);
}

static char *put_digits(char *at, unsigned n, unsigned digits)
{
	for (unsigned i = digits; i > 0; n /= 10)
		at[--i] = (char)('0' + n % 10);
	return at + digits;
}

/* By hand and not with printf: a list of mail shows a date for each. */
int date_write_rfc3339(struct buf *out, struct date date)
{
	struct local l;
	char text[32], *at = text;
	int error = to_local(date, &l);
	if (error)
		return error;
	unsigned offset = (unsigned)abs(date.offset_minutes);
	at = put_digits(at, (unsigned)l.year, 4);
	*at++ = '-';
	at = put_digits(at, l.month, 2);
	*at++ = '-';
	at = put_digits(at, l.day_of_month, 2);
	*at++ = 'T';
	at = put_digits(at, l.second / 3600, 2);
	*at++ = ':';
	at = put_digits(at, l.second / 60 % 60, 2);
	*at++ = ':';
	at = put_digits(at, l.second % 60, 2);
	*at++ = offset == 0 ? 'Z' : date.offset_minutes < 0 ? '-' : '+';
	if (offset > 0) {
		at = put_digits(at, offset / 60, 2);
		*at++ = ':';
		at = put_digits(at, offset % 60, 2);
	}
	return buf_append(out, view_of(text, (size_t)(at - text)));
}

int duration_write(struct buf *out, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *one, *many;
	} units[] = {{86400, "a day", "days"}, {3600, "an hour", "hours"}, {60, "a minute", "minutes"},
	    {1, "a second", "seconds"}};
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		int64_t unit = units[i].seconds, n = (seconds + unit / 2) / unit;
		/* Nearly one is one; 36 hours and 90 minutes say more than 2 days and 2 hours. */
		bool one = seconds >= unit - unit / 10 && seconds <= unit + unit / 10;
		if (one)
			return buf_append_string(out, units[i].one);
		if (seconds >= 2 * unit)
			return buf_printf(out, "%lld %s", (long long)n, units[i].many);
	}
	return buf_append_string(out, "a moment");
}
