/*
 * Where somebody wanted to go who has to sign in first: a path that goes along from page to page ("next") and
 * is led to at the end, in the same seat (web_seat.h): it has no prefix of one. It comes from outside, so it
 * is looked at each time, and only places of this server that show a page are taken: no link can lead through
 * the sign-in page to another site, or to an address that does something.
 */
#ifndef ROLE_WEB_WEB_NEXT_H
#define ROLE_WEB_WEB_NEXT_H

#include "role/web/web_exchange.h"

/* The path, if it is a place of the webmail or the account's page; else empty. As it was given: encoded. */
struct view web_next_of(struct view path);

/* Appends the path of "/", with the place to go to behind it, if web_next_of has one. prefix: of the seat. */
void web_next_front(struct buf *out, const char *prefix, struct view path);

#endif
