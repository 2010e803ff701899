/* What mail programs, certification authorities and pictures beside mail look for: SRV, CAA, BIMI. */
#include <stdio.h>
#include <string.h>

#include "trust/sender/dmarc.h"
#include "trust/zone/zone_check_private.h"

/* ---- SRV ---- */

static void replace(
    struct zone_checker *c, struct zone_finding *f, const struct answer *a, const struct zone_wanted *wanted)
{
	for (size_t i = 0; i < a->count; i++)
		zone_change_remove(c, f, wanted->record.owner, wanted->record.type, a->ttl, a->records[i]);
	zone_change_add(c, f, &wanted->record);
}

static void check_service(struct zone_checker *c, const struct zone_service *service)
{
	const char *name = zone_below(c, service->name, c->site->domain);
	const struct zone_wanted *wanted = name ? zone_wanted(c, ZONE_SRV, name, DNS_SRV) : NULL;
	const struct answer *a;
	bool leads_here = false, leads_away = false;
	if (wanted == NULL || zone_look(c, name, DNS_SRV, &a) != ZONE_SEEN)
		return;
	for (size_t i = 0; i < a->count; i++) {
		struct dns_srv srv;
		if (dns_record_srv(a->records[i], &srv) != 0 || srv.host[0] == '\0')
			continue;
		if (strcmp(srv.host, c->site->host) == 0 && srv.port == service->port)
			leads_here = true;
		else
			leads_away = true;
	}
	if (service->port && a->count == 0) {
		struct zone_finding *f = zone_tell(c, ZONE_HINT, name, DNS_SRV,
		    zone_say(c, "The SRV record %s is missing.", service->name),
		    VIEW("Mail programs have to guess the server's name."), (struct view){0});
		zone_change_add(c, f, &wanted->record);
	} else if (service->port && !leads_here) {
		struct zone_finding *f = zone_tell(c, ZONE_WARNING, name, DNS_SRV,
		    zone_say(c, "The SRV record %s does not lead to port %u of %s.", service->name,
		        service->port, c->site->host),
		    VIEW("Mail programs that look there do not find this server."), (struct view){0});
		replace(c, f, a, wanted);
	} else if (!service->port && leads_away) {
		struct zone_finding *f = zone_tell(c, ZONE_HINT, name, DNS_SRV,
		    zone_say(c,
		        "The SRV record %s names a host, but this server does not offer that service.",
		        service->name),
		    VIEW("Mail programs try it in vain, unless another host offers it."), (struct view){0});
		replace(c, f, a, wanted);
	}
}

/* ---- CAA ---- */

/* The records that count for a name are the nearest above it: RFC 8659 section 3. */
static void check_authority(struct zone_checker *c)
{
	const struct answer *a = NULL;
	const char *name = c->site->host;
	c->part = ZONE_CAA;
	if (c->site->authority == NULL)
		return;
	c->out->checked |= 1U << ZONE_CAA;
	for (; name && strchr(name, '.'); name = strchr(name, '.') + 1) {
		if (zone_look(c, name, DNS_CAA, &a) != ZONE_SEEN)
			return;
		if (a->count)
			break;
	}
	if (a == NULL || a->count == 0) {
		const struct zone_wanted *wanted = zone_wanted(c, ZONE_CAA, c->site->domain, DNS_CAA);
		struct zone_finding *f = zone_tell(c, ZONE_HINT, c->site->domain, DNS_CAA,
		    VIEW("No CAA record says who may issue certificates."),
		    VIEW("Any authority in the world may issue one for this host, if it is deceived."),
		    (struct view){0});
		if (wanted)
			zone_change_add(c, f, &wanted->record);
		return;
	}
	bool restricts = false, allows = false;
	for (size_t i = 0; i < a->count; i++) {
		struct dns_caa caa;
		if (dns_record_caa(a->records[i], &caa) != 0 || !view_equal_nocase(caa.tag, VIEW("issue")))
			continue;
		struct view rest = caa.value, issuer = {0};
		restricts = true;
		view_next(&rest, ';', &issuer);
		allows = allows || view_equal_nocase(view_trim(issuer), view_from_string(c->site->authority));
	}
	if (restricts && !allows)
		zone_tell(c, ZONE_WARNING, name, DNS_CAA,
		    zone_say(c,
		        "The CAA records of %s do not name %s, which issued this server's certificate.", name,
		        c->site->authority),
		    VIEW("The certificate cannot be renewed there; when it ends, clients refuse the server."),
		    zone_say(c, "Add: %s. IN CAA 0 issue \"%s\"", name, c->site->authority));
}

/* ---- BIMI ---- */

static void check_picture(struct zone_checker *c)
{
	const char *name = zone_below(c, "default._bimi", c->site->domain);
	struct dmarc_walk walk;
	struct zone_texts texts;
	c->part = ZONE_BIMI;
	if (c->site->logo == NULL || zone_texts(c, name, "v=BIMI1", &texts) != ZONE_SEEN)
		return;
	c->out->checked |= 1U << ZONE_BIMI;
	const struct zone_wanted *wanted = zone_wanted(c, ZONE_BIMI, name, DNS_TXT);
	bool there = false;
	for (size_t i = 0; wanted && i < texts.count; i++)
		there = there || view_equal(texts.data[i], wanted->record.data);
	if (!there && wanted) {
		struct zone_finding *f = zone_tell(c, ZONE_HINT, name, DNS_TXT,
		    texts.count ? VIEW("The BIMI record names another picture than the settings.")
		                : VIEW("The BIMI record is missing."),
		    VIEW("Mail programs do not show the picture."), (struct view){0});
		for (size_t i = 0; i < texts.count; i++)
			zone_change_remove(c, f, name, DNS_TXT, texts.ttl, texts.data[i]);
		zone_change_add(c, f, &wanted->record);
	}
	if (!dmarc_walk(c->answers, c->site->domain, c->arena, &walk))
		c->waits = true;
	else if (walk.record_domain == NULL || walk.record.domain == DMARC_NONE)
		zone_tell(c, ZONE_HINT, name, DNS_TXT,
		    VIEW("BIMI needs a DMARC policy of quarantine or reject."),
		    VIEW("Mail programs do not show the picture."), VIEW("See what is said of DMARC."));
}

void zone_check_services(struct zone_checker *c)
{
	c->part = ZONE_SRV;
	c->out->checked |= 1U << ZONE_SRV;
	for (size_t i = 0; i < c->site->service_count; i++)
		check_service(c, &c->site->services[i]);
	check_authority(c);
	check_picture(c);
}
