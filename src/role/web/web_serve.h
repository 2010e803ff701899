/*
 * What is done with each request of a connection: whether it came in a way in which it may, which route it is
 * for, who asks; then the route has it. See web_exchange.h.
 */
#ifndef ROLE_WEB_WEB_SERVE_H
#define ROLE_WEB_WEB_SERVE_H

#include "http/http_server.h"

/* The argument of its functions is the struct web_connection. */
extern const struct http_server_host web_serve_host;

#endif
