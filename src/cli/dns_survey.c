/* Finding the servers of a zone, and asking all of them at once: dns_survey.h. */
#include "cli/dns_survey.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/network.h"

static void fill(struct dns_survey *s)
{
	struct dns_table tables[DNS_SURVEY_SERVERS_MAX + 1];
	size_t n = 0;
	tables[n++] = (struct dns_table){&s->resolver, &s->resolved};
	for (size_t i = 0; i < s->count; i++)
		tables[n++] = (struct dns_table){&s->servers[i].source, &s->servers[i].answers};
	dns_fill(tables, n, s->waiting, s->arg);
}

static const struct answer *look(struct dns_survey *s, const char *name, unsigned type)
{
	const struct answer *a = answers_look(&s->resolved, name, type);
	if (a == NULL) {
		fill(s);
		a = answers_look(&s->resolved, name, type);
	}
	return a;
}

/* ---- whom to ask ---- */

static void add_server(struct dns_survey *s, const char *name, const struct sockaddr_storage *address)
{
	char text[NETWORK_TEXT_SIZE];
	if (s->count == DNS_SURVEY_SERVERS_MAX)
		return;
	struct dns_survey_server *server = &s->servers[s->count++];
	network_text(address, text);
	if (name)
		snprintf(server->name, sizeof server->name, "%.*s (%s)", DNS_NAME_SIZE - 1, name, text);
	else
		snprintf(server->name, sizeof server->name, "%s", text);
	dns_source_server(address, &server->source);
	answers_init_for(&server->answers, ZONE_QUESTIONS_MAX, ZONE_ANSWERS_MEMORY_MAX);
}

/* The name in the zone's own words: where its SOA record stands. */
static void find_apex_at(struct dns_survey *s, const char *domain)
{
	for (const char *name = domain; name; name = strchr(name, '.')) {
		name += *name == '.';
		const struct answer *a = answers_look(&s->servers[0].answers, name, DNS_SOA);
		if (a == NULL) {
			fill(s);
			a = answers_look(&s->servers[0].answers, name, DNS_SOA);
		}
		if (a && a->status == ANSWER_GOOD && a->count && a->canonical.len == 0) {
			snprintf(s->apex, sizeof s->apex, "%s", name);
			return;
		}
	}
}

static void add_addresses(struct dns_survey *s, const char *name)
{
	static const unsigned types[] = {DNS_A, DNS_AAAA};
	for (size_t t = 0; t < 2; t++) {
		const struct answer *a = look(s, name, types[t]);
		for (size_t i = 0; a && i < a->count && i < 2; i++) {
			struct sockaddr_storage address;
			char at[NETWORK_TEXT_SIZE];
			if (dns_record_address(types[t], a->records[i], &address) != 0)
				continue;
			network_text(&address, at);
			if (dns_server_parse(view_from_string(at), &address))
				add_server(s, name, &address);
		}
	}
}

/* The nearest name above, itself first, that has NS records. */
static void find_servers(struct dns_survey *s, const char *domain)
{
	char names[DNS_SURVEY_NAMES_MAX][DNS_NAME_SIZE];
	size_t count = 0;
	const struct answer *a = NULL;
	const char *name = domain;
	for (; name && strchr(name, '.'); name = strchr(name, '.') + 1) {
		a = look(s, name, DNS_NS);
		if (a && a->status == ANSWER_GOOD && a->count && a->canonical.len == 0)
			break;
		a = NULL;
	}
	if (a == NULL)
		return;
	snprintf(s->apex, sizeof s->apex, "%s", name);
	for (size_t i = 0; i < a->count && count < DNS_SURVEY_NAMES_MAX; i++)
		count += dns_record_name(a->records[i], names[count]) == 0;
	/* All are named before the first is waited for. */
	for (size_t i = 0; i < count; i++) {
		answers_look(&s->resolved, names[i], DNS_A);
		answers_look(&s->resolved, names[i], DNS_AAAA);
	}
	for (size_t i = 0; i < count; i++)
		add_addresses(s, names[i]);
}

int dns_survey_begin(struct dns_survey *s, const struct settings *settings, const char *domain,
    const struct sockaddr_storage *server)
{
	answers_init_for(&s->resolved, ZONE_QUESTIONS_MAX, ZONE_ANSWERS_MEMORY_MAX);
	answers_init_for(&s->truth, ZONE_QUESTIONS_MAX, ZONE_ANSWERS_MEMORY_MAX);
	int error = dns_source_resolver(settings, &s->resolver);
	const struct dns_source_stub *stub = dns_source_stub(&s->resolver, domain);
	if (error && server == NULL)
		return error;
	if (server || stub) {
		s->given = true;
		add_server(s, NULL, server ? server : &stub->server);
		find_apex_at(s, domain);
	} else {
		find_servers(s, domain);
	}
	for (size_t i = 0; s->apex[0] && i < s->count; i++)
		answers_look(&s->servers[i].answers, s->apex, DNS_SOA);
	return 0;
}

void dns_survey_done(struct dns_survey *s)
{
	for (size_t i = 0; i < s->count; i++)
		answers_done(&s->servers[i].answers);
	answers_done(&s->resolved);
	answers_done(&s->truth);
	dns_source_done(&s->resolver);
}

/* ---- asking ---- */

static bool is_ours(const struct dns_survey *s, const char *name)
{
	return s->apex[0] && zone_contains(s->apex, name);
}

/* The answer that counts. What an alias leads to in another zone, the resolver has followed. */
static struct answer choose(struct dns_survey *s, const struct question *q)
{
	const struct answer *resolved = answers_look(&s->resolved, q->name, q->type);
	for (size_t i = 0; is_ours(s, q->name) && i < s->count; i++) {
		const struct answer *a = answers_look(&s->servers[i].answers, q->name, q->type);
		if (a == NULL || (a->status != ANSWER_GOOD && a->status != ANSWER_NXDOMAIN))
			continue;
		if (resolved == NULL)
			return *a;
		if (a->canonical.len && a->count == 0)
			break; /* it leads out of the zone */
		struct answer chosen = *a;
		chosen.secure = resolved->secure;
		return resolved->status == ANSWER_BOGUS ? *resolved : chosen;
	}
	return resolved ? *resolved : (struct answer){.status = ANSWER_FAILED};
}

void dns_survey_ask(struct dns_survey *s)
{
	struct question asked[ZONE_QUESTIONS_MAX];
	size_t count = 0;
	while (count < ZONE_QUESTIONS_MAX && answers_next(&s->truth, &asked[count])) {
		const struct question *q = &asked[count++];
		answers_look(&s->resolved, q->name, q->type);
		for (size_t i = 0; is_ours(s, q->name) && i < s->count; i++)
			answers_look(&s->servers[i].answers, q->name, q->type);
	}
	fill(s);
	for (size_t i = 0; i < count; i++) {
		struct answer a = choose(s, &asked[i]);
		answers_put(&s->truth, asked[i].number, &a);
	}
}

void dns_survey_servers(
    struct dns_survey *s, struct zone_server items[DNS_SURVEY_SERVERS_MAX], struct zone_servers *out)
{
	for (size_t i = 0; i < s->count; i++)
		items[i] = (struct zone_server){s->servers[i].name, &s->servers[i].answers};
	*out = (struct zone_servers){.apex = s->apex[0] ? s->apex : NULL,
	    .items = items,
	    .count = s->count,
	    .given = s->given,
	    .resolver = &s->resolved};
}
