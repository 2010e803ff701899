/*
 * What a reader of mail asks of hosts elsewhere, by way of relay (messages_errand.h): POST /picture gives a
 * picture of a message that lies on another host, POST /unsubscribe takes the reader off a list (RFC 8058).
 * Both take {"url": ...} from our own pages alone. The host learns this server's address, and nothing about
 * the reader.
 */
#ifndef ROLE_WEB_WEB_ERRAND_H
#define ROLE_WEB_WEB_ERRAND_H

#include "role/web/web_exchange.h"

extern const struct web_route web_errand_routes[];

#endif
