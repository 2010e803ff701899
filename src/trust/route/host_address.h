/* Addresses of hosts as the evaluations need them: ports, equality, literals. */
#ifndef TRUST_ROUTE_HOST_ADDRESS_H
#define TRUST_ROUTE_HOST_ADDRESS_H

#include <sys/socket.h>

#include "base/view.h"

uint16_t host_address_port(const struct sockaddr_storage *a);
void host_address_set_port(struct sockaddr_storage *a, uint16_t port);

/* The same address; the ports count unless that of `own` is 0. */
bool host_address_is(const struct sockaddr_storage *a, const struct sockaddr_storage *own);

/* Whether a record's address can be another host's: not all zero, and not IPv4 mapped into IPv6. */
bool host_address_usable(struct view data);

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 section 4.1.3), port 0. Otherwise false. */
bool host_address_literal(struct view v, struct sockaddr_storage *out);

#endif
