/*
 * "@notify", the destination whose mail goes to no host: the news of it go to its senders. It takes messages
 * from store and ends by itself.
 */
#ifndef ROLE_RELAY_NOTIFY_RELAY_NOTIFY_H
#define ROLE_RELAY_NOTIFY_RELAY_NOTIFY_H

#include "process/messages_queue.h"

#define RELAY_NOTIFY_NAME "@notify"

/* Never gives it back within. */
void relay_notify_open(const struct message_queue_destination *m);

#endif
