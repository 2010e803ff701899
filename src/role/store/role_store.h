/* The store role: keeps everybody's mail and hands it out over channels that are bound to one account each.
 */
#ifndef ROLE_STORE_ROLE_STORE_H
#define ROLE_STORE_ROLE_STORE_H

#include "master/roles.h"

int store_role_start(struct role_process *p);
int store_role_serve(struct role_process *p);
void store_role_peer(struct role_process *p, enum role_bit role, int fd);
void store_role_listener(struct role_process *p, enum service service, int fd);
void store_role_drain(struct role_process *p);

#endif
