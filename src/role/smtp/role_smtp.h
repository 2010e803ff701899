/* The smtp role: the driver of SMTP sessions. */
#ifndef ROLE_SMTP_ROLE_SMTP_H
#define ROLE_SMTP_ROLE_SMTP_H

#include "process/role.h"

extern const struct role_functions smtp_functions;

#endif
