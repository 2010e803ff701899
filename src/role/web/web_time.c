/* See web_time.h. The C library has these names only for the locales that an administrator has installed. */
#include "role/web/web_time.h"

enum { MONTHS = 12 };

/* As they stand within a date: Russian has them in the genitive. Chinese and Japanese write numbers instead.
 */
static const char *const months[WEB_LANGUAGES][MONTHS] = {
    [WEB_ENGLISH] = {"January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December"},
    [WEB_GERMAN] = {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
        "Oktober", "November", "Dezember"},
    [WEB_SPANISH] = {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
        "octubre", "noviembre", "diciembre"},
    [WEB_FRENCH] = {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
        "octobre", "novembre", "décembre"},
    [WEB_RUSSIAN] = {"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября",
        "октября", "ноября", "декабря"},
    [WEB_ARABIC] = {"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر",
        "نوفمبر", "ديسمبر"},
};

/* What stands behind the day, the month and the year. */
static const struct joints {
	const char *day, *month, *year;
} joints[WEB_LANGUAGES] = {
    [WEB_ENGLISH] = {" ", " ", ", "},
    [WEB_GERMAN] = {". ", " ", ", "},
    [WEB_SPANISH] = {" de ", " de ", ", "},
    [WEB_FRENCH] = {" ", " ", ", "},
    [WEB_RUSSIAN] = {" ", " ", " г., "},
    [WEB_ARABIC] = {" ", " ", "، "},
};

void web_time_write(struct buf *out, enum web_language in, const struct tm *utc)
{
	const struct joints *j = &joints[in];
	const char *month = months[in][utc->tm_mon % MONTHS];
	int year = utc->tm_year + 1900;
	if (month == NULL)
		buf_printf(out, "%d年%d月%d日 ", year, utc->tm_mon + 1, utc->tm_mday);
	else
		buf_printf(out, "%d%s%s%s%s%d%s", utc->tm_mday,
		    in == WEB_FRENCH && utc->tm_mday == 1 ? "er" : "", j->day, month, j->month, year,
		    j->year);
	buf_printf(out, "%02d:%02d UTC", utc->tm_hour, utc->tm_min);
}
