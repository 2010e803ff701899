/* See cli_time.h. */
#include "cli/cli_time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "format/date.h"
#include "format/plain.h"

enum { DAY = 86400, MINUTE = 60 };

/* How much of the text a form has read; 0: it does not fit. */
static int read_day(const char *text, struct tm *tm)
{
	int n = 0;
	if (sscanf(text, "%4d-%2d-%2d%n", &tm->tm_year, &tm->tm_mon, &tm->tm_mday, &n) != 3)
		return 0;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return n;
}

static bool is_possible(const struct tm *tm)
{
	return tm->tm_year >= 70 && tm->tm_year < 8000 && tm->tm_mon >= 0 && tm->tm_mon < 12 &&
	       tm->tm_mday >= 1 && tm->tm_mday <= 31 && tm->tm_hour >= 0 && tm->tm_hour < 24 &&
	       tm->tm_min >= 0 && tm->tm_min < 60 && tm->tm_sec >= 0 && tm->tm_sec < 61;
}

static int64_t utc_of(const struct tm *tm)
{
	return days_from_civil(tm->tm_year + 1900, (unsigned)tm->tm_mon + 1, (unsigned)tm->tm_mday) * DAY +
	       tm->tm_hour * 3600 + tm->tm_min * MINUTE + tm->tm_sec;
}

bool cli_read_time(const char *text, bool end, int64_t *seconds)
{
	struct tm tm = {.tm_isdst = -1};
	uint64_t ago;
	size_t digits = strspn(text, "0123456789");
	int64_t length = DAY, now = clock_wall();
	time_t today = (time_t)now;
	int n, m = 0;
	if (text[digits] != '\0' && plain_read_duration(text, &ago)) {
		*seconds = now - (int64_t)ago;
		return true;
	}
	n = read_day(text, &tm);
	if (n == 0) {
		localtime_r(&today, &tm);
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
		tm.tm_isdst = -1;
	} else if (text[n] == ' ' || text[n] == 'T') {
		n++;
	} else if (text[n] != '\0') {
		return false;
	}
	if (text[n] != '\0') {
		if (sscanf(text + n, "%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &m) != 2)
			return false;
		length = MINUTE;
		n += m;
		if (text[n] == ':') {
			if (sscanf(text + n, ":%2d%n", &tm.tm_sec, &m) != 1)
				return false;
			length = 1;
			n += m;
		}
	}
	bool utc = text[n] == 'Z' || text[n] == 'z';
	if (!is_possible(&tm) || text[n + utc] != '\0')
		return false;
	*seconds = (utc ? utc_of(&tm) : (int64_t)mktime(&tm)) + (end ? length - 1 : 0);
	return *seconds > 0;
}
