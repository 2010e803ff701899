/* The log role: takes the lines of all roles and writes them out; it alone may wait for a slow disk or
 * terminal. */
#ifndef ROLE_LOG_ROLE_LOG_H
#define ROLE_LOG_ROLE_LOG_H

#include "process/role.h"

extern const struct role_functions log_functions;

#endif
