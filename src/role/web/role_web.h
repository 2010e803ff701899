/* The web role: the driver of HTTP connections, and of what is spoken over them (JMAP, push). */
#ifndef ROLE_WEB_ROLE_WEB_H
#define ROLE_WEB_ROLE_WEB_H

#include "process/role.h"

extern const struct role_functions web_functions;

#endif
