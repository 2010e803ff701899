/*
 * What a look at a domain's records found, kept as text until the next look, so that an administrator is told
 * of a change once and not every day.
 */
#ifndef TRUST_ZONE_ZONE_DRIFT_H
#define TRUST_ZONE_ZONE_DRIFT_H

#include "trust/zone/zone_check.h"

/* Octets of a memory: a hundred findings of 150, those that do not fit are left out. */
enum { ZONE_MEMORY_MAX = 16 * 1024 };

/*
 * Appends the memory of a look at `now` (seconds since 1970): faults and warnings, a line each, made safe by
 * base/show.h. The result of buf_append.
 */
int zone_memory_write(const struct zone_report *report, int64_t now, struct buf *out);

/* When that look was; 0 for a text that is no memory. */
int64_t zone_memory_time(struct view memory);

/*
 * Holds two memories against one another: appends what is new, what is gone and what is as it was, as a
 * person reads it. False: nothing has changed; then nothing is appended.
 */
bool zone_drift_text(struct view before, struct view now, const char *domain, struct buf *out);

/* Faults and warnings in a memory. */
size_t zone_memory_count(struct view memory);

#endif
