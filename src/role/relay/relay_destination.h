/*
 * A destination that store has handed out: its hosts are looked up, then its messages are taken and given to
 * connections as these ask for them; when nothing is left, or no host can be used, it goes back to store with
 * the reason.
 */
#ifndef ROLE_RELAY_RELAY_DESTINATION_H
#define ROLE_RELAY_RELAY_DESTINATION_H

#include "process/messages_queue.h"

enum {
	RELAY_LINGER_MS = 2 * 1000,      /* that a destination without mail is kept */
	RELAY_FOUND_MS = 10 * 60 * 1000, /* after which a busy destination's hosts are looked up anew */
	/* When there is no place for a connection, and half of all that may be under way is: so long what is
	 * no more than reports makes room for others (RELAY_DESTINATIONS_MAX), for reports to silent hosts
	 * could have all of it. */
	RELAY_ROOM_SECONDS = 60
};

/* It carries on by itself until it has been given back. */
void relay_destination_open(const struct message_queue_destination *m);

#endif
