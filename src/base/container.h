/* From a member to the struct that holds it: how a callback finds what it belongs to. */
#ifndef BASE_CONTAINER_H
#define BASE_CONTAINER_H

#include <stddef.h>

/* `pointer` points to `member` of a `type`; the result points to that `type`. */
#define container_of(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
