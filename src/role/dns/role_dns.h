/* The dns role: asks name servers and hands out answers; the only process that holds a resolver. */
#ifndef ROLE_DNS_ROLE_DNS_H
#define ROLE_DNS_ROLE_DNS_H

#include "process/role.h"

extern const struct role_functions dns_functions;

#endif
