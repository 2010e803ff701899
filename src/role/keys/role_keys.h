/* The keys role: the only process that holds private keys. */
#ifndef ROLE_KEYS_ROLE_KEYS_H
#define ROLE_KEYS_ROLE_KEYS_H

#include "master/roles.h"

int keys_role_start(struct role_process *p);
int keys_role_serve(struct role_process *p);
void keys_role_peer(struct role_process *p, enum role_bit role, int fd);

#endif
