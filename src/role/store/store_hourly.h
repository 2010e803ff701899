/*
 * How much each account has sent by its rules within its hour. It is kept in memory: after a restart all
 * hours begin anew.
 */
#ifndef ROLE_STORE_STORE_HOURLY_H
#define ROLE_STORE_STORE_HOURLY_H

#include <stdint.h>

#include "base/map.h"

struct hourly {
	struct map accounts; /* -> struct hour */
};

/* Whether the account may send `count` more at the time `now` (seconds) when it may send `most` in an hour;
 * then they are counted. An hour begins with what is sent first. */
bool hourly_take(struct hourly *h, uint64_t account, int64_t now, unsigned count, unsigned most);

void hourly_forget(struct hourly *h);

#endif
