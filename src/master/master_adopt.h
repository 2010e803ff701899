/*
 * The end of an upgrade: the master executes the new program in its own place. Its number, its children and
 * its sockets stay; what it knows of them goes over in a file in memory. The new master goes on where the old
 * one stopped, so no role notices it.
 */
#ifndef MASTER_MASTER_ADOPT_H
#define MASTER_MASTER_ADOPT_H

#include "master/master_private.h"

/* Executes the program that the roles run. Returns only when that failed, and nothing has changed then. */
void master_pass_on(struct master *m);

/* Whether this process was executed so. */
bool master_is_adopted(void);
/* Takes over what the master before has left, but for what master_adopt_children takes; before the loop's
 * signals and timers. False: it cannot be read, which never happens between programs that speak alike. */
bool master_adopt(struct master *m);
void master_adopt_children(struct master *m);

#endif
