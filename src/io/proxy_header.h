/*
 * The PROXY protocol's header, versions 1 and 2 (haproxy's proxy-protocol.txt): who the client behind a proxy
 * is. Read only from configured addresses, before anything else on the connection.
 */
#ifndef IO_PROXY_HEADER_H
#define IO_PROXY_HEADER_H

#include <sys/socket.h>

#include "base/view.h"

enum {
	PROXY_HEADER_MAX = 536
}; /* version 1: 107; version 2: 16 + what its addresses and extensions may take within one packet */

/*
 * Returns the header's length when it is whole, 0 when more bytes are needed, -EBADMSG when this is none or
 * it is longer than the maximum. *client is set to the source address; *local when the proxy speaks for
 * itself (health checks, UNKNOWN): the connection's own address stands.
 */
int proxy_header_parse(struct view bytes, struct sockaddr_storage *client, bool *local);

#endif
