/*
 * What the server offers to connect to: one table, from which the master listens, roles are handed their
 * sockets, edges know about TLS, and auth knows what a login needs and gets.
 */
#ifndef CONFIG_SERVICES_H
#define CONFIG_SERVICES_H

#include "config/settings.h"

enum service {
	SERVICE_SMTP,
	SERVICE_SUBMISSION,
	SERVICE_SUBMISSIONS,
	SERVICE_LMTP,
	SERVICE_POP3,
	SERVICE_POP3S,
	SERVICE_IMAP,
	SERVICE_IMAPS,
	SERVICE_MANAGESIEVE,
	SERVICE_HTTP,
	SERVICE_HTTPS,
	SERVICE_METRICS,
	SERVICE_SENDMAIL,
	SERVICE_ADMIN_AUTH,
	SERVICE_ADMIN_STORE,
	SERVICES
};

struct service_row {
	const char *name; /* in logs, and in what an edge tells auth */
	const char *role; /* that serves it */
	size_t setting;   /* offset in struct settings of its list of addresses; unused for a local socket */
	const char *socket; /* a local one: its name in the folder `run`; NULL: it has addresses */
	bool open; /* a local socket that every user may open: the kernel says who it is; else administrators
	            */
	unsigned port;       /* IANA's; 0: none */
	bool tls;            /* TLS begins with the connection's first byte (RFC 8314) */
	unsigned credential; /* CREDENTIAL_* that a password must be good for; 0: nobody logs in here */
	bool channel;        /* a login gets a channel to the account's mail */
};

const struct service_row *service_row(enum service service);

/* NULL for a name that no service has. */
const struct service_row *service_by_name(struct view name);

const char *service_name(enum service service);
bool service_has_tls(enum service service);

/* Empty for a local socket. */
struct view service_addresses(const struct settings *s, enum service service);

/* The port of the first of them; 0: it does not listen, or on a socket. */
unsigned service_port(const struct settings *s, enum service service);

#endif
