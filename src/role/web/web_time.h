/* A point in time as people read it on a page, in each of its languages. */
#ifndef ROLE_WEB_WEB_TIME_H
#define ROLE_WEB_WEB_TIME_H

#include <time.h>

#include "base/buf.h"
#include "role/web/web_texts.h"

/* Appends the day with its month's name, the year, and the time of day: "30 December 2026, 14:05 UTC". */
void web_time_write(struct buf *out, enum web_language in, const struct tm *utc);

#endif
