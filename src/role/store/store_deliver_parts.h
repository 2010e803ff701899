/* A message to many: its recipients shared out over several records of the queue. */
#ifndef ROLE_STORE_STORE_DELIVER_PARTS_H
#define ROLE_STORE_STORE_DELIVER_PARTS_H

#include "queue/queue.h"

enum { STORE_PART_RECIPIENTS = 100 /* ACCOUNT_TARGETS_MAX: mailboxes of one commit */ };

/* A random one. */
void store_new_id(struct queue_id *id);

/*
 * Shares them out: so many to a record that its mailboxes are delivered to in one commit, and that what the
 * next hosts say finds room. Those of one account stay together, which gets the message once. The recipients
 * are put into that order, *count of them are left, and *parts is in the arena. The number of parts; 0: no
 * memory.
 */
size_t store_deliver_parts(struct arena *arena, const struct queue_id *id, struct record_recipient *all,
    size_t *count, struct queue_part **parts);

#endif
