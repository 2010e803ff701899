/*
 * Memory. Small allocations (our own structures) never fail visibly: without memory the process ends, its
 * master starts it again, and what was acknowledged is on disk. Memory whose size a peer decides is taken
 * with mem_try and answered with a temporary error.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/view.h"

/* Zeroed memory; ends the process when there is none. Size 0 gives a valid pointer. */
void *mem_alloc(size_t size) __attribute__((warn_unused_result, malloc));

/* Zeroed memory for count objects of size bytes; a product past SIZE_MAX ends the process. */
void *mem_array(size_t count, size_t size) __attribute__((warn_unused_result, malloc));

/* Resizes; the new part is not zeroed. Ends the process when there is no memory. */
void *mem_resize(void *old, size_t size) __attribute__((warn_unused_result));

/* Like mem_alloc, mem_resize, but NULL when there is no memory (old is then kept as it was). Not zeroed. */
void *mem_try(size_t size) __attribute__((warn_unused_result, malloc));
void *mem_try_resize(void *old, size_t size) __attribute__((warn_unused_result));

/* A NUL-terminated copy, on the heap. */
char *mem_string(struct view v) __attribute__((warn_unused_result, malloc));

void mem_free(void *p);

/*
 * Gives what is free back to the system. The allocator does so by itself only at the end of the heap, which
 * one small object holds up; so whoever had a crowd calls this when it has gone. It takes milliseconds for
 * 100 MB.
 */
void mem_give_back(void);

/* Overwrites secrets in a way that no compiler removes. */
void mem_wipe(void *p, size_t len);

/*
 * Fault injection for tests: the n-th mem_try or mem_try_resize from now on fails, once (0: none does).
 * mem_faults_left tells whether it is still to come.
 */
void mem_fail_after(unsigned n);
bool mem_fault_pending(void);

#endif
