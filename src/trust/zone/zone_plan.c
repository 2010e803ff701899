/* What a domain's mail wants in DNS, and why, part for part: zone_plan.h. */
#include "trust/zone/zone_plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/show.h"

enum {
	PREFERENCE = 10,
	TEXT_MAX = 1024,
	POLICY_WEEK = 604800,
	PLAN_LINE_MAX = 8 * 1024 /* octets of a record: a key has some 500 */
};

struct maker {
	const struct zone_site *site;
	struct arena *arena;
	struct zone_plan *plan;
	int error;
};

static const struct {
	const char *name, *title;
} parts[ZONE_PARTS] = {
    [ZONE_MX] = {"mx", "MX"},
    [ZONE_ADDRESS] = {"address", "addresses"},
    [ZONE_PTR] = {"ptr", "PTR"},
    [ZONE_SPF] = {"spf", "SPF"},
    [ZONE_DKIM] = {"dkim", "DKIM"},
    [ZONE_DMARC] = {"dmarc", "DMARC"},
    [ZONE_MTA_STS] = {"mta-sts", "MTA-STS"},
    [ZONE_TLSRPT] = {"tlsrpt", "TLS reports"},
    [ZONE_TLSA] = {"tlsa", "DANE"},
    [ZONE_SRV] = {"srv", "SRV"},
    [ZONE_AUTOCONFIG] = {"autoconfig", "autoconfiguration"},
    [ZONE_CAA] = {"caa", "CAA"},
    [ZONE_BIMI] = {"bimi", "BIMI"},
    [ZONE_SERVERS] = {"servers", "name servers"},
};

const char *zone_part_name(enum zone_part part)
{
	return parts[part].name;
}

const char *zone_part_title(enum zone_part part)
{
	return parts[part].title;
}

const char *zone_need_name(enum zone_need need)
{
	static const char *const names[] = {"required", "recommended", "optional"};
	return names[need];
}

/* ---- adding ---- */

static void fail(struct maker *m, int error)
{
	m->error = m->error ? m->error : error;
}

/* The record's owner is `label` and the name, or the name alone; the data has been made, or not. */
static void add(struct maker *m, const char *label, const char *name, unsigned type, bool made,
    struct view data, enum zone_part part, enum zone_need need, const char *why)
{
	char owner[DNS_NAME_SIZE];
	struct view kept;
	int len = snprintf(owner, sizeof owner, "%s%s%s", label, label[0] ? "." : "", name);
	if (len >= (int)sizeof owner)
		fail(m, -ENAMETOOLONG);
	else if (m->plan->count == ZONE_WANTED_MAX)
		fail(m, -E2BIG);
	else if (!made || !arena_copy(m->arena, view_from_string(owner), &kept))
		fail(m, -ENOMEM);
	else
		m->plan->items[m->plan->count++] =
		    (struct zone_wanted){{kept.data, type, ZONE_TTL, data}, need, part, why};
}

static void add_txt(struct maker *m, const char *label, const char *name, struct view text,
    enum zone_part part, enum zone_need need, const char *why)
{
	struct view data = {0};
	bool made = zone_data_txt(m->arena, text, &data);
	add(m, label, name, DNS_TXT, made, data, part, need, why);
}

static void add_name(struct maker *m, const char *label, const char *name, unsigned type, const char *target,
    enum zone_part part, enum zone_need need, const char *why)
{
	struct view data = {0};
	bool made = zone_data_name(m->arena, target, &data);
	add(m, label, name, type, made, data, part, need, why);
}

/* ---- the parts ---- */

static void add_mx(struct maker *m)
{
	struct view data = {0};
	bool made = zone_data_mx(m->arena, PREFERENCE, m->site->host, &data);
	add(m, "", m->site->domain, DNS_MX, made, data, ZONE_MX, ZONE_REQUIRED,
	    "Tells other servers which host takes this domain's mail.");
}

static void add_addresses(struct maker *m)
{
	for (size_t i = 0; i < m->site->address_count; i++) {
		const struct sockaddr_storage *a = &m->site->addresses[i];
		struct view data = {0};
		bool made = zone_data_address(m->arena, a, &data);
		add(m, "", m->site->host, a->ss_family == AF_INET ? DNS_A : DNS_AAAA, made, data,
		    ZONE_ADDRESS, ZONE_REQUIRED, "An address of the host that takes and sends the mail.");
	}
	for (size_t i = 0; i < m->site->address_count; i++) {
		char name[DNS_NAME_SIZE];
		zone_reverse_name(&m->site->addresses[i], name);
		add_name(m, "", name, DNS_PTR, m->site->host, ZONE_PTR, ZONE_REQUIRED,
		    "The way back from the address to the name. Large providers refuse mail from addresses "
		    "without it. Whoever gave you the address sets it.");
	}
}

static void add_spf(struct maker *m)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	buf_append_string(&text, "v=spf1 mx");
	for (size_t i = 0; i < m->site->sender_count; i++) {
		const struct sockaddr_storage *a = &m->site->senders[i];
		bool v4 = a->ss_family == AF_INET;
		struct view data;
		if (!zone_data_address(m->arena, a, &data))
			continue;
		buf_append_string(&text, v4 ? " ip4:" : " ip6:");
		zone_data_text(v4 ? DNS_A : DNS_AAAA, data, &text);
	}
	buf_append_string(&text, m->site->smart_host ? " ~all" : " -all");
	add_txt(m, "", m->site->domain, buf_view(&text), ZONE_SPF, ZONE_REQUIRED,
	    m->site->smart_host
	        ? "Says which hosts may send mail in this domain's name. Your mail leaves by another's host: "
	          "add the \"include:\" that its owner tells you, and make \"~all\" \"-all\" then."
	        : "Says which hosts may send mail in this domain's name: those in its MX records, nobody "
	          "else. Others that send for you need an \"include:\" in front of \"-all\".");
	buf_done(&text);
	if (strcmp(m->site->host, m->site->domain) != 0)
		add_txt(m, "", m->site->host, VIEW("v=spf1 a -all"), ZONE_SPF, ZONE_RECOMMENDED,
		    "The same for the name by which the host greets others: it is what is checked of "
		    "reports, which have no sender.");
}

static void add_keys(struct maker *m)
{
	for (size_t i = 0; i < m->site->key_count; i++) {
		const struct zone_key *key = &m->site->keys[i];
		char label[DNS_NAME_SIZE];
		if (key->state == ZONE_KEY_RETIRED)
			continue;
		if (snprintf(label, sizeof label, "%s._domainkey", key->selector) >= (int)sizeof label)
			fail(m, -ENAMETOOLONG);
		add_txt(m, label, m->site->domain, key->record, ZONE_DKIM, ZONE_REQUIRED,
		    key->state == ZONE_KEY_NEW
		        ? "The public key that will sign this domain's mail as soon as its record is seen."
		    : key->state == ZONE_KEY_OLD
		        ? "A key that signs no more. Its record must stay until the mail that it signed is "
		          "old."
		        : "The public key with which others check the signatures under this domain's mail.");
	}
}

static void add_dmarc(struct maker *m)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	buf_append_string(&text, "v=DMARC1; p=quarantine; rua=mailto:");
	if (m->site->reports)
		buf_append_string(&text, m->site->reports);
	else
		buf_printf(&text, "postmaster@%s", m->site->domain);
	add_txt(m, "_dmarc", m->site->domain, buf_view(&text), ZONE_DMARC, ZONE_REQUIRED,
	    "Says what others shall do with mail in this domain's name that is not proven, and who gets "
	    "their reports. If others send for you, begin with p=none; if nobody else does, p=reject is "
	    "best.");
	buf_done(&text);
}

static void add_tls(struct maker *m)
{
	char id[ZONE_POLICY_ID_SIZE], text[TEXT_MAX];
	const char *domain = m->site->domain;
	if (!zone_policy_id(m->site, id))
		fail(m, -ENOMEM);
	snprintf(text, sizeof text, "v=STSv1; id=%s", id);
	add_txt(m, "_mta-sts", domain, view_from_string(text), ZONE_MTA_STS, ZONE_OPTIONAL,
	    "Tells others that a policy demands TLS with a valid certificate. This server gives the policy "
	    "out by "
	    "HTTPS, below the name mta-sts: publish the record only when its certificate has that name too, "
	    "and "
	    "https_listen takes port 443.");
	add_name(m, "mta-sts", domain, DNS_CNAME, m->site->host, ZONE_MTA_STS, ZONE_OPTIONAL,
	    "Where others fetch that policy: from this server, or from any other that gives it out.");
	snprintf(text, sizeof text, "v=TLSRPTv1; rua=mailto:%s%s",
	    m->site->reports ? m->site->reports : "postmaster@", m->site->reports ? "" : domain);
	add_txt(m, "_smtp._tls", domain, view_from_string(text), ZONE_TLSRPT, ZONE_RECOMMENDED,
	    "Asks others to report daily where TLS to this domain failed.");
	for (size_t i = 0; i < m->site->certificate_count; i++) {
		struct dns_tlsa tlsa = {3, 1, 1, m->site->certificates[i]};
		struct view data = {0};
		bool made = zone_data_tlsa(m->arena, &tlsa, &data);
		add(m, "_25._tcp", m->site->host, DNS_TLSA, made, data, ZONE_TLSA, ZONE_RECOMMENDED,
		    "Binds the host's key to its name (DANE), so that nobody between can take TLS away. It "
		    "counts only in a signed zone (DNSSEC), and must change together with the key.");
	}
}

static void add_services(struct maker *m)
{
	for (size_t i = 0; i < m->site->service_count; i++) {
		const struct zone_service *service = &m->site->services[i];
		struct dns_srv srv = {.weight = service->port ? 1 : 0, .port = service->port};
		struct view data = {0};
		if (service->port)
			snprintf(srv.host, sizeof srv.host, "%s", m->site->host);
		bool made = zone_data_srv(m->arena, &srv, &data);
		add(m, service->name, m->site->domain, DNS_SRV, made, data, ZONE_SRV, ZONE_RECOMMENDED,
		    service->port
		        ? "Lets mail programs find the server by the address alone (RFC 6186)."
		        : "Says that this service is not offered, so that no program looks for it.");
	}
	add_name(m, "autoconfig", m->site->domain, DNS_CNAME, m->site->host, ZONE_AUTOCONFIG, ZONE_OPTIONAL,
	    "Where Thunderbird and others look for settings. This server tells them by HTTPS, if its "
	    "certificate has "
	    "that name too.");
	add_name(m, "autodiscover", m->site->domain, DNS_CNAME, m->site->host, ZONE_AUTOCONFIG, ZONE_OPTIONAL,
	    "Where Outlook and others look for settings. This server tells them by HTTPS, if its certificate "
	    "has "
	    "that name too.");
}

/* Both or none: the record must fit what is served. */
static void add_configuration(struct maker *m)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	int error = zone_configuration_record(m->site, &text);
	if (error == 0) {
		add_name(m, "ua-auto-config", m->site->domain, DNS_CNAME, m->site->host, ZONE_AUTOCONFIG,
		    ZONE_OPTIONAL,
		    "Where mail programs of the coming years look for settings. This server tells them by "
		    "HTTPS, if "
		    "its certificate has that name too.");
		add_txt(m, "_ua-auto-config", m->site->domain, buf_view(&text), ZONE_AUTOCONFIG,
		    ZONE_OPTIONAL,
		    "A digest of these settings. It must change when they do: publish both or neither.");
	} else if (error != -ENOENT) {
		fail(m, error);
	}
	buf_done(&text);
}

static void add_others(struct maker *m)
{
	const char *domain = m->site->domain;
	char text[TEXT_MAX];
	if (m->site->authority) {
		struct view data = {0};
		bool made = zone_data_caa(m->arena, "issue", view_from_string(m->site->authority), &data);
		add(m, "", domain, DNS_CAA, made, data, ZONE_CAA, ZONE_RECOMMENDED,
		    "Allows only the authority that issued your certificate to issue others. Add those from "
		    "whom you have certificates for web sites.");
	}
	if (m->site->logo == NULL)
		return;
	int len = snprintf(text, sizeof text, "v=BIMI1; l=%s;%s%s%s", m->site->logo,
	    m->site->mark ? " a=" : "", m->site->mark ? m->site->mark : "", m->site->mark ? ";" : "");
	if (len >= (int)sizeof text)
		fail(m, -E2BIG);
	else
		add_txt(m, "default._bimi", domain, view_from_string(text), ZONE_BIMI, ZONE_RECOMMENDED,
		    "The picture that some mail programs show beside proven mail.");
}

int zone_plan_make(const struct zone_site *site, struct arena *arena, struct zone_plan *out)
{
	struct maker m = {.site = site, .arena = arena, .plan = out};
	out->count = 0;
	add_mx(&m);
	add_addresses(&m);
	add_spf(&m);
	add_keys(&m);
	add_dmarc(&m);
	add_tls(&m);
	add_services(&m);
	add_configuration(&m);
	add_others(&m);
	return m.error;
}

/* ---- the policy of MTA-STS ---- */

int zone_policy_text(const struct zone_site *site, struct buf *out)
{
	return buf_printf(
	    out, "version: STSv1\r\nmode: enforce\r\nmx: %s\r\nmax_age: %d\r\n", site->host, POLICY_WEEK);
}

bool zone_policy_id(const struct zone_site *site, char out[ZONE_POLICY_ID_SIZE])
{
	unsigned char digest[ZONE_DIGEST_SIZE];
	struct buf text;
	buf_init(&text, TEXT_MAX);
	bool good = zone_policy_text(site, &text) == 0 && zone_digest(buf_view(&text), digest);
	buf_done(&text);
	for (size_t i = 0; good && i < ZONE_POLICY_ID_SIZE / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	return good;
}

/* ---- as a zone file ---- */

static void print_comment(const char *text, struct buf *out)
{
	enum { COLUMNS = 100 };
	size_t column = 0;
	bool first = true;
	struct view rest = view_from_string(text), word;
	while (view_next(&rest, ' ', &word)) {
		if (column + word.len + 1 > COLUMNS)
			column = 0;
		if (column == 0) {
			buf_append_string(out, first ? ";" : "\n;");
			first = false;
			column = 1;
		}
		buf_printf(out, " %.*s", VIEW_FMT(word));
		column += word.len + 1;
	}
	buf_append_byte(out, '\n');
}

int zone_plan_print(const struct zone_plan *plan, const struct zone_site *site, bool all, struct buf *out)
{
	buf_printf(out, "; Records for mail of %s. They join what the zone has: SOA, NS and others.\n",
	    site->domain);
	for (size_t i = 0; i < plan->count; i++) {
		const struct zone_wanted *w = &plan->items[i];
		const struct zone_wanted *before = i ? &plan->items[i - 1] : NULL;
		bool ours = zone_contains(site->domain, w->record.owner);
		bool optional = w->need == ZONE_OPTIONAL && !all;
		if (before == NULL || before->why != w->why) {
			buf_append_byte(out, '\n');
			print_comment(w->why, out);
		}
		if (!ours)
			buf_append_string(out, ";(another zone) ");
		else if (optional)
			buf_append_string(out, ";(optional) ");
		zone_record_text(&w->record, out);
		buf_append_byte(out, '\n');
	}
	return buf_append(out, (struct view){0});
}

/* No name, and no data as a zone file has it, holds a tab or a line end; what a stranger has chosen would be
 * shown as base/show.h has it. */
static void put_line(const struct zone_wanted *w, struct buf *line)
{
	char type[ZONE_TYPE_SIZE];
	struct buf data;
	buf_init(&data, PLAN_LINE_MAX);
	zone_type_text(w->record.type, type);
	zone_data_text(w->record.type, w->record.data, &data);
	buf_printf(line, "%s\t%s\t%s\t%u\t%s\t", zone_part_name(w->part), zone_need_name(w->need),
	    w->record.owner, (unsigned)w->record.ttl, type);
	show_line(line, buf_view(&data));
	buf_printf(line, "\t%s\n", w->why);
	buf_done(&data);
}

int zone_plan_lines(const struct zone_plan *plan, size_t most, struct buf *out)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct buf line;
		buf_init(&line, 2 * PLAN_LINE_MAX);
		put_line(&plan->items[i], &line);
		if (!buf_failed(&line) && out->len + line.len <= most)
			buf_append(out, buf_view(&line));
		buf_done(&line);
	}
	return buf_append(out, (struct view){0});
}
