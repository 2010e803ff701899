/* The upkeep of every account, from time to time: expired entries go. */
#ifndef ROLE_STORE_STORE_UPKEEP_H
#define ROLE_STORE_STORE_UPKEEP_H

/* Begins: once some minutes after the start (which finishes what a crash interrupted as well), then daily. */
void store_upkeep_start(void);
void store_upkeep_stop(void);

#endif
