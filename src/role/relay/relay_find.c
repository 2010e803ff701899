/*
 * From a destination's name to the addresses to connect to, and what TLS each of them must show: the
 * administrator's route, or the hosts of RFC 5321 section 5.1 with the demands of DANE (RFC 7672) or MTA-STS
 * (RFC 8461). A level that is set for the domain stands above both.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "role/relay/relay_find.h"
#include "role/relay/relay_own.h"
#include "role/relay/relay_state.h"

enum { MEMORY_MAX = 128 * 1024 /* next_hop_find asks for 64 KB */, LMTP_PORT = 24, SMTPS_PORT = 465 };

static void evaluate(void *arg);
static void policy_found(void *arg, const struct mta_sts_policy *policy);

/* ---- endpoints ---- */

static struct relay_endpoint *new_endpoint(const struct relay_search *s, const char *name)
{
	struct relay_endpoint *e = mem_alloc(sizeof *e);
	*e = (struct relay_endpoint){.name = mem_string(view_from_string(name)),
	    .kind = s->routed ? s->target.kind : ROUTE_SMTP,
	    .routed = s->routed,
	    .folder = -1};
	if (s->routed && s->target.user.len > 0 && s->line < RELAY_ROUTES_MAX &&
	    relay_role.passwords[s->line]) {
		e->user = mem_string(s->target.user);
		e->password = mem_string(view_from_string(relay_role.passwords[s->line]));
	}
	return e;
}

static void add_name(struct relay_endpoint *e, const char *name)
{
	e->names = mem_resize(e->names, (e->name_count + 1) * sizeof *e->names);
	e->names[e->name_count++] = mem_string(view_from_string(name));
}

/* The records and their data in one piece of memory. */
static void copy_records(struct relay_endpoint *e, const struct dane *dane)
{
	size_t bytes = 0;
	for (size_t i = 0; i < dane->count; i++)
		bytes += dane->records[i].data.len;
	e->associations = mem_alloc(dane->count * sizeof *e->associations + bytes);
	char *at = (char *)&e->associations[dane->count];
	for (size_t i = 0; i < dane->count; i++) {
		const struct dns_tlsa *r = &dane->records[i];
		memcpy(at, r->data.data, r->data.len);
		e->associations[i] = (struct tls_association){.usage = r->usage,
		    .selector = r->selector,
		    .matching = r->matching,
		    .data = view_of(at, r->data.len)};
		at += r->data.len;
	}
	e->association_count = dane->count;
}

static void demand_by_level(struct relay_endpoint *e, enum tls_level level)
{
	e->tls = level == TLS_LEVEL_NONE                                ? SMTP_CLIENT_TLS_NEVER
	         : level == TLS_LEVEL_DEFAULT || level == TLS_LEVEL_MAY ? SMTP_CLIENT_TLS_IF_OFFERED
	                                                                : SMTP_CLIENT_TLS_REQUIRED;
	e->proof = level == TLS_LEVEL_VERIFY ? TLS_PKIX : TLS_ANY;
}

static void demand(
    const struct relay_search *s, struct relay_endpoint *e, const struct next_host *host, bool enforced)
{
	demand_by_level(e, s->level);
	e->named_safely = s->routed || host->mx_secure || enforced;
	if (s->level == TLS_LEVEL_DEFAULT && host->dane.level != DANE_NONE) {
		e->tls = SMTP_CLIENT_TLS_REQUIRED;
		if (host->dane.level == DANE_VERIFY) {
			e->proof = TLS_DANE;
			copy_records(e, &host->dane);
			for (size_t i = 0; i < host->dane.name_count; i++)
				add_name(e, host->dane.names[i]);
		}
	} else if (s->level == TLS_LEVEL_DEFAULT && enforced) {
		e->tls = SMTP_CLIENT_TLS_REQUIRED;
		e->proof = TLS_PKIX;
	}
	if (e->kind == ROUTE_SMTPS)
		e->tls = SMTP_CLIENT_TLS_PRESENT;
}

static void add_endpoint(struct relay_search *s, struct relay_endpoint *e)
{
	if (s->count == RELAY_HOSTS_MAX) {
		relay_endpoint_free(e);
		return;
	}
	s->endpoints = mem_resize(s->endpoints, (s->count + 1) * sizeof *s->endpoints);
	s->endpoints[s->count++] = e;
}

static void add_host(struct relay_search *s, const struct next_host *host, bool enforced)
{
	for (size_t i = 0; i < host->address_count; i++) {
		if (!s->routed && !relay_may_reach(&host->addresses[i])) {
			s->barred++;
			continue;
		}
		struct relay_endpoint *e = new_endpoint(s, host->name);
		char text[NETWORK_TEXT_SIZE];
		e->address = host->addresses[i];
		bool six = e->address.ss_family == AF_INET6;
		e->address_len = six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
		network_text(&e->address, text);
		unsigned port = ntohs(six ? ((struct sockaddr_in6 *)&e->address)->sin6_port
		                          : ((struct sockaddr_in *)&e->address)->sin_port);
		snprintf(e->text, sizeof e->text, six ? "[%s]:%u" : "%s:%u", text, port);
		demand(s, e, host, enforced);
		add_endpoint(s, e);
	}
}

/* LMTP by a socket of this machine. */
static void add_socket(struct relay_search *s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct view path = s->target.host, file = path;
	for (size_t i = 0; i < path.len; i++)
		if (path.data[i] == '/')
			file = view_skip(path, i + 1);
	if (s->line >= RELAY_ROUTES_MAX || relay_role.folders[s->line] <= 0 || file.len == 0 ||
	    file.len >= sizeof address.sun_path)
		return;
	memcpy(address.sun_path, file.data, file.len);
	char *name = mem_string(path);
	struct relay_endpoint *e = new_endpoint(s, name);
	mem_free(name);
	memcpy(&e->address, &address, sizeof address);
	e->address_len = sizeof address;
	snprintf(e->text, sizeof e->text, "socket");
	e->tls = SMTP_CLIENT_TLS_NEVER;
	e->folder = relay_role.folders[s->line];
	add_endpoint(s, e);
}

/* ---- the end ---- */

static void finish(struct relay_search *s, enum relay_found how, const struct relay_reason *why)
{
	s->searching = false;
	s->done(s, how, why);
}

/* What next_hop_find could not find: each of its codes has one meaning (trust/route/next_hop.h). */
static void finish_without(struct relay_search *s, enum relay_found how)
{
	static const struct {
		const char *enhanced;
		enum trouble cause;
	} causes[] = {{"5.1.2", TROUBLE_NO_DOMAIN}, {"5.1.10", TROUBLE_NULL_MX}, {"5.4.4", TROUBLE_NO_HOST},
	    {"5.4.6", TROUBLE_LOOP}, {"4.4.3", TROUBLE_DNS}, {"4.7.5", TROUBLE_DNS}};
	struct relay_reason why = {.cause = TROUBLE_LOCAL, .stage = "", .text = s->found.reason};
	for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
		if (strcmp(causes[i].enhanced, s->found.enhanced) == 0)
			why.cause = causes[i].cause;
	snprintf(why.status, sizeof why.status, "%s", s->found.enhanced);
	finish(s, how, &why);
}

static void policy_found(void *arg, const struct mta_sts_policy *policy)
{
	static const char nobodys[] = "the domain's hosts have no addresses on the public internet: they are "
	                              "private ones, or this server's own";
	static const struct relay_reason barred = {TROUBLE_NO_HOST, "5.4.4", "", nobodys};
	static const struct relay_reason barred_now = {TROUBLE_NO_HOST, "4.4.4", "", nobodys};
	static const struct relay_reason none_allowed = {TROUBLE_TLS_UNTRUSTED, "4.7.5", "",
	    "the domain's MTA-STS policy allows none of the hosts that its MX records name"};
	struct relay_search *s = arg;
	bool enforced = policy && policy->mode == MTA_STS_ENFORCE;
	if (!s->routed && s->level == TLS_LEVEL_DEFAULT)
		relay_tls_report_policy(s->name, policy, &s->found, &s->tls_policy);
	for (size_t i = 0; i < s->found.count; i++) {
		const struct next_host *host = &s->found.hosts[i];
		bool allowed = policy == NULL || policy->mode == MTA_STS_NONE ||
		               mta_sts_allows(policy, view_from_string(host->name));
		if (!allowed)
			log_event(LOG_WARNING, "-", "mta-sts-not-allowed", log_text("domain", s->name),
			    log_string("host", host->name),
			    log_string("mode", enforced ? "enforce" : "testing"));
		/* Where DANE has a say, it alone counts (RFC 8461 section 2). */
		if (allowed || !enforced || host->dane.level != DANE_NONE)
			add_host(s, host, enforced && host->dane.level == DANE_NONE);
	}
	if (s->count > 0)
		finish(s, RELAY_FOUND_HOSTS, NULL);
	else if (s->barred > 0)
		/* A host whose addresses could not be looked up now may be a better one. */
		finish(s, s->found.skipped ? RELAY_FOUND_LATER : RELAY_FOUND_NOTHING,
		    s->found.skipped ? &barred_now : &barred);
	else
		finish(s, RELAY_FOUND_LATER, &none_allowed);
}

/* ---- the beginning ---- */

static void choose_route(struct relay_search *s)
{
	const struct settings *settings = &relay_role.process->settings;
	const char *problem;
	s->line = SIZE_MAX;
	s->routed = s->route.len > 0 ? route_parse_target(s->route, &s->target, &problem) == 0
	                             : route_choose(settings->routes, s->name, &s->target, &s->line);
	s->level =
	    tls_policy_choose(settings->tls_policies, s->name, s->routed ? s->target.tls : TLS_LEVEL_DEFAULT);
}

static uint16_t port_of(const struct relay_search *s)
{
	if (!s->routed)
		return (uint16_t)relay_role.process->settings.relay_port;
	if (s->target.port)
		return (uint16_t)s->target.port;
	return s->target.kind == ROUTE_LMTP    ? LMTP_PORT
	       : s->target.kind == ROUTE_SMTPS ? SMTPS_PORT
	                                       : (uint16_t)relay_role.process->settings.relay_port;
}

/* A route may name an address without the brackets that SMTP puts around it. */
static struct view target_name(struct relay_search *s, char text[300])
{
	struct sockaddr_storage address;
	struct view host = s->routed ? s->target.host : s->name;
	if (!s->routed || !network_parse(host, &address))
		return host;
	snprintf(text, 300, address.ss_family == AF_INET6 ? "[IPv6:%.*s]" : "[%.*s]", VIEW_FMT(host));
	return view_from_string(text);
}

static bool wants_policy(const struct relay_search *s)
{
	return !s->routed && s->level == TLS_LEVEL_DEFAULT && relay_role.process->settings.mta_sts &&
	       s->name.len > 0 && s->name.data[0] != '[';
}

static void evaluate(void *arg)
{
	struct relay_search *s = arg;
	struct view hostname = relay_role.process->settings.hostname;
	static const struct relay_reason no_socket = {TROUBLE_LOCAL, "4.3.5", "",
	    "the route's socket cannot be reached: its folder was not there when the server started, or its "
	    "name is too long"};
	char text[300];
	if (s->routed && s->target.host.data[0] == '/') {
		add_socket(s);
		finish(s, s->count ? RELAY_FOUND_HOSTS : RELAY_FOUND_LATER, &no_socket);
		return;
	}
	struct next_hop_request request = {
	    .domain = target_name(s, text),
	    .port = port_of(s),
	    .no_mx = s->routed,
	    .no_dane = s->level != TLS_LEVEL_DEFAULT || (s->routed && s->target.kind != ROUTE_SMTP),
	    .own_names = &hostname,
	    .own_name_count = 1,
	    .seed = s->seed,
	};
	request.own_addresses = relay_own_listeners(&request.own_address_count);
	arena_reset(&s->arena);
	switch (next_hop_find(&s->lookup.answers, &request, &s->arena, &s->found)) {
	case NEXT_HOP_WAIT:
		lookup_ask(&s->lookup);
		return;
	case NEXT_HOP_TEMPORARY:
		finish_without(s, RELAY_FOUND_LATER);
		return;
	case NEXT_HOP_PERMANENT:
		finish_without(s, RELAY_FOUND_NOTHING);
		return;
	case NEXT_HOP_HOSTS:
		break;
	}
	if (s->no_policy || !wants_policy(s)) {
		policy_found(s, NULL);
		return;
	}
	s->policy = (struct relay_policy_request){.domain = s->name, .found = policy_found, .arg = s};
	relay_policy_find(&s->policy);
}

void relay_search_start(struct relay_search *s)
{
	s->searching = true;
	s->endpoints = NULL;
	s->count = s->barred = 0;
	s->routed = false;
	s->seed = random_u64();
	s->policy = (struct relay_policy_request){0};
	arena_init(&s->arena, MEMORY_MAX);
	relay_tls_policy_init(&s->tls_policy);
	relay_lookup_init(&s->lookup, evaluate, s);
	choose_route(s);
	lookup_ask(&s->lookup); /* there is nothing to ask yet: it evaluates at the end of the turn */
}

void relay_search_end(struct relay_search *s)
{
	for (size_t i = 0; i < s->count; i++)
		relay_endpoint_free(s->endpoints[i]);
	mem_free(s->endpoints);
	s->endpoints = NULL;
	s->count = 0;
	s->searching = false;
	relay_tls_policy_done(&s->tls_policy);
	relay_policy_forget(&s->policy);
	lookup_done(&s->lookup);
	arena_done(&s->arena);
}
