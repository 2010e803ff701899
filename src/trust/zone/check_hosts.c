/* Where mail goes, and whether it gets there: MX, the hosts' addresses, and the way back from these. */
#include <string.h>

#include "trust/sender/client_name.h"
#include "trust/zone/zone_check_private.h"

/* ---- MX ---- */

static void no_mx(struct zone_checker *c, const struct zone_wanted *wanted)
{
	const char *domain = c->site->domain;
	struct zone_finding *f = zone_tell(c, ZONE_FAULT, domain, DNS_MX,
	    zone_say(c, "%s has no MX record.", domain),
	    VIEW("Others send its mail to the address of the name itself, or nowhere."), (struct view){0});
	zone_change_add(c, f, &wanted->record);
}

/* RFC 2181 section 10.3, RFC 5321 section 5.1. */
static void check_mx_host(struct zone_checker *c, const char *host)
{
	const struct answer *v4, *v6;
	enum zone_seen a = zone_look(c, host, DNS_A, &v4), b = zone_look(c, host, DNS_AAAA, &v6);
	if (a != ZONE_SEEN || b != ZONE_SEEN)
		return;
	if (v4->canonical.len || v6->canonical.len)
		zone_tell(c, ZONE_FAULT, host, DNS_CNAME,
		    zone_say(c, "The MX record names %s, which is an alias (CNAME) of %.*s.", host,
		        VIEW_FMT(v4->canonical.len ? v4->canonical : v6->canonical)),
		    VIEW("The standards forbid it (RFC 2181 section 10.3): some servers do not deliver "
		         "there, and DANE and certificates are looked for at another name."),
		    VIEW("Give the name address records of its own in place of the alias, or let MX name the "
		         "host that the alias leads to."));
	if (v4->count == 0 && v6->count == 0)
		zone_tell(c, ZONE_FAULT, host, DNS_A,
		    zone_say(c, "The MX record names %s, which has no address.", host),
		    VIEW("Mail to this host cannot be delivered; without another MX host it returns to its "
		         "senders."),
		    strcmp(host, c->site->host) == 0
		        ? (struct view){0}
		        : VIEW("Give the host an address, or remove the MX record."));
}

static void check_mx(struct zone_checker *c)
{
	const char *domain = c->site->domain;
	const struct zone_wanted *wanted = zone_wanted(c, ZONE_MX, domain, DNS_MX);
	const struct answer *a;
	unsigned ours = UINT32_MAX, best = UINT32_MAX;
	if (zone_look(c, domain, DNS_MX, &a) != ZONE_SEEN || wanted == NULL)
		return;
	if (a->status == ANSWER_NXDOMAIN) {
		zone_tell(c, ZONE_FAULT, domain, DNS_SOA,
		    zone_say(c, "The domain %s does not exist in DNS.", domain),
		    VIEW("Nobody can send mail there, and mail from there is refused."),
		    VIEW("Register the domain, and make its zone at your name servers; the registrar must "
		         "name them."));
		return;
	}
	if (a->canonical.len)
		zone_tell(c, ZONE_FAULT, domain, DNS_CNAME,
		    zone_say(c, "%s is an alias (CNAME) of %.*s.", domain, VIEW_FMT(a->canonical)),
		    VIEW("All its other records count for nothing; some servers write the other name into "
		         "addresses."),
		    VIEW("Replace the CNAME by address records."));
	if (a->count == 0) {
		no_mx(c, wanted);
		return;
	}
	for (size_t i = 0; i < a->count; i++) {
		struct dns_mx mx;
		if (dns_record_mx(a->records[i], &mx) != 0)
			continue;
		best = mx.preference < best ? mx.preference : best;
		if (strcmp(mx.host, c->site->host) == 0)
			ours = mx.preference < ours ? mx.preference : ours;
		if (mx.host[0]) {
			check_mx_host(c, mx.host);
			continue;
		}
		struct zone_finding *f = zone_tell(c, ZONE_FAULT, domain, DNS_MX,
		    zone_say(c, "%s says by a null MX that it takes no mail (RFC 7505).", domain),
		    VIEW("Others return all mail to it at once, and refuse mail from it."), (struct view){0});
		zone_change_remove(c, f, domain, DNS_MX, a->ttl, a->records[i]);
		if (a->count == 1)
			zone_change_add(c, f, &wanted->record);
		return;
	}
	if (ours == UINT32_MAX) {
		struct zone_finding *f = zone_tell(c, ZONE_FAULT, domain, DNS_MX,
		    zone_say(c, "No MX record of %s names this host, %s.", domain, c->site->host),
		    VIEW("Mail goes to other hosts."),
		    VIEW("If those hand it on to this one, all is well; otherwise remove their records, "
		         "too."));
		zone_change_add(c, f, &wanted->record);
	} else if (ours > best) {
		zone_tell(c, ZONE_HINT, domain, DNS_MX,
		    zone_say(c, "Other hosts come before this one in the MX records of %s.", domain),
		    VIEW("They get the mail first, and must hand it on."),
		    VIEW("If this host shall get it first, give it the lowest number."));
	}
}

/* ---- addresses ---- */

static bool planned(const struct zone_checker *c, unsigned type, struct view data)
{
	for (size_t i = 0; i < c->plan->count; i++) {
		const struct zone_record *r = &c->plan->items[i].record;
		if (c->plan->items[i].part == ZONE_ADDRESS && r->type == type && view_equal(r->data, data))
			return true;
	}
	return false;
}

static void check_family(struct zone_checker *c, unsigned type, const struct answer *a, bool reachable)
{
	const char *host = c->site->host;
	char family[ZONE_TYPE_SIZE];
	zone_type_text(type, family);
	for (size_t i = 0; i < c->plan->count; i++) {
		const struct zone_wanted *w = &c->plan->items[i];
		if (w->part != ZONE_ADDRESS || w->record.type != type || zone_answer_has(a, w->record.data))
			continue;
		struct zone_finding *f = zone_tell(c, reachable ? ZONE_WARNING : ZONE_FAULT, host, type,
		    zone_say(c, "%s has no %s record for %.*s.", host, family,
		        VIEW_FMT(zone_address_text(c, type, w->record.data))),
		    reachable
		        ? VIEW("Nobody reaches the host at that address, and what it sends from there is not "
		               "believed.")
		        : VIEW("Nobody can bring mail."),
		    (struct view){0});
		zone_change_add(c, f, &w->record);
	}
	for (size_t i = 0; c->site->address_count && i < a->count; i++) {
		if (planned(c, type, a->records[i]))
			continue;
		struct zone_finding *f = zone_tell(c, ZONE_WARNING, host, type,
		    zone_say(c, "%s leads to %.*s, which is none of this machine's addresses.", host,
		        VIEW_FMT(zone_address_text(c, type, a->records[i]))),
		    VIEW(
		        "Who tries it does not reach this server, unless something in between passes it on."),
		    VIEW("If a router or proxy has that address, give it with --address; otherwise remove "
		         "the record."));
		zone_change_remove(c, f, host, type, a->ttl, a->records[i]);
	}
}

/* ---- and back ---- */

static void check_pointer(struct zone_checker *c, unsigned type, struct view data)
{
	struct client_address address = {.ipv6 = type == DNS_AAAA};
	struct client_names names;
	const struct answer *a;
	char name[REVERSE_NAME_SIZE];
	if (data.len != (type == DNS_A ? 4 : 16))
		return;
	memcpy(address.bytes, data.data, data.len);
	client_address_reverse(&address, name);
	struct view text = zone_address_text(c, type, data);
	const struct zone_wanted *wanted = zone_wanted(c, ZONE_PTR, name, DNS_PTR);
	if (zone_look(c, name, DNS_PTR, &a) != ZONE_SEEN)
		return;
	if (!client_names_find(c->answers, &address, c->arena, &names)) {
		c->waits = true;
		return;
	}
	for (size_t i = 0; i < names.count; i++)
		if (strcmp(names.names[i], c->site->host) == 0)
			return;
	struct view mend = zone_say(
	    c, "Ask whoever gave you %.*s to let its PTR record say %s.", VIEW_FMT(text), c->site->host);
	struct zone_finding *f;
	if (a->count == 0)
		f = zone_tell(c, ZONE_FAULT, name, DNS_PTR,
		    zone_say(c, "The address %.*s has no name (PTR record).", VIEW_FMT(text)),
		    VIEW("Large providers refuse mail from it, or take it for spam."), mend);
	else if (names.count == 0)
		f = zone_tell(c, ZONE_FAULT, name, DNS_PTR,
		    zone_say(c, "The name of %.*s is %s, and that name does not lead back to the address.",
		        VIEW_FMT(text), names.claimed ? names.claimed : "none that can be used"),
		    VIEW("Large providers refuse mail from it, or take it for spam."), mend);
	else
		f = zone_tell(c, ZONE_WARNING, name, DNS_PTR,
		    zone_say(c, "The name of %.*s is %s, but the server greets others as %s.", VIEW_FMT(text),
		        names.names[0], c->site->host),
		    VIEW("Some servers trust mail less when the two differ."),
		    zone_say(c, "%.*s Or set hostname to %s.", VIEW_FMT(mend), names.names[0]));
	if (wanted)
		zone_change_add(c, f, &wanted->record);
}

static void check_addresses(struct zone_checker *c)
{
	const struct answer *v4, *v6;
	enum zone_seen a = zone_look(c, c->site->host, DNS_A, &v4),
	               b = zone_look(c, c->site->host, DNS_AAAA, &v6);
	if (a != ZONE_SEEN || b != ZONE_SEEN)
		return;
	bool reachable = v4->count || v6->count;
	if (!reachable && c->site->address_count == 0)
		zone_tell(c, ZONE_FAULT, c->site->host, DNS_A,
		    zone_say(c, "The host %s has no address in DNS.", c->site->host),
		    VIEW("Nobody can bring mail."),
		    VIEW("Add A and AAAA records with its public addresses."));
	check_family(c, DNS_A, v4, reachable);
	check_family(c, DNS_AAAA, v6, reachable);
	c->part = ZONE_PTR;
	for (size_t i = 0; i < v4->count; i++)
		check_pointer(c, DNS_A, v4->records[i]);
	for (size_t i = 0; i < v6->count; i++)
		check_pointer(c, DNS_AAAA, v6->records[i]);
	c->out->checked |= 1U << ZONE_ADDRESS | 1U << ZONE_PTR;
}

void zone_check_hosts(struct zone_checker *c)
{
	c->part = ZONE_MX;
	check_mx(c);
	c->out->checked |= 1U << ZONE_MX;
	c->part = ZONE_ADDRESS;
	check_addresses(c);
}
