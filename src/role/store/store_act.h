/*
 * Acts (account/acts.h) at work: one step of an account after the other, each a commit that lets others go
 * first. What store left undone at its end is found by its alarm (store_snooze.h).
 */
#ifndef ROLE_STORE_STORE_ACT_H
#define ROLE_STORE_STORE_ACT_H

#include <stdint.h>

/* There is something to do in this account, or may be. */
void store_act_wake(uint64_t shard);

void store_act_stop(void); /* before the store is closed */

#endif
