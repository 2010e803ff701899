/*
 * Standing in for the C library's calls on files: definitions of the program's own win over it, for shared
 * libraries too. What opening does is the including program's (faults.c, trace.c); here are the names under
 * which it is called.
 */
#ifndef TEST_CRASH_INTERCEPT_H
#define TEST_CRASH_INTERCEPT_H

#include <dlfcn.h>
#include <stdint.h>
#include <sys/types.h>

/* The C library's own, of that type. */
#define REAL(name, type) ((type)(uintptr_t)dlsym(RTLD_NEXT, name))

/* All of open, open64, openat and openat64; `mode` is 0 where none was given. The program's. */
int intercepted_open(int at, const char *path, int flags, mode_t mode);

#endif
