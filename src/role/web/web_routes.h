/* Which function serves which path: all tables of routes, and how they are searched. */
#ifndef ROLE_WEB_WEB_ROUTES_H
#define ROLE_WEB_WEB_ROUTES_H

#include "role/web/web_exchange.h"

/* The row for a path and a method; NULL: no row has both. *other: a row that has the path; NULL: none has. */
const struct web_route *web_route_find(struct view path, struct view method, const struct web_route **other);

/* The methods that a path has, "GET, HEAD, POST, OPTIONS", for Allow (RFC 9110 section 10.2.1). */
void web_route_methods(struct view path, struct buf *out);

#endif
