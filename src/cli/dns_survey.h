/*
 * The answers that a check of a zone is made from: those of the zone's own servers, each asked directly, and
 * those of the resolver, which also knows other zones. What counts is what the first server says that
 * answers: a record that was mended is seen at once, whatever resolvers still remember.
 */
#ifndef CLI_DNS_SURVEY_H
#define CLI_DNS_SURVEY_H

#include "cli/dns_client.h"
#include "trust/zone/zone_compare.h"

enum {
	DNS_SURVEY_SERVERS_MAX = 8, /* addresses that are asked; domains have two to four name servers */
	DNS_SURVEY_NAMES_MAX = 8    /* NS records that are looked at */
};

struct dns_survey {
	struct dns_source resolver;
	struct answers resolved, truth; /* zone_check works on `truth` */
	struct dns_survey_server {
		char name[DNS_NAME_SIZE + 64];
		struct dns_source source;
		struct answers answers;
	} servers[DNS_SURVEY_SERVERS_MAX];
	size_t count;
	bool given;               /* by the administrator, or the setting dns_stubs */
	char apex[DNS_NAME_SIZE]; /* of the zone; empty: not found */
	void (*waiting)(void *arg, unsigned open);
	void *arg;
};

/*
 * Finds the servers of the zone that the domain lies in; `server` (NULL: none) is asked in place of those
 * that NS records name. 0; -ENOENT: there is no resolver to ask. dns_survey_done in any case.
 */
int dns_survey_begin(struct dns_survey *s, const struct settings *settings, const char *domain,
    const struct sockaddr_storage *server);
void dns_survey_done(struct dns_survey *s);

/* Answers what `truth` has named. */
void dns_survey_ask(struct dns_survey *s);

/* As zone_compare wants it; `items` holds s->count, and lives as long as the result. */
void dns_survey_servers(
    struct dns_survey *s, struct zone_server items[DNS_SURVEY_SERVERS_MAX], struct zone_servers *out);

#endif
