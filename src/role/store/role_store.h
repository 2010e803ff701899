/* The store role: keeps everybody's mail and hands it out over channels that are bound to one account each.
 */
#ifndef ROLE_STORE_ROLE_STORE_H
#define ROLE_STORE_ROLE_STORE_H

#include "process/role.h"

extern const struct role_functions store_functions;

#endif
