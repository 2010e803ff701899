/*
 * What is kept for a while (account_keep) has one number outside: when it expires, in minutes, and its id.
 */
#ifndef ROLE_STORE_RIGHT_KEPT_H
#define ROLE_STORE_RIGHT_KEPT_H

#include <stdint.h>

enum { KEPT_STEP = 60 }; /* seconds; account_keep's `expires` is a multiple of it */

/* Below 2^63 until the year 6053; ids are below 2^32, of which an account uses one for each upload. */
static inline uint64_t kept_number(uint64_t id, int64_t expires)
{
	return (uint64_t)(expires / KEPT_STEP) << 32 | id;
}

static inline uint64_t kept_id_of(uint64_t number)
{
	return number & UINT32_MAX;
}

static inline int64_t kept_expiry_of(uint64_t number)
{
	return (int64_t)(number >> 32) * KEPT_STEP;
}

#endif
