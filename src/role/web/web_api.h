/* JMAP over HTTP (RFC 8620 sections 2 and 3): the functions of its routes. */
#ifndef ROLE_WEB_WEB_API_H
#define ROLE_WEB_WEB_API_H

#include "role/web/web_exchange.h"

/* The Session resource. */
void web_api_begin_object(struct web_exchange *e);
/* A request. */
void web_api_begin(struct web_exchange *e);
size_t web_api_body(struct web_exchange *e, struct view bytes, bool last);
void web_api_over(struct web_exchange *e, bool whole);

#endif
