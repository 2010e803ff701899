/*
 * Rights go from a store to its successor, in an upgrade. Their channels go with them, so a session notices
 * nothing: what it asks meanwhile waits in its channel. A right that has something under way when its time
 * has come ends, as if store had been restarted: its session comes again.
 */
#ifndef ROLE_STORE_RIGHT_PASS_H
#define ROLE_STORE_RIGHT_PASS_H

#include "process/link.h"

/* ---- the store before ---- */

/* No right is heard any more; what is under way goes on. */
void right_pass_pause(void);
/* Whether all rights have nothing under way. */
bool right_pass_is_quiet(void);
/* Takes the channels of those that are quiet; right_end_all ends the others. */
void right_pass_gather(void);
/* Sends them over the channel to the successor, which is taken over. `done` is called once, when the
 * successor has taken all, or has gone. */
void right_pass_send(struct role_process *p, int fd, void (*done)(void));

/* ---- the successor ---- */

/* A channel from the store before has come. */
void right_pass_receive(struct role_process *p, int fd);
/* Rights were revoked: those that are still to come as well. */
void right_pass_revoke(uint64_t account, uint64_t session);

/* What the two hear from each other. */
extern const struct link_verb right_pass_verbs[];

#endif
