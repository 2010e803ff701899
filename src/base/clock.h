/*
 * Two clocks. The monotonic one serves deadlines: a jump of the wall clock moves none of them. The wall clock
 * serves dates that people see and times that are stored.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds, from an arbitrary start; never goes back. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* The monotonic clock, and what a test's clock below is ahead: for ends that lie hours away, and that a test
 * is to see. Compared with itself alone. */
int64_t clock_elapsed_ms(void);

/* Seconds since 1970-01-01 UTC, without leap seconds. */
int64_t clock_wall(void);
int64_t clock_wall_ms(void);

/*
 * For tests, in which days pass in seconds: the first eight bytes of the file, a signed number of seconds in
 * this machine's byte order, are added to the wall clock from now on, and looked at anew each time that it is
 * read. The monotonic clock and the times in the log stay the real ones. Called once at the start of a
 * process, before its confinement; the file is mapped and its descriptor closed. 0; -EINVAL if the file is
 * shorter; or what open, fstat or mmap say.
 */
int clock_simulate(const char *path);

/* Whether the wall clock may jump at any moment: who waits for a time on it then looks at it every
 * CLOCK_SIMULATED_LOOK_MS instead of setting one timer. */
bool clock_is_simulated(void);

enum { CLOCK_SIMULATED_LOOK_MS = 50 };

#endif
