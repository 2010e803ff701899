/* The relay role: carries queued mail to other hosts. */
#ifndef ROLE_RELAY_ROLE_RELAY_H
#define ROLE_RELAY_ROLE_RELAY_H

#include "process/role.h"

extern const struct role_functions relay_functions;

#endif
