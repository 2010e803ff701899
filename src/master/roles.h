/*
 * The process table: which roles exist, who may open a channel to whom, and how each is confined. With the
 * rows of the messages (who may say what to whom) it is the whole trust map.
 */
#ifndef MASTER_ROLES_H
#define MASTER_ROLES_H

#include "process/role.h"

enum { ROLES_MAX = 16 }; /* room for the master's books */

/* In the order of start: whoever is called starts before its callers. The master is none of them. */
extern const struct role roles[];
extern const size_t roles_count;

/* NULL for a name that none has. */
const struct role *role_by_name(const char *name);

#endif
