/* Dates of HTTP (RFC 9110 section 5.6.7): always in GMT, in one form when written, in three when read. */
#ifndef HTTP_HTTP_DATE_H
#define HTTP_HTTP_DATE_H

#include "base/buf.h"

/* Appends "Sun, 06 Nov 1994 08:49:37 GMT". -EINVAL for years outside 1900 to 9999; the result of buf_append.
 */
int http_date_write(struct buf *out, int64_t seconds);

/* Seconds since 1970 of an IMF-fixdate, one with the weekday in full and two digits of the year, or asctime's
 * form. -EINVAL: none of these. */
int http_date_parse(struct view text, int64_t *seconds);

#endif
