/* The keys role: the only process that holds private keys. */
#ifndef ROLE_KEYS_ROLE_KEYS_H
#define ROLE_KEYS_ROLE_KEYS_H

#include "process/role.h"

extern const struct role_functions keys_functions;

#endif
