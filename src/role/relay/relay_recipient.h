/*
 * Whether mail to an address would arrive (mail/recipient.h), for who writes one in the web role. Auth says
 * of this server's addresses what it says to smtp at RCPT; of others relay_recipient_domain.h says what the
 * DNS has of the domain. Each account may ask so much in a minute, and so may all together: a web role that
 * was broken into may make accounts up.
 */
#ifndef ROLE_RELAY_RELAY_RECIPIENT_H
#define ROLE_RELAY_RELAY_RECIPIENT_H

#include "process/link.h"

/* The verb of MESSAGE_RECIPIENT. */
void relay_recipient_ask(struct link *link, struct channel_frame *frame, const void *message);

void relay_recipients_start(struct loop *loop);

/* Those under way are dropped: this process ends. */
void relay_recipients_forget(void);

#endif
