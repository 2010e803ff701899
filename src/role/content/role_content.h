/* The content role: reads messages and what is attached to them, and gives values back. */
#ifndef ROLE_CONTENT_ROLE_CONTENT_H
#define ROLE_CONTENT_ROLE_CONTENT_H

#include "process/role.h"

extern const struct role_functions content_functions;

#endif
