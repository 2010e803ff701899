/*
 * What a reader of mail asks of hosts elsewhere: a picture of a message, or to be taken off a list (RFC
 * 8058). The URL is the choice of whoever wrote the message. By relay_https.h: to hosts on the public
 * internet alone, over TLS that proves who they are, at the port of HTTPS, without a word about the reader.
 * A picture may lie elsewhere by now: a few redirects are followed, each judged like the first URL.
 */
#ifndef ROLE_RELAY_RELAY_ERRAND_H
#define ROLE_RELAY_RELAY_ERRAND_H

#include "process/link.h"

/* The verb of MESSAGE_ERRAND. */
void relay_errand_ask(struct link *link, struct channel_frame *frame, const void *message);

/* Web's channel, the first or a new one. What was asked over an earlier one is dropped. */
void relay_errand_link(struct role_process *p, int fd);

/* Those under way are dropped: this process ends. */
void relay_errand_forget(void);

#endif
