/*
 * Asks name servers, for commands: the resolver that the settings or /etc/resolv.conf name, or the own
 * servers of a zone. The server need not run. Evaluations over trust/dns/answers.h name the questions; all
 * that are open are asked at once.
 *
 * Nothing is validated here: `secure` is what a resolver says of itself (RFC 6840 section 5.8), and only of
 * one on this machine or in the settings is it believed.
 */
#ifndef CLI_DNS_CLIENT_H
#define CLI_DNS_CLIENT_H

#include "config/dns_stub.h"
#include "config/settings.h"
#include "format/dns_message.h"
#include "trust/dns/answers.h"

enum {
	DNS_SERVERS_MAX = 3, /* of /etc/resolv.conf, as the C library */
	DNS_STUBS_MAX = 64,  /* zones of dns_stubs */
	DNS_SILENT_MAX = 3   /* questions to a server that has answered none yet */
};

/* What a server has done so far: one that never answered is asked no more after some questions, or each round
 * of a check would wait for it anew. */
struct dns_health {
	unsigned answered, silent;
};

/* A zone with a server of its own, as dns_stubs names it. */
struct dns_source_stub {
	char zone[DNS_NAME_SIZE];
	struct sockaddr_storage server;
	struct dns_health health;
};

/* Who is asked for a name. */
struct dns_source {
	bool recurse; /* a resolver; else only what the server is responsible for counts */
	bool trusted; /* its word on DNSSEC is taken */
	struct sockaddr_storage servers[DNS_SERVERS_MAX]; /* tried in turn */
	struct dns_health health[DNS_SERVERS_MAX];
	size_t count;
	struct dns_source_stub *stubs;
	size_t stub_count;
};

/* As the settings say (dns_server, dns_stubs), or /etc/resolv.conf. -ENOENT: there is no name server. */
int dns_source_resolver(const struct settings *settings, struct dns_source *out);
/* One server of a zone. */
void dns_source_server(const struct sockaddr_storage *address, struct dns_source *out);
void dns_source_done(struct dns_source *s);

/* The stub for a name, with the zone that it is of; NULL. */
const struct dns_source_stub *dns_source_stub(const struct dns_source *s, const char *name);

/* "192.0.2.1", "2001:db8::1", with "@PORT" behind it or DNS_PORT. */
bool dns_server_parse(struct view text, struct sockaddr_storage *out);

/*
 * Asks what the tables have named and not given out yet, all at once, and puts the answers in. Whatever
 * fails is an answer too (ANSWER_FAILED, with its reason). `waiting`, if not NULL, is called about once a
 * second meanwhile, with how many questions are open.
 */
struct dns_table {
	struct dns_source *source;
	struct answers *answers;
};
void dns_fill(
    const struct dns_table *tables, size_t count, void (*waiting)(void *arg, unsigned open), void *arg);

#endif
