/* Dates of header fields: RFC 5322 sections 3.3 and 4.3. */
#ifndef FORMAT_DATE_H
#define FORMAT_DATE_H

#include "base/buf.h"

struct date {
	int64_t seconds;        /* since 1970-01-01 UTC; may be negative */
	int16_t offset_minutes; /* of the writer's zone, east of UTC */
	bool zone_known; /* false for "-0000", for military letters, and where no zone was given or understood
	                  */
};

/*
 * Reads a date-time: standard and obsolete forms (two-digit years, named zones, comments, no day of the week,
 * no seconds), and what is found in practice: asctime(3), RFC 3339 and ISO 8601, JavaScript's, month before
 * day, AM and PM, months in full, numbers only where they can be read in one way. A zone that cannot be
 * understood is unknown and costs no more than itself (RFC 5322 section 4.3). Years 1900 to 9999. 0, or
 * -EINVAL.
 */
int date_parse(struct view text, struct date *date);

/* Appends "Fri, 21 Nov 1997 09:55:06 -0600". -EINVAL for years outside 1900 to 9999; the result of
 * buf_append. */
int date_write(struct buf *out, struct date date);

/* Appends RFC 3339: "1997-11-21T09:55:06-06:00", or with "Z" when the offset is 0. The same results. */
int date_write_rfc3339(struct buf *out, struct date date);

/*
 * Appends a duration for people: "3 minutes", "an hour", "36 hours", "5 days", rounded to what they want to
 * know; "a moment" for none. The result of buf_append.
 */
int duration_write(struct buf *out, int64_t seconds);

/*
 * Days since 1970-01-01 of a date in the Gregorian calendar, and the other way round. Month 1-12, day 1-31.
 */
int64_t days_from_civil(int64_t year, unsigned month, unsigned day);
void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

#endif
