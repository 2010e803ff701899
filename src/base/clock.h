/*
 * Two clocks. The monotonic one serves deadlines: a jump of the wall clock moves none of them. The wall clock
 * serves dates that people see and times that are stored.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds, from an arbitrary start; never goes back. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* Seconds since 1970-01-01 UTC, without leap seconds. */
int64_t clock_wall(void);
int64_t clock_wall_ms(void);

#endif
