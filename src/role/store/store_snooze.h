/*
 * Emails that were put off come back when their time has come (account/snooze.h), within a second of it;
 * after a jump of the clock within some seconds.
 */
#ifndef ROLE_STORE_STORE_SNOOZE_H
#define ROLE_STORE_STORE_SNOOZE_H

#include <stdint.h>

void store_snooze_start(void);
void store_snooze_stop(void); /* before the store is closed */

/* Something is to be done at this time; 0: nothing. */
void store_snooze_note(int64_t at);

/* Sees to it that the account's first time is known; for upkeep, one at a time. `done` is called in any case.
 */
void store_snooze_heal(uint64_t shard, void (*done)(void));

#endif
