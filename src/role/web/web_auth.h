/*
 * Signing in, and what somebody who is signed in changes of the account's credentials: below /auth, for our
 * own pages and for programs alike. A request is a form or a JSON object; it is answered with a page
 * (web_auth_page.h) or with JSON. Auth decides everything: what is asked is one of
 * process/messages_sign_in.h's operations, and the session's token goes along each time, from a cookie or as
 * a bearer token (RFC 6750).
 */
#ifndef ROLE_WEB_WEB_AUTH_H
#define ROLE_WEB_WEB_AUTH_H

#include "role/web/web_exchange.h"

extern const struct web_route web_auth_routes[];

/* The token of the request's session; empty: it has none. *proof: where it stood. */
struct view web_auth_token(struct web_exchange *e, enum web_proof *proof);

/* The host of the site as browsers see it, for passkeys; empty for an address. Origin: web_exchange_base. */
struct view web_auth_site(const struct web_exchange *e);

/* Answers with what auth has said, as JSON: not SIGN_DONE. */
void web_auth_refuse(struct web_exchange *e, enum sign_why why);

#endif
