/*
 * The settings that say where mail for a domain goes, and what its hosts must offer: lines of words, read
 * here for all who need them (relay; the master, for the files they name; smtp, for the domains it takes mail
 * for; `postrider config check`).
 */
#ifndef CONFIG_ROUTE_H
#define CONFIG_ROUTE_H

#include "base/buf.h"

enum route_kind { ROUTE_SMTP, ROUTE_SMTPS, ROUTE_LMTP };

/* From "never in clear, and from the right host" down to "as it comes". */
enum tls_level { TLS_LEVEL_DEFAULT, TLS_LEVEL_NONE, TLS_LEVEL_MAY, TLS_LEVEL_ENCRYPT, TLS_LEVEL_VERIFY };

/* A route: "DOMAIN KIND:HOST[:PORT] [tls=LEVEL] [user=NAME] [password_file=PATH]". Views point into the line.
 */
struct route {
	struct view domain; /* "*": everything; ".example.org": all below it */
	enum route_kind kind;
	struct view host; /* a name, an address, an address in brackets; of LMTP also a socket's path */
	uint64_t port;    /* 0: the kind's own */
	enum tls_level tls;
	struct view user, password_file;
};

/* 0, or -EINVAL with *problem naming what is wrong with the line (a constant). */
int route_parse(struct view line, struct route *out, const char **problem);

/* The target alone, as an administrator gives it for one destination: "HOST[:PORT]" or "KIND:HOST[:PORT]".
 * The same results. */
int route_parse_target(struct view target, struct route *out, const char **problem);

/* "DOMAIN LEVEL" of tls_policies. */
int tls_policy_parse(struct view line, struct view *domain, enum tls_level *level, const char **problem);

/* "DOMAIN [FILE]" of relay_domains. */
int relay_domain_parse(struct view line, struct view *domain, struct view *file, const char **problem);

/* How well a pattern fits a domain (both lower-case A-labels): 0 not at all, more is better; itself, then the
 * longest ".suffix", then "*". */
size_t route_match(struct view pattern, struct view domain);

/*
 * The line of the setting routes that fits a domain best; *number: its number among them, if that is not
 * NULL. False: none does. Lines that are no routes are passed over: they were refused when the configuration
 * was read.
 */
bool route_choose(struct view lines, struct view domain, struct route *out, size_t *number);

/* Whether a line of the setting routes goes to this host, socket or port in this way, for whatever domain. */
bool route_is_named(struct view lines, const struct route *target);

/* What route_choose is of routes, of tls_policies; `otherwise` where none fits. */
enum tls_level tls_policy_choose(struct view lines, struct view domain, enum tls_level otherwise);

#endif
