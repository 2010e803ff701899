/* This role's channel to relay: errands (web_errand.h) and questions about recipients (web_recipient.h) go
 * over it. */
#ifndef ROLE_WEB_WEB_RELAY_H
#define ROLE_WEB_WEB_RELAY_H

#include "process/link.h"

extern struct calls web_relay;

void web_relay_start(void);

/* The channel, the first or a new one. */
void web_relay_link(struct role_process *p, int fd);

#endif
