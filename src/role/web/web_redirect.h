/* Requests that came in clear: a trusted proxy has said by what it was reached, and all others are sent on to
 * HTTPS. */
#ifndef ROLE_WEB_WEB_REDIRECT_H
#define ROLE_WEB_WEB_REDIRECT_H

#include "role/web/web_exchange.h"

/* Sets e->secure and e->client, from the connection or from what a trusted proxy says of it
 * (X-Forwarded-Proto, X-Forwarded-For). */
void web_redirect_look(struct web_exchange *e);

/* Answers a request that is not secure. */
void web_redirect_answer(struct web_exchange *e);

#endif
