/*
 * Autoconfiguration: what mail programs ask for when somebody has typed an address and nothing else.
 * Thunderbird (config-v1.1.xml), Outlook (Autodiscover, in XML and the step before it in JSON), any program
 * by draft-ietf-mailmaint-pacc, a page for people, and the policy of MTA-STS (RFC 8461 section 3.2); Apple's
 * programs have web_profile.h. All are made of the settings and the address as it was typed: nobody is
 * asked about it, so no answer tells whether an account exists.
 */
#ifndef ROLE_WEB_WEB_CONFIG_H
#define ROLE_WEB_WEB_CONFIG_H

#include "role/web/web_exchange.h"
#include "role/web/web_texts.h"

extern const struct web_route web_config_routes[];

/* ---- for web_config_text.c ---- */

/* A service that programs can be told of. */
struct web_config_service {
	const char *type; /* "imap", "pop3", "smtp" */
	enum service service;
	unsigned port; /* where it listens; 0: it does not */
	bool starttls; /* TLS begins on demand; otherwise with the first octet */
};
enum { WEB_CONFIG_SERVICES = 6 };

struct web_config {
	struct view host;    /* of all services */
	struct view address; /* as it was typed, an address; empty: none was */
	struct view domain;  /* of the address, or of this server */
	struct web_config_service services[WEB_CONFIG_SERVICES]; /* the best first, of each type */
};

void web_config_thunderbird(const struct web_config *c, struct buf *out);
void web_config_outlook(const struct web_config *c, struct buf *out);
/* For a code that Thunderbird for Android scans (its "QR code format", version 1), without a password. False:
 * it knows only addresses and hosts in ASCII, and needs a server for either way. */
bool web_config_mobile(const struct web_config *c, struct buf *out);
/* Settings in words and, where the address is known, codes to scan. base: "https://mx.example". */
void web_config_page(const struct web_config *c, enum web_language in, struct view base, struct buf *out);

#endif
