/* The smtp role: the driver of SMTP sessions. See roles.h for what the functions are. */
#ifndef ROLE_SMTP_ROLE_SMTP_H
#define ROLE_SMTP_ROLE_SMTP_H

#include "master/roles.h"

int smtp_role_start(struct role_process *p);
int smtp_role_serve(struct role_process *p);
void smtp_role_peer(struct role_process *p, enum role_bit role, int fd);
void smtp_role_listener(struct role_process *p, enum service service, int fd);
void smtp_role_drain(struct role_process *p);

#endif
