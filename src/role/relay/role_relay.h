/* The relay role: carries queued mail to other hosts. See roles.h for what the functions are. */
#ifndef ROLE_RELAY_ROLE_RELAY_H
#define ROLE_RELAY_ROLE_RELAY_H

#include "master/roles.h"

int relay_role_start(struct role_process *p);
void relay_role_prepare(struct role_process *p);
int relay_role_serve(struct role_process *p);
void relay_role_peer(struct role_process *p, enum role_bit role, int fd);
void relay_role_drain(struct role_process *p);

#endif
