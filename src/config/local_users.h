/*
 * The users of this machine that may send mail (the setting local_senders), as the master tells them to smtp:
 * a line "NUMBER NAME" for each, or "*" for all.
 */
#ifndef CONFIG_LOCAL_USERS_H
#define CONFIG_LOCAL_USERS_H

#include <sys/types.h>

#include "base/buf.h"

enum {
	LOCAL_USER_NAME_SIZE = 33,      /* 32 octets, the most that useradd takes, and a NUL */
	LOCAL_USERS_TEXT_MAX = 64 << 10 /* of all lines: a thousand users with the longest names */
};

/* "*", a number, or a name that passwd can hold. */
bool local_users_name_is_good(struct view name);

/* Appends the line of the user with that name or number, or "*". False: there is no such user. Asks passwd.
 */
bool local_users_add(struct buf *users, struct view name);

/* The same by number; one without a name has its number for a name. */
void local_users_add_number(struct buf *users, uid_t number);

/*
 * Whether this user may send. `name` gets its name, or "uid N" when the list names it only by "*", or not at
 * all.
 */
bool local_users_find(struct view users, uid_t number, char name[LOCAL_USER_NAME_SIZE]);

#endif
