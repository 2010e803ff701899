/* The managesieve role: the driver of ManageSieve sessions. */
#ifndef ROLE_MANAGESIEVE_ROLE_MANAGESIEVE_H
#define ROLE_MANAGESIEVE_ROLE_MANAGESIEVE_H

#include "process/role.h"

extern const struct role_functions managesieve_functions;

#endif
