/*
 * Somebody has left a group: what they were invited to as its member, and would not find any more, goes from
 * their list. It is shown to nobody as it is, but takes the room of others. A store that ends before forgets
 * it.
 */
#ifndef ROLE_STORE_STORE_GROUP_LEFT_H
#define ROLE_STORE_STORE_GROUP_LEFT_H

#include "base/view.h"

/* The member's address, as the directory took it. */
void store_group_left(struct view member);

#endif
