/* The pop3 role: the driver of POP3 sessions. See roles.h for what the functions are. */
#ifndef ROLE_POP3_ROLE_POP3_H
#define ROLE_POP3_ROLE_POP3_H

#include "master/roles.h"

int pop3_role_start(struct role_process *p);
int pop3_role_serve(struct role_process *p);
void pop3_role_peer(struct role_process *p, enum role_bit role, int fd);
void pop3_role_listener(struct role_process *p, enum service service, int fd);
void pop3_role_drain(struct role_process *p);

#endif
