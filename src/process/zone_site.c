/* Settings, certificates and this machine's addresses, as a plan wants them: zone_site.h. */
#include "process/zone_site.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "config/dns_update.h"
#include "config/route.h"
#include "config/services.h"
#include "format/domain.h"
#include "io/network.h"

static char *normal_name(struct view name, struct arena *arena)
{
	char checked[DNS_NAME_SIZE];
	struct view kept = {0};
	struct buf text;
	buf_init(&text, 1024);
	bool good = domain_normalize(name, &text) == 0 && dns_name_parse(buf_view(&text), checked) == 0 &&
	            arena_copy(arena, view_from_string(checked), &kept);
	buf_done(&text);
	return good ? (char *)(uintptr_t)kept.data : NULL;
}

/* ---- services ---- */

/* Names of RFC 6186, RFC 8314 section 5.1, RFC 5804 section 1.8, RFC 8620 section 2.2, and ours for them. */
static const struct {
	enum service service;
	const char *name;
} service_names[] = {
    {SERVICE_SUBMISSIONS, "_submissions._tcp"},
    {SERVICE_SUBMISSION, "_submission._tcp"},
    {SERVICE_IMAPS, "_imaps._tcp"},
    {SERVICE_IMAP, "_imap._tcp"},
    {SERVICE_POP3S, "_pop3s._tcp"},
    {SERVICE_POP3, "_pop3._tcp"},
    {SERVICE_MANAGESIEVE, "_sieve._tcp"},
    {SERVICE_HTTPS, "_jmap._tcp"},
};

enum { SERVICE_NAMES = sizeof service_names / sizeof service_names[0] };

/* "0.0.0.0:993", "[::]:993" */
static bool split_listener(struct view text, struct sockaddr_storage *address, uint64_t *port)
{
	ptrdiff_t colon = view_find_last(text, ':');
	if (colon < 1 || !view_to_u64(view_skip(text, (size_t)colon + 1), UINT16_MAX, port))
		return false;
	struct view host = view_take(text, (size_t)colon);
	if (host.len > 2 && host.data[0] == '[')
		host = view_take(view_skip(host, 1), host.len - 2);
	return network_parse(host, address);
}

static bool add_services(struct zone_site *site, const struct settings *settings, struct arena *arena)
{
	struct zone_service *services = arena_array(arena, SERVICE_NAMES, sizeof *services);
	for (size_t i = 0; services && i < SERVICE_NAMES; i++) {
		struct view rest = service_addresses(settings, service_names[i].service), line;
		struct sockaddr_storage address;
		uint64_t port = 0;
		if (rest.len && view_next(&rest, '\n', &line) && !split_listener(line, &address, &port))
			port = 0;
		services[i] = (struct zone_service){service_names[i].name, (uint16_t)port};
	}
	site->services = services;
	site->service_count = SERVICE_NAMES;
	return services != NULL;
}

/* ---- addresses ---- */

static bool add_to(const struct sockaddr_storage **list, size_t *count, struct arena *arena,
    const struct sockaddr_storage *address)
{
	struct sockaddr_storage *own = (struct sockaddr_storage *)(uintptr_t)*list;
	for (size_t i = 0; i < *count; i++)
		if (network_same(&own[i], address))
			return true;
	if (own == NULL)
		*list = own = arena_array(arena, ZONE_ADDRESSES_MAX, sizeof *own);
	if (own == NULL || *count == ZONE_ADDRESSES_MAX)
		return false;
	own[(*count)++] = *address;
	return true;
}

bool zone_site_add_address(
    struct zone_site *site, struct arena *arena, const struct sockaddr_storage *address)
{
	return add_to(&site->addresses, &site->address_count, arena, address);
}

static bool is_any(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		return ((const struct sockaddr_in *)address)->sin_addr.s_addr == INADDR_ANY;
	return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static void add_of_machine(struct zone_site *site, struct arena *arena, sa_family_t family)
{
	struct ifaddrs *all = NULL;
	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct sockaddr_storage address = {0};
		if (i->ifa_addr == NULL || i->ifa_addr->sa_family != family)
			continue;
		memcpy(&address, i->ifa_addr,
		    family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		if (network_is_public(&address))
			zone_site_add_address(site, arena, &address);
	}
	freeifaddrs(all);
}

void zone_site_add_own_addresses(struct zone_site *site, struct arena *arena, const struct settings *settings)
{
	struct view rest = settings->smtp_listen, line;
	while (rest.len && view_next(&rest, '\n', &line)) {
		struct sockaddr_storage address;
		uint64_t port;
		if (!split_listener(line, &address, &port))
			continue;
		if (is_any(&address))
			add_of_machine(site, arena, address.ss_family);
		else if (network_is_public(&address))
			zone_site_add_address(site, arena, &address);
	}
}

/* ---- how mail leaves ---- */

static void add_senders(struct zone_site *site, const struct settings *settings, struct arena *arena)
{
	struct view rest = settings->relay_source, line;
	struct sockaddr_storage address;
	while (rest.len && view_next(&rest, '\n', &line))
		if (network_parse(line, &address))
			add_to(&site->senders, &site->sender_count, arena, &address);
	struct route route;
	const char *problem;
	for (rest = settings->routes; rest.len && view_next(&rest, '\n', &line);)
		if (route_parse(line, &route, &problem) == 0 && view_equal(route.domain, VIEW("*")))
			site->smart_host = true;
}

static void add_picture(struct zone_site *site, const struct settings *settings, struct arena *arena)
{
	struct view rest = settings->bimi, line, domain, picture, mark, kept;
	const char *problem, *name;
	while (rest.len && view_next(&rest, '\n', &line)) {
		if (bimi_parse(line, &domain, &picture, &mark, &problem) != 0)
			continue;
		name = normal_name(domain, arena);
		if (name == NULL || strcmp(name, site->domain) != 0 || !arena_copy(arena, picture, &kept))
			continue;
		site->logo = kept.data;
		site->mark = mark.len && arena_copy(arena, mark, &kept) ? kept.data : NULL;
	}
}

int zone_site_make(const struct settings *settings, struct view domain, struct arena *arena,
    struct zone_site *out, const char **problem)
{
	struct zone_site site = {.domain = normal_name(domain, arena)};
	*problem = "this is no domain name";
	if (site.domain == NULL)
		return -EINVAL;
	*problem = "the setting hostname is no name that DNS could have";
	site.host = normal_name(settings->hostname, arena);
	if (site.host == NULL || strchr(site.host, '.') == NULL)
		return -EINVAL;
	add_senders(&site, settings, arena);
	add_picture(&site, settings, arena);
	if (!add_services(&site, settings, arena))
		return -ENOMEM;
	*out = site;
	return 0;
}

/* ---- certificates ---- */

/* Who issued it, as its own documents say that CAA names it. */
static const char *authority_of(X509 *certificate)
{
	static const struct {
		const char *organization, *name;
	} known[] = {{"Let's Encrypt", "letsencrypt.org"}, {"Google Trust Services", "pki.goog"},
	    {"ZeroSSL", "sectigo.com"}, {"Sectigo", "sectigo.com"}, {"DigiCert", "digicert.com"},
	    {"Buypass", "buypass.com"}, {"GlobalSign", "globalsign.com"}, {"Actalis", "actalis.it"},
	    {"SSL Corp", "ssl.com"}, {"HARICA", "harica.gr"}, {"Certum", "certum.pl"},
	    {"Asseco Data Systems", "certum.pl"}, {"GEANT", "sectigo.com"}, {"Entrust", "entrust.net"}};
	char text[200];
	if (X509_NAME_get_text_by_NID(
	        X509_get_issuer_name(certificate), NID_organizationName, text, sizeof text) <= 0)
		return NULL;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strncmp(text, known[i].organization, strlen(known[i].organization)) == 0)
			return known[i].name;
	return NULL;
}

static bool key_digest(X509 *certificate, unsigned char digest[ZONE_DIGEST_SIZE])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	bool good = len > 0 && zone_digest(view_of(der, (size_t)len), digest);
	OPENSSL_free(der);
	return good;
}

static int add_digest(struct zone_site *site, struct arena *arena, const unsigned char *digest)
{
	struct view *list = (struct view *)(uintptr_t)site->certificates, kept;
	for (size_t i = 0; i < site->certificate_count; i++)
		if (view_equal(list[i], view_of(digest, ZONE_DIGEST_SIZE)))
			return 0;
	if (list == NULL)
		site->certificates = list = arena_array(arena, ZONE_CERTIFICATES_MAX, sizeof *list);
	if (list == NULL || site->certificate_count == ZONE_CERTIFICATES_MAX ||
	    !arena_copy(arena, view_of(digest, ZONE_DIGEST_SIZE), &kept))
		return -ENOMEM;
	list[site->certificate_count++] = kept;
	return 0;
}

int zone_site_add_certificate(struct zone_site *site, struct arena *arena, struct view pem)
{
	unsigned char digest[ZONE_DIGEST_SIZE];
	BIO *in = BIO_new_mem_buf(pem.data, (int)pem.len);
	X509 *certificate = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
	int error = -EINVAL;
	if (certificate && X509_check_host(certificate, site->host, 0, 0, NULL) != 1)
		error = -ENOENT;
	else if (certificate)
		error = key_digest(certificate, digest) ? add_digest(site, arena, digest) : -ENOMEM;
	if (error == 0 && site->authority == NULL)
		site->authority = authority_of(certificate);
	X509_free(certificate);
	BIO_free(in);
	return error;
}
