/*
 * Who asks? From the request's Authorization field (Basic, RFC 7617, with the account's password or an app
 * password; Bearer, RFC 6750, with a token), or from the cookie of our own pages. Auth is asked once for each
 * of these in ten minutes: what it said is found again by a keyed hash (web_user.h), so that a password is
 * hashed once and not with each request.
 */
#ifndef ROLE_WEB_WEB_SIGN_H
#define ROLE_WEB_WEB_SIGN_H

#include "format/login_failure.h"
#include "role/web/web_exchange.h"

/* user: counted for the caller; NULL: nobody, because of `why`. has_tried: the request brought something that
 * should say who asks. */
typedef void web_signed(
    struct web_exchange *e, struct web_user *user, enum login_failure why, bool has_tried);

/* Finds out who asks; `done` is called once, maybe before this returns, unless web_sign_forget is. e->proof
 * is set before. */
void web_sign_in(struct web_exchange *e, web_signed *done);

/* The exchange ends: `done` is not called any more. */
void web_sign_forget(struct web_exchange *e);

#endif
