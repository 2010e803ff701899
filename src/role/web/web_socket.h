/* JMAP over WebSocket (RFC 8887): the functions of its route. */
#ifndef ROLE_WEB_WEB_SOCKET_H
#define ROLE_WEB_WEB_SOCKET_H

#include "role/web/web_exchange.h"

void web_socket_begin(struct web_exchange *e);
void web_socket_over(struct web_exchange *e, bool whole);

#endif
