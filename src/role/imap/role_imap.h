/* The imap role: the driver of IMAP sessions. */
#ifndef ROLE_IMAP_ROLE_IMAP_H
#define ROLE_IMAP_ROLE_IMAP_H

#include "process/role.h"

extern const struct role_functions imap_functions;

#endif
