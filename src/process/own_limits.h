/*
 * What a process that reads strangers' bytes may take, set by itself: whatever goes past it ends the process
 * by the kernel, or has no memory. Its peer knows what it was doing, and goes on with a new one.
 */
#ifndef PROCESS_OWN_LIMITS_H
#define PROCESS_OWN_LIMITS_H

#include <stddef.h>

/* Seconds of the processor's time from now on; 0: no limit any more. */
void own_limits_time(unsigned seconds);

/* Octets of memory, for the process's life. Without effect under sanitizers, whose shadow is larger than any
 * limit. */
void own_limits_memory(size_t octets);

#endif
