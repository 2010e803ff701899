/*
 * Requests that pages of other sites make a browser send. They may use what is for programs (WEB_API) with a
 * name and password of their own, and never the cookie or the password that a browser keeps for our pages:
 * Fetch (CORS), Sec-Fetch-Site, RFC 6454.
 */
#ifndef ROLE_WEB_WEB_ORIGIN_H
#define ROLE_WEB_WEB_ORIGIN_H

#include "role/web/web_exchange.h"

/* Whether what is known of the page that sent it allows the request to be carried out as the user. */
bool web_origin_is_allowed(struct web_exchange *e);

/* Whether a page would run it or lay itself out by it: what a person has is never that. */
bool web_origin_is_code(struct web_exchange *e);

/* Adds what lets a page of another site read the answer. */
void web_origin_tell(struct web_exchange *e);

/* Adds what a browser asks for before it sends such a request. */
void web_origin_preflight(struct web_exchange *e, struct view methods);

/* Whether the Origin is our own; `absent` if there is none. */
bool web_origin_is_ours(struct web_exchange *e, bool absent);

#endif
