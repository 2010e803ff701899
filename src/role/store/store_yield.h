/*
 * A store gives way to its successor, in an upgrade (doc/architecture.md). At first nothing changes; when no
 * body is half told to it, it says that it may yield. Then its callers get channels to the successor, and it
 * answers what they asked before, closes the engine, and passes the sessions' rights on.
 */
#ifndef ROLE_STORE_STORE_YIELD_H
#define ROLE_STORE_STORE_YIELD_H

#include "process/role.h"

/* close_all: stops all that store does and closes the engine. */
void store_yield_retire(struct role_process *p, void (*close_all)(void));
/* The channel to the successor: now. Takes it over. */
void store_yield_now(int fd);
/* The engine is closed already. */
bool store_yield_is_done(void);

#endif
