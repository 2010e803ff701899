/* Random bytes and identifiers, from the kernel. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t len);
uint64_t random_u64(void);

/* Uniform in [0, bound); bound > 0. */
uint32_t random_below(uint32_t bound);

/* An identifier for log lines, replies and file names: 12 letters and digits (60 bits) and a NUL. */
enum { RANDOM_ID_SIZE = 13 };
void random_id(char out[RANDOM_ID_SIZE]);

#endif
