/* The pop3 role: the driver of POP3 sessions. */
#ifndef ROLE_POP3_ROLE_POP3_H
#define ROLE_POP3_ROLE_POP3_H

#include "process/role.h"

extern const struct role_functions pop3_functions;

#endif
