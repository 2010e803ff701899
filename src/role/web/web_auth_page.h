/* The pages of signing in and of an account: plain forms, which work without a script; passkeys alone need
 * one (pages/passkey.js). */
#ifndef ROLE_WEB_WEB_AUTH_PAGE_H
#define ROLE_WEB_WEB_AUTH_PAGE_H

#include "role/web/web_exchange.h"

struct web_auth_page {
	unsigned status;
	struct view words;    /* a sentence of what went wrong; empty: nothing did */
	struct view text;     /* of auth's answer: see each page */
	struct view ticket;   /* of the next step */
	struct view username; /* as it was typed */
	struct view next;     /* where one wanted to go (web_next.h); it is looked at here, whoever sent it */
};

/* Address and password. */
void web_auth_page_sign_in(struct web_exchange *e, const struct web_auth_page *page);
/* The second step: a code or a passkey. text: which there are, JSON. */
void web_auth_page_second(struct web_exchange *e, const struct web_auth_page *page);
/* Prove once more that it is you. */
void web_auth_page_prove(struct web_exchange *e, const struct web_auth_page *page);
/* Codes are set up. text: secret and URI, JSON. */
void web_auth_page_codes(struct web_exchange *e, const struct web_auth_page *page);
/* What is shown once: text is a password, a token or a JSON list of recovery codes, as `name` says. */
void web_auth_page_secret(struct web_exchange *e, const struct web_auth_page *page, const char *name);
/* A sentence alone. */
void web_auth_page_words(struct web_exchange *e, const struct web_auth_page *page);
/* The account. text: auth's state, JSON. */
void web_auth_page_account(struct web_exchange *e, const struct web_auth_page *page);

#endif
