/* Which addresses are this machine's own: no name that a stranger wrote may lead us there, and no mail may go
 * round in a circle. */
#ifndef ROLE_RELAY_RELAY_OWN_H
#define ROLE_RELAY_RELAY_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "config/settings.h"

/* What the settings say: where we listen, and from where we connect. Allowed again at any time. */
void relay_own_configure(const struct settings *s);

/* Where we listen, with the port: a host at such an address is ourselves (RFC 5321 section 5.1). Valid until
 * the next call of a function of this file. */
const struct sockaddr_storage *relay_own_listeners(size_t *count);

/*
 * Whether a host may be at this address because names say so, which strangers write: a public one that is not
 * this machine's, or one in relay_networks. Routes need not ask.
 */
bool relay_may_reach(const struct sockaddr_storage *address);

#endif
