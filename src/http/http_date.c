/* HTTP's dates, by the calendar of mail's. */
#include "http/http_date.h"

#include <errno.h>

#include "format/date.h"

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

int http_date_write(struct buf *out, int64_t seconds)
{
	enum { DAY = 86400 };
	int64_t day = seconds / DAY - (seconds % DAY < 0), rest = seconds - day * DAY, year;
	unsigned month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	if (year < 1900 || year > 9999)
		return -EINVAL;
	unsigned of_week = (unsigned)(((day + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
	return buf_printf(out, "%.3s, %02u %.3s %04d %02u:%02u:%02u GMT", days + 3 * of_week, of_month,
	    months + 3 * (month - 1), (int)year, (unsigned)(rest / 3600), (unsigned)(rest / 60 % 60),
	    (unsigned)(rest % 60));
}

int http_date_parse(struct view text, int64_t *seconds)
{
	struct date date;
	if (text.len < 24 || text.len > 40 || date_parse(text, &date) != 0 ||
	    (date.zone_known && date.offset_minutes))
		return -EINVAL;
	*seconds = date.seconds;
	return 0;
}
