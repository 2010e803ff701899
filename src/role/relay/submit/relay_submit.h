/*
 * "@submit", the destination of what users send over their account: each message is completed, signed and
 * handed in to store, which gives it to mailboxes and to the queue. It takes messages from store and ends by
 * itself.
 */
#ifndef ROLE_RELAY_SUBMIT_RELAY_SUBMIT_H
#define ROLE_RELAY_SUBMIT_RELAY_SUBMIT_H

#include "process/messages_queue.h"

#define RELAY_SUBMIT_NAME "@submit"

/* Never gives it back within. */
void relay_submit_open(const struct message_queue_destination *m);

#endif
