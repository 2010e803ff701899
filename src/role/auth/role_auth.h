/* The auth role: who is this, may they; the directory's only caller. */
#ifndef ROLE_AUTH_ROLE_AUTH_H
#define ROLE_AUTH_ROLE_AUTH_H

#include "process/role.h"

extern const struct role_functions auth_functions;

#endif
