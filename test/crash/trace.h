/*
 * A recorder between a program and its files. It stands in front of the C library's functions (ours and
 * LMDB's calls alike), notes every change that is made below one folder, in order, and which of them a sync
 * has made durable. From the notes it builds the folder as a power cut at any moment could have left it:
 *   - what was synced is there;
 *   - of what was not, each 512-byte sector may be there or not, in any order;
 *   - names change in order, and some of the last changes may be missing.
 */
#ifndef TEST_CRASH_TRACE_H
#define TEST_CRASH_TRACE_H

#include <stddef.h>
#include <stdint.h>

/* From now on, changes below this folder (an absolute path) are noted; it must be empty. */
void trace_start(const char *folder);
void trace_stop(void);

/* Number of changes so far; a moment for trace_image. */
size_t trace_now(void);

/* Builds in `folder` (made, must not exist) what a power cut at this moment leaves, as chance has it. */
void trace_image(const char *folder, size_t moment, uint32_t seed);

/*
 * Lets the n-th of these calls from now on fail with an errno value, once (0: none does). What a failed sync
 * was to make durable is lost, as on Linux.
 */
enum trace_call { TRACE_WRITE, TRACE_SYNC };
void trace_fail(enum trace_call call, unsigned n, int error);

#endif
