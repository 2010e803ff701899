/* The auth role: who is this, may they; the directory's only caller. */
#ifndef ROLE_AUTH_ROLE_AUTH_H
#define ROLE_AUTH_ROLE_AUTH_H

#include "master/roles.h"

int auth_role_start(struct role_process *p);
int auth_role_serve(struct role_process *p);
void auth_role_peer(struct role_process *p, enum role_bit role, int fd);
void auth_role_listener(struct role_process *p, enum service service, int fd);
void auth_role_drain(struct role_process *p);

#endif
