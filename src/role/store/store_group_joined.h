/*
 * Somebody has joined a group: they are invited to what is shared with it already, and told, as they would
 * have been with the others (store_share_groups.h). Who shares with a group stands in the mailboxes alone, so
 * all of them are looked at, in slices behind everybody's work; a group changes seldom. Those who join the
 * same group meanwhile share one look. A store that ends forgets it: who was not told can ask for the
 * mailbox.
 */
#ifndef ROLE_STORE_STORE_GROUP_JOINED_H
#define ROLE_STORE_STORE_GROUP_JOINED_H

#include "base/view.h"

/* Both are addresses, as the directory took them. */
void store_group_joined(struct view group, struct view member);

#endif
