/*
 * The fields that stand in every answer of this server, errors too: what a browser may do with it. A route
 * that needs another one of a name adds it, and that one stands instead.
 */
#ifndef ROLE_WEB_WEB_HEADERS_H
#define ROLE_WEB_WEB_HEADERS_H

#include "http/http_server.h"

/* secure: over TLS, where a browser is told to come back by TLS alone (RFC 6797). */
const struct http_field *web_headers(bool secure, size_t *count);

#endif
