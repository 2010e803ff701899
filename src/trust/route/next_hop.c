/*
 * Finding the hosts for a domain: RFC 5321 section 5.1, RFC 7505. The evaluation runs in four steps, each
 * from answers alone: the names of the hosts, their addresses, which of them are we, their TLSA records. A
 * step that lacks answers names all that it lacks, and the whole is run again.
 */
#include "trust/route/next_hop.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "trust/route/host_address.h"

enum { SKIPPED_TTL = 60, TTL_MAX = 24 * 3600 };

/* One host while it is looked at. */
struct candidate {
	char name[DNS_NAME_SIZE];
	const char *canonical;
	uint16_t preference;
	uint32_t shuffle;
	bool secure, literal, dropped;
	struct sockaddr_storage addresses[NEXT_HOP_ADDRESSES_MAX];
	size_t address_count;
	struct dane dane;
};

struct search {
	struct answers *answers;
	const struct next_hop_request *request;
	struct arena *arena;
	struct next_hop *out;
	const struct answer *mx; /* NULL: a route */
	struct candidate *hosts; /* ANSWERS_RECORDS_MAX */
	size_t count;
	bool has_mx, waiting;
	/* The first host that was left out for a failure: of its addresses, or of its TLSA records, in words.
	 */
	const struct candidate *troubled;
	const struct answer *trouble;
	const char *dane_trouble;
	uint32_t ttl;
};

static char *domain_text(const struct search *s, char out[DNS_NAME_SIZE + 2])
{
	snprintf(out, DNS_NAME_SIZE + 2, "%.*s", VIEW_FMT(s->request->domain));
	return out;
}

__attribute__((format(printf, 2, 3))) static const char *say(struct search *s, const char *format, ...)
{
	char text[768];
	struct view kept;
	va_list args;
	va_start(args, format);
	int len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	size_t size = len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
	return arena_copy(s->arena, view_of(text, size), &kept) ? kept.data : "out of memory";
}

static enum next_hop_verdict give(
    struct search *s, enum next_hop_verdict verdict, const char *enhanced, const char *reason)
{
	*s->out = (struct next_hop){.has_mx = s->has_mx,
	    .skipped = s->troubled != NULL,
	    .ttl = 1,
	    .enhanced = enhanced,
	    .reason = reason};
	return verdict;
}

static bool failed(const struct answer *a)
{
	return a->status == ANSWER_FAILED || a->status == ANSWER_BOGUS;
}

/* Why an answer failed, for the end of a sentence. */
static const char *cause(struct search *s, const struct answer *a)
{
	if (a->status == ANSWER_BOGUS && a->why.len == 0)
		return "DNSSEC: the answer is forged";
	return a->why.len ? say(s, "%.*s", VIEW_FMT(a->why)) : "the name servers do not answer";
}

static void note_ttl(struct search *s, uint32_t ttl)
{
	if (ttl < s->ttl)
		s->ttl = ttl;
}

/* ---- the names of the hosts ---- */

static struct candidate *add_host(struct search *s, const char *name, uint16_t preference)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->hosts[i].name, name) == 0) {
			if (preference < s->hosts[i].preference)
				s->hosts[i].preference = preference;
			return &s->hosts[i];
		}
	struct candidate *host = &s->hosts[s->count];
	/* The seed decides the order of equals, so that all hosts get their share; the index alone would not
	 * do. */
	uint64_t mixed = (s->request->seed + s->count + 1) * UINT64_C(0x9e3779b97f4a7c15);
	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	*host = (struct candidate){.preference = preference, .shuffle = (uint32_t)(mixed >> 32)};
	memcpy(host->name, name, strlen(name) + 1);
	s->count++;
	return host;
}

static int by_preference(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return x->shuffle < y->shuffle ? -1 : x->shuffle > y->shuffle;
}

/* RFC 7505 section 3: "." as the only host. Beside others it means nothing. */
static bool take_mx_records(struct search *s)
{
	bool null_mx = false;
	for (size_t i = 0; i < s->mx->count && s->count < ANSWERS_RECORDS_MAX; i++) {
		struct dns_mx mx;
		if (dns_record_mx(s->mx->records[i], &mx) != 0)
			continue;
		if (mx.host[0] == '\0')
			null_mx = true;
		else
			add_host(s, mx.host, mx.preference);
	}
	qsort(s->hosts, s->count, sizeof s->hosts[0], by_preference);
	return null_mx && s->mx->count == 1;
}

static enum next_hop_verdict find_names(struct search *s)
{
	char domain[DNS_NAME_SIZE + 2], name[DNS_NAME_SIZE];
	domain_text(s, domain);
	if (dns_name_parse(s->request->domain, name) != 0)
		return give(s, NEXT_HOP_PERMANENT, "5.1.2", "not a domain name");
	if (s->request->no_mx) {
		add_host(s, name, 0);
		return NEXT_HOP_HOSTS;
	}
	s->mx = answers_look(s->answers, name, DNS_MX);
	if (s->mx == NULL)
		return NEXT_HOP_WAIT;
	note_ttl(s, s->mx->ttl);
	if (failed(s->mx))
		return give(s, NEXT_HOP_TEMPORARY, "4.4.3",
		    say(s, "the MX records of %s cannot be looked up: %s", domain, cause(s, s->mx)));
	if (s->mx->status == ANSWER_NXDOMAIN)
		return give(s, NEXT_HOP_PERMANENT, "5.1.2", say(s, "there is no domain %s", domain));
	s->has_mx = s->mx->count > 0;
	if (!s->has_mx) {
		add_host(s, name, 0);
		return NEXT_HOP_HOSTS;
	}
	if (take_mx_records(s))
		return give(s, NEXT_HOP_PERMANENT, "5.1.10", say(s, "%s accepts no mail (null MX)", domain));
	if (s->count == 0)
		return give(s, NEXT_HOP_PERMANENT, "5.4.4",
		    say(s, "the MX records of %s name no host that can exist", domain));
	return NEXT_HOP_HOSTS;
}

/* ---- we ourselves ---- */

static void drop_from(struct search *s, uint16_t preference)
{
	while (s->count > 0 && s->hosts[s->count - 1].preference >= preference)
		s->count--;
}

static void drop_own_names(struct search *s)
{
	const struct next_hop_request *r = s->request;
	for (size_t i = 0; i < s->count && !r->no_mx; i++)
		for (size_t j = 0; j < r->own_name_count; j++)
			if (view_equal_nocase(view_from_string(s->hosts[i].name), r->own_names[j])) {
				drop_from(s, s->hosts[i].preference);
				return;
			}
}

static bool is_own(const struct next_hop_request *r, const struct sockaddr_storage *address)
{
	for (size_t i = 0; i < r->own_address_count && !r->no_mx; i++)
		if (host_address_is(address, &r->own_addresses[i]))
			return true;
	return false;
}

static void drop_own_addresses(struct search *s)
{
	for (size_t i = 0; i < s->count; i++)
		for (size_t j = 0; j < s->hosts[i].address_count; j++)
			if (is_own(s->request, &s->hosts[i].addresses[j])) {
				drop_from(s, s->hosts[i].preference);
				return;
			}
}

/* ---- addresses ---- */

/* The next address of one family, or none. */
static bool take_address(
    struct search *s, struct candidate *host, unsigned type, const struct answer *answer, size_t *at)
{
	while (answer && *at < answer->count) {
		struct view data = answer->records[(*at)++];
		struct sockaddr_storage *to = &host->addresses[host->address_count];
		if (dns_record_address(type, data, to) != 0 || !host_address_usable(data))
			continue;
		host_address_set_port(to, s->request->port);
		host->address_count++;
		return true;
	}
	return false;
}

/* In turns, so that one broken family costs one attempt, not all. */
static void take_addresses(
    struct search *s, struct candidate *host, const struct answer *v6, const struct answer *v4)
{
	size_t at6 = 0, at4 = 0;
	bool more = true;
	while (more && host->address_count < NEXT_HOP_ADDRESSES_MAX) {
		more = take_address(s, host, DNS_AAAA, v6, &at6);
		if (host->address_count < NEXT_HOP_ADDRESSES_MAX)
			more |= take_address(s, host, DNS_A, v4, &at4);
	}
}

static bool has_records(const struct answer *a)
{
	return a && a->status == ANSWER_GOOD && a->count > 0;
}

static void find_addresses_of(struct search *s, struct candidate *host)
{
	const struct answer *v4 = answers_look(s->answers, host->name, DNS_A), *v6 = NULL;
	if (!s->request->no_ipv6) {
		v6 = answers_look(s->answers, host->name, DNS_AAAA);
		s->waiting |= v6 == NULL;
	}
	s->waiting |= v4 == NULL;
	if (s->waiting)
		return;
	take_addresses(s, host, has_records(v6) ? v6 : NULL, has_records(v4) ? v4 : NULL);
	const struct answer *wrong = failed(v4) ? v4 : v6 && failed(v6) ? v6 : NULL;
	if (host->address_count == 0 && wrong && s->troubled == NULL) {
		s->troubled = host;
		s->trouble = wrong;
	}
	host->secure = (!has_records(v4) || v4->secure) && (!has_records(v6) || v6->secure);
	const struct answer *good = has_records(v6) ? v6 : has_records(v4) ? v4 : NULL;
	host->canonical = good && good->canonical.len ? good->canonical.data : host->name;
	host->dropped = host->address_count == 0;
	note_ttl(s, v4->ttl);
	if (v6)
		note_ttl(s, v6->ttl);
}

static void find_addresses(struct search *s)
{
	if (s->count > NEXT_HOP_HOSTS_MAX)
		s->count = NEXT_HOP_HOSTS_MAX;
	for (size_t i = 0; i < s->count; i++)
		find_addresses_of(s, &s->hosts[i]);
}

/* ---- what they demand ---- */

static void find_demands(struct search *s, struct arena *arena)
{
	char domain[DNS_NAME_SIZE + 2];
	bool mx_secure = s->has_mx && s->mx->secure;
	domain_text(s, domain);
	for (size_t i = 0; i < s->count && !s->request->no_dane; i++) {
		struct candidate *host = &s->hosts[i];
		const char *why = NULL;
		if (host->dropped)
			continue;
		struct dane_host d = {.name = host->name,
		    .canonical = host->canonical,
		    .secure = host->secure,
		    .port = s->request->port,
		    .domain = mx_secure   ? domain
		              : s->has_mx ? NULL
		                          : host->name,
		    .domain_canonical = mx_secure && s->mx->canonical.len ? s->mx->canonical.data : NULL};
		enum dane_verdict verdict = dane_find(s->answers, &d, arena, &host->dane, &why);
		s->waiting |= verdict == DANE_WAIT;
		host->dropped = verdict == DANE_UNAVAILABLE;
		note_ttl(s, host->dane.ttl);
		if (host->dropped && arena == s->arena && s->troubled == NULL) {
			s->troubled = host;
			s->dane_trouble = why;
		}
	}
}

/* Once to see whether all is known, and then for good: runs that wait leave nothing in the caller's arena. */
static bool know_demands(struct search *s)
{
	struct arena scratch;
	arena_init(&scratch, 64 * 1024);
	find_demands(s, &scratch);
	for (size_t i = 0; i < s->count; i++)
		s->hosts[i].dropped = s->hosts[i].address_count == 0;
	arena_done(&scratch);
	if (s->waiting)
		return false;
	find_demands(s, s->arena);
	return true;
}

/* ---- the result ---- */

static bool write_host(struct search *s, const struct candidate *from, struct next_host *to)
{
	struct view name, canonical;
	struct sockaddr_storage *addresses = arena_array(s->arena, from->address_count, sizeof *addresses);
	if (addresses == NULL || !arena_copy(s->arena, view_from_string(from->name), &name) ||
	    !arena_copy(s->arena, view_from_string(from->canonical), &canonical))
		return false;
	memcpy(addresses, from->addresses, from->address_count * sizeof *addresses);
	*to = (struct next_host){.name = name.data,
	    .canonical = canonical.data,
	    .preference = from->preference,
	    .literal = from->literal,
	    .mx_secure = s->mx ? s->mx->secure : !from->literal,
	    .address_secure = from->secure,
	    .addresses = addresses,
	    .address_count = from->address_count,
	    .dane = from->dane};
	return true;
}

static enum next_hop_verdict write_hosts(struct search *s)
{
	struct next_host *hosts = arena_array(s->arena, s->count, sizeof *hosts);
	size_t count = 0;
	for (size_t i = 0; hosts && i < s->count; i++)
		if (!s->hosts[i].dropped && !write_host(s, &s->hosts[i], &hosts[count++]))
			hosts = NULL;
	if (hosts == NULL)
		return give(s, NEXT_HOP_TEMPORARY, "4.3.0", "no memory for the hosts of this domain");
	if (s->troubled && s->ttl > SKIPPED_TTL)
		s->ttl = SKIPPED_TTL;
	*s->out = (struct next_hop){.hosts = hosts,
	    .count = count,
	    .has_mx = s->has_mx,
	    .skipped = s->troubled != NULL,
	    .ttl = s->ttl ? s->ttl : 1};
	return NEXT_HOP_HOSTS;
}

static enum next_hop_verdict nowhere(struct search *s)
{
	char domain[DNS_NAME_SIZE + 2];
	domain_text(s, domain);
	if (s->dane_trouble)
		return give(s, NEXT_HOP_TEMPORARY, "4.7.5", s->dane_trouble);
	if (s->troubled)
		return give(s, NEXT_HOP_TEMPORARY, "4.4.3",
		    say(s, "the addresses of %s cannot be looked up: %s", s->troubled->name,
		        cause(s, s->trouble)));
	if (s->request->no_mx)
		/* A route is the administrator's own: a slip there must not send all mail back. */
		return give(s, NEXT_HOP_TEMPORARY, "4.4.4",
		    say(s, "the host %s, to which a route leads, has no address", domain));
	if (s->has_mx)
		return give(s, NEXT_HOP_PERMANENT, "5.4.4",
		    say(s, "no host that the MX records of %s name has an address", domain));
	return give(
	    s, NEXT_HOP_PERMANENT, "5.4.4", say(s, "%s has neither a mail host nor an address", domain));
}

static enum next_hop_verdict loops(struct search *s)
{
	char domain[DNS_NAME_SIZE + 2];
	return give(s, NEXT_HOP_PERMANENT, "5.4.6",
	    say(s,
	        "mail for %s loops back to myself: this host is its best mail host, and does not keep its "
	        "mail",
	        domain_text(s, domain)));
}

static enum next_hop_verdict find(struct search *s)
{
	enum next_hop_verdict verdict = find_names(s);
	if (verdict != NEXT_HOP_HOSTS)
		return verdict;
	drop_own_names(s);
	if (s->count == 0)
		return loops(s);
	find_addresses(s);
	if (s->waiting)
		return NEXT_HOP_WAIT;
	drop_own_addresses(s);
	if (s->count == 0)
		return loops(s);
	if (!know_demands(s))
		return NEXT_HOP_WAIT;
	for (size_t i = 0; i < s->count; i++)
		if (!s->hosts[i].dropped)
			return write_hosts(s);
	return nowhere(s);
}

/* ---- address literals: RFC 5321 section 4.1.3 ---- */

static enum next_hop_verdict find_literal(struct search *s)
{
	struct candidate *host = &s->hosts[0];
	*host = (struct candidate){.address_count = 1, .literal = true, .canonical = host->name};
	if (s->request->domain.len >= sizeof host->name ||
	    !host_address_literal(s->request->domain, &host->addresses[0]))
		return give(s, NEXT_HOP_PERMANENT, "5.1.2", "this address literal names no host");
	for (size_t i = 0; i < s->request->domain.len; i++)
		host->name[i] = ascii_lower(s->request->domain.data[i]);
	host_address_set_port(&host->addresses[0], s->request->port);
	if (is_own(s->request, &host->addresses[0]))
		return loops(s);
	s->count = 1;
	return write_hosts(s);
}

enum next_hop_verdict next_hop_find(struct answers *answers, const struct next_hop_request *request,
    struct arena *arena, struct next_hop *out)
{
	struct candidate *hosts = mem_array(ANSWERS_RECORDS_MAX, sizeof *hosts);
	struct search s = {.answers = answers,
	    .request = request,
	    .arena = arena,
	    .out = out,
	    .hosts = hosts,
	    .ttl = TTL_MAX};
	enum next_hop_verdict verdict;
	if (request->domain.len >= 2 && request->domain.data[0] == '[' &&
	    request->domain.data[request->domain.len - 1] == ']')
		verdict = find_literal(&s);
	else
		verdict = find(&s);
	mem_free(hosts);
	return verdict;
}
