/* Addresses of peers: as text, as keys for counting, and whether they lie in a configured network. */
#ifndef IO_NETWORK_H
#define IO_NETWORK_H

#include <sys/socket.h>

#include "base/view.h"

/* "192.0.2.1" or "2001:db8::1"; an IPv4 address mapped into IPv6 is shown as IPv4. Never fails: "?" for other
 * families. */
enum { NETWORK_TEXT_SIZE = 48 };
void network_text(const struct sockaddr_storage *address, char out[NETWORK_TEXT_SIZE]);

/* The key by which a peer is counted: the whole IPv4 address, or the first 64 bits of an IPv6 one.
 * Returns the key's length. */
enum { NETWORK_KEY_SIZE = 9 };
size_t network_key(const struct sockaddr_storage *address, char out[NETWORK_KEY_SIZE]);

/* Reads "192.0.2.1" or "2001:db8::1" (with or without "IPv6:" before it, as SMTP writes it). */
bool network_parse(struct view text, struct sockaddr_storage *address);

/* Whether the address lies in one of the networks: "192.0.2.0/24", "2001:db8::/32" or single addresses, one a
 * line. */
bool network_contains(struct view networks, const struct sockaddr_storage *address);
/* Whether somebody on the internet may have this address: not this machine, this network, a private or
 * special one (IANA's registries of special-purpose addresses, RFC 6890), nor one in which such an address
 * hides. */
bool network_is_public(const struct sockaddr_storage *address);
/* Whether two are one address, whatever their ports. */
bool network_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
bool network_is_loopback(const struct sockaddr_storage *address);

#endif
