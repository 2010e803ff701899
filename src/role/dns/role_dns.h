/* The dns role: asks name servers and hands out answers; the only process that holds a resolver. */
#ifndef ROLE_DNS_ROLE_DNS_H
#define ROLE_DNS_ROLE_DNS_H

#include "master/roles.h"

int dns_role_start(struct role_process *p);
int dns_role_serve(struct role_process *p);
void dns_role_peer(struct role_process *p, enum role_bit role, int fd);

#endif
