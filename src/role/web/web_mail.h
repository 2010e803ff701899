/*
 * The webmail's files: the page of the program, which is the same for all its places; the pages that show
 * mail of others in a frame; and what all of them load. Each has the policy (CSP level 3) that it can live
 * with.
 */
#ifndef ROLE_WEB_WEB_MAIL_H
#define ROLE_WEB_WEB_MAIL_H

#include "role/web/web_exchange.h"

extern const struct web_route web_mail_routes[];

/* Whether the path, decoded, is a place in the program: it gets the program's page. */
bool web_mail_is_place(struct view path);

#endif
