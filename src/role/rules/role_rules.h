/* The rules role: compiles scripts, and runs programs over mail that is about to be kept. */
#ifndef ROLE_RULES_ROLE_RULES_H
#define ROLE_RULES_ROLE_RULES_H

#include "process/role.h"

extern const struct role_functions rules_functions;

#endif
