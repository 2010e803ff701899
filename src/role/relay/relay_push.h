/*
 * Web Push: a text of store's goes to a push service, or to whatever URL a subscriber has named (RFC 8620
 * section 7.2, RFC 8030), encrypted where the subscriber has given keys (RFC 8291). By relay_https.h: to
 * hosts on the public internet alone, over TLS that proves who they are, at the port of HTTPS. One push is
 * tried once; when to try again is store's business.
 */
#ifndef ROLE_RELAY_RELAY_PUSH_H
#define ROLE_RELAY_RELAY_PUSH_H

#include "process/link.h"

/* MESSAGE_PUSH_SEND. */
void relay_push_send(struct link *link, struct channel_frame *frame, const void *message);

/* Those under way are dropped: their store is gone, or this process ends. */
void relay_push_forget(void);

#endif
