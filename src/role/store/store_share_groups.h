/*
 * A mailbox that was shared with a group, or is not any more: the group's members are invited and told of it,
 * as people are to whom it is shared. A slice of them in each commit, behind the one that gave the rights:
 * the right is the group's at once, and whoever has not been told when the store ends can ask for it.
 */
#ifndef ROLE_STORE_STORE_SHARE_GROUPS_H
#define ROLE_STORE_STORE_SHARE_GROUPS_H

#include "account/grants.h"
#include "format/address_normal.h"

/* What was granted, as soon as it is. */
void store_share_groups(const struct account_granting *granted);

/* An address as it is kept until somebody is told: at most ADDRESS_MAX of it. */
struct view store_share_address(char room[static ADDRESS_MAX], struct view text);

#endif
