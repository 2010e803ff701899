/*
 * The PROXY protocol's header, versions 1 and 2 (haproxy's proxy-protocol.txt): who the client behind a proxy
 * is. Read only from configured addresses, before anything else on the connection.
 */
#ifndef IO_PROXY_HEADER_H
#define IO_PROXY_HEADER_H

#include <sys/socket.h>

#include "base/view.h"

enum {
	PROXY_HEADER_MAX = 107, /* of what must be there at once: version 1's line; version 2 needs 16 and two
	                           IPv6 addresses */
	PROXY_EXTENSIONS_MAX = 65535 /* version 2's length has 16 bits. A proxy may send certificates and
	                                names of that length; none is kept */
};

/*
 * Returns how much of the header was taken when all that matters of it is there, 0 when more bytes are
 * needed, -EBADMSG when this is none. *rest is what still belongs to it, behind that: version 2's extensions,
 * at most PROXY_EXTENSIONS_MAX octets, which the caller passes over as they come. *client is set to the
 * source address; *local when the proxy speaks for itself (health checks, UNKNOWN): the connection's own
 * address stands.
 */
int proxy_header_parse(struct view bytes, struct sockaddr_storage *client, bool *local, size_t *rest);

#endif
