/* The log role: takes the lines of all roles and writes them out; it alone may wait for a slow disk or
 * terminal. */
#ifndef ROLE_LOG_ROLE_LOG_H
#define ROLE_LOG_ROLE_LOG_H

#include "master/roles.h"

int log_role_start(struct role_process *p);
/* The socket that a process of this role writes its lines into, or the master. */
void log_role_peer(struct role_process *p, enum role_bit role, int fd);
int log_role_serve(struct role_process *p);
void log_role_drain(struct role_process *p);

#endif
