/* Where a connection leads, and what it must show. */
#ifndef ROLE_RELAY_RELAY_ENDPOINT_H
#define ROLE_RELAY_RELAY_ENDPOINT_H

#include "base/buf.h"
#include "config/route.h"
#include "io/network.h"
#include "io/tls.h"
#include "smtp/smtp_client.h"

/* One address of one host, with all that a connection to it must know. Owned by its relay_host. */
struct relay_endpoint {
	char *name;                       /* the host's, for TLS and logs */
	char text[NETWORK_TEXT_SIZE + 8]; /* "192.0.2.1:25" */
	struct sockaddr_storage address;
	socklen_t address_len;
	enum route_kind kind;
	enum smtp_client_tls tls;
	enum tls_proof proof;
	bool routed;       /* the administrator's route leads to it */
	bool named_safely; /* the name came from DNSSEC, MTA-STS or the configuration (RFC 8689 section 4.2.1)
	                    */
	char **names;      /* that a certificate may have */
	size_t name_count;
	struct tls_association *associations; /* with their data behind the array */
	size_t association_count;
	char *user, *password; /* of a route, or NULL */
	int folder; /* a socket's: the address is relative to it (relay_role.folders); -1 for all others */
};

void relay_endpoint_free(struct relay_endpoint *e); /* NULL is allowed */

/* Everything by which connections differ: two endpoints with the same key may share their connections. */
void relay_endpoint_key(const struct relay_endpoint *e, struct buf *key);

#endif
