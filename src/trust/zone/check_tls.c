/* What promises TLS to others: MTA-STS with its policy, DANE; and the reports about where it failed. */
#include <string.h>

#include "trust/route/mta_sts.h"
#include "trust/zone/zone_check_private.h"

/* ---- MTA-STS ---- */

static void check_policy_hosts(struct zone_checker *c, const char *name, const struct mta_sts_policy *policy)
{
	const struct answer *a;
	if (policy->mode == MTA_STS_NONE || zone_look(c, c->site->domain, DNS_MX, &a) != ZONE_SEEN)
		return;
	for (size_t i = 0; i < a->count; i++) {
		struct dns_mx mx;
		if (dns_record_mx(a->records[i], &mx) != 0 || mx.host[0] == '\0' ||
		    mta_sts_allows(policy, view_from_string(mx.host)))
			continue;
		zone_tell(c, policy->mode == MTA_STS_ENFORCE ? ZONE_FAULT : ZONE_WARNING, name, DNS_MX,
		    zone_say(c, "The MTA-STS policy does not name the MX host %s.", mx.host),
		    policy->mode == MTA_STS_ENFORCE
		        ? VIEW("Whoever heeds the policy does not deliver there: mail waits and returns.")
		        : VIEW("When the policy is enforced, mail does not go there."),
		    zone_say(c, "Add \"mx: %s\" to the policy and change the id in the record.", mx.host));
	}
	if (policy->mode == MTA_STS_TESTING)
		zone_tell(c, ZONE_HINT, name, DNS_TXT,
		    VIEW("The MTA-STS policy is only tried out (mode: testing)."),
		    VIEW("Others report where TLS fails, and deliver all the same."),
		    VIEW("Make it \"mode: enforce\" when the TLS reports look well, and change the id in the "
		         "record."));
}

static void check_policy(struct zone_checker *c, const char *host)
{
	const struct zone_policy *p = c->policy;
	struct mta_sts_policy policy;
	if (p == NULL || !p->known)
		return;
	if (p->body.len == 0)
		zone_tell(c, ZONE_WARNING, host, DNS_A,
		    zone_say(c, "The MTA-STS policy cannot be fetched from https://%s%s: %.*s.", host,
		        mta_sts_path, VIEW_FMT(p->why)),
		    VIEW("The record promises a policy that nobody gets: TLS is not demanded."),
		    VIEW("Let a web server give it out, with a certificate for that name, or remove the "
		         "record."));
	else if (mta_sts_policy_parse(p->body, c->arena, &policy) != 0)
		zone_tell(c, ZONE_WARNING, host, DNS_A,
		    zone_say(c, "The MTA-STS policy at https://%s%s is none.", host, mta_sts_path),
		    VIEW("Nobody can read it: TLS is not demanded."),
		    VIEW("It needs the lines version: STSv1, mode:, mx: and max_age: (RFC 8461 section "
		         "3.2)."));
	else
		check_policy_hosts(c, host, &policy);
}

static void check_mta_sts(struct zone_checker *c)
{
	const char *name = zone_below(c, "_mta-sts", c->site->domain),
	           *host = zone_below(c, "mta-sts", c->site->domain);
	const struct answer *v4, *v6;
	struct zone_texts texts;
	char id[MTA_STS_ID_MAX + 1];
	if (zone_texts(c, name, "v=STSv1", &texts) != ZONE_SEEN || texts.count == 0)
		return;
	c->out->checked |= 1U << ZONE_MTA_STS;
	if (texts.count > 1 || mta_sts_record_parse(texts.texts[0], id) != 0) {
		zone_tell(c, ZONE_WARNING, name, DNS_TXT,
		    texts.count > 1 ? zone_say(c, "There are %zu MTA-STS records.", texts.count)
		                    : zone_say(c, "The MTA-STS record cannot be read: \"%.*s\".",
		                          VIEW_FMT(view_take(texts.texts[0], 300))),
		    VIEW("It counts for nothing: TLS is not demanded."),
		    VIEW("There must be one, as \"v=STSv1; id=...\" with up to 32 letters and digits."));
		return;
	}
	c->out->wants_policy = true;
	enum zone_seen a = zone_look(c, host, DNS_A, &v4), b = zone_look(c, host, DNS_AAAA, &v6);
	if (a == ZONE_SEEN && b == ZONE_SEEN && v4->count == 0 && v6->count == 0) {
		struct zone_finding *f = zone_tell(c, ZONE_WARNING, host, DNS_A,
		    zone_say(c, "There is an MTA-STS record, but no host %s.", host),
		    VIEW("Nobody can fetch the policy: TLS is not demanded."),
		    VIEW("Add the name of a web server that gives it out, or remove the record."));
		zone_change_remove(c, f, name, DNS_TXT, texts.ttl, texts.data[0]);
		c->out->wants_policy = false;
		return;
	}
	check_policy(c, host);
}

/* ---- TLS reports ---- */

static void check_tlsrpt(struct zone_checker *c)
{
	const char *name = zone_below(c, "_smtp._tls", c->site->domain);
	struct zone_texts texts;
	c->out->checked |= 1U << ZONE_TLSRPT;
	if (zone_texts(c, name, "v=TLSRPTv1", &texts) != ZONE_SEEN)
		return;
	const struct zone_wanted *wanted = name ? zone_wanted(c, ZONE_TLSRPT, name, DNS_TXT) : NULL;
	if (texts.count == 0) {
		struct zone_finding *f = zone_tell(c, ZONE_HINT, name, DNS_TXT,
		    VIEW("Nobody is asked for reports about TLS (RFC 8460)."),
		    VIEW("You do not learn that others cannot reach this server safely."), (struct view){0});
		if (wanted)
			zone_change_add(c, f, &wanted->record);
		return;
	}
	bool uri = false;
	struct view rest = texts.texts[0], part;
	while (view_next(&rest, ';', &part)) {
		part = view_trim(part);
		uri = uri || view_starts_nocase(part, VIEW("rua=mailto:")) ||
		      view_starts_nocase(part, VIEW("rua=https:"));
	}
	if (texts.count > 1 || !uri)
		zone_tell(c, ZONE_WARNING, name, DNS_TXT,
		    texts.count > 1
		        ? zone_say(c, "There are %zu records that ask for TLS reports.", texts.count)
		        : VIEW("The record that asks for TLS reports names nobody who gets them."),
		    VIEW("It counts for nothing (RFC 8460 section 3)."),
		    VIEW("There must be one, as \"v=TLSRPTv1; rua=mailto:...\"."));
}

/* ---- DANE ---- */

/* Whether the host's zone is signed: a validated answer says so, or a DS record above. */
static bool is_signed(struct zone_checker *c, const struct answer *a)
{
	bool found = a->secure;
	const char *name = c->site->host;
	while (!found && name && strchr(name, '.')) {
		const struct answer *ds = answers_look(c->answers, name, DNS_DS);
		c->waits = c->waits || ds == NULL;
		found = ds && ds->count > 0;
		name = strchr(name, '.') + 1;
	}
	return found;
}

/* How many of the records can be held against our certificates, and how many of these are theirs. */
static void compare(
    const struct zone_checker *c, const struct answer *a, size_t *comparable, size_t *ours, size_t *unusable)
{
	for (size_t i = 0; i < a->count; i++) {
		struct dns_tlsa t;
		if (dns_record_tlsa(a->records[i], &t) != 0 || t.usage < 2 || t.usage > 3) {
			(*unusable)++;
			continue;
		}
		if (t.usage != 3 || t.selector != 1 || t.matching != 1)
			continue;
		(*comparable)++;
		for (size_t k = 0; k < c->site->certificate_count; k++)
			*ours += view_equal(t.data, c->site->certificates[k]);
	}
}

static void check_tlsa(struct zone_checker *c)
{
	const char *name = zone_below(c, "_25._tcp", c->site->host);
	const struct answer *a;
	size_t comparable = 0, ours = 0, unusable = 0;
	c->part = ZONE_TLSA;
	if (zone_look(c, name, DNS_TLSA, &a) != ZONE_SEEN)
		return;
	c->out->checked |= 1U << ZONE_TLSA;
	bool safe = is_signed(c, a);
	if (a->count == 0) {
		if (!safe || c->site->certificate_count == 0 || c->waits)
			return;
		struct zone_finding *f = zone_tell(c, ZONE_HINT, name, DNS_TLSA,
		    zone_say(c, "The zone of %s is signed, but there is no TLSA record.", c->site->host),
		    VIEW("Whoever sits between can take TLS away from mail to this host."), (struct view){0});
		for (size_t i = 0; i < c->plan->count; i++)
			if (c->plan->items[i].part == ZONE_TLSA)
				zone_change_add(c, f, &c->plan->items[i].record);
		return;
	}
	if (!safe && !c->waits)
		zone_tell(c, ZONE_WARNING, name, DNS_TLSA,
		    zone_say(c, "There are TLSA records of %s, but its zone is not signed (DNSSEC).",
		        c->site->host),
		    VIEW("They count for nothing (RFC 7672 section 2.2)."),
		    VIEW("Sign the zone, or remove them."));
	compare(c, a, &comparable, &ours, &unusable);
	if (unusable)
		zone_tell(c, ZONE_HINT, name, DNS_TLSA,
		    zone_say(c, "%zu of %zu TLSA records are of a kind that mail does not use.", unusable,
		        a->count),
		    VIEW("Senders pass over them (RFC 7672 section 3.1.3)."), VIEW("Write them as 3 1 1."));
	if (c->site->certificate_count == 0 || ours > 0 || comparable == 0 ||
	    comparable + unusable < a->count)
		return;
	struct zone_finding *f = zone_tell(c, safe ? ZONE_FAULT : ZONE_WARNING, name, DNS_TLSA,
	    zone_say(c, "No TLSA record of %s is that of its certificate's key.", c->site->host),
	    VIEW("Whoever heeds DANE does not deliver here: mail waits and returns."), (struct view){0});
	for (size_t i = 0; i < a->count; i++)
		zone_change_remove(c, f, name, DNS_TLSA, a->ttl, a->records[i]);
	for (size_t i = 0; i < c->plan->count; i++)
		if (c->plan->items[i].part == ZONE_TLSA)
			zone_change_add(c, f, &c->plan->items[i].record);
}

void zone_check_tls(struct zone_checker *c)
{
	c->part = ZONE_MTA_STS;
	check_mta_sts(c);
	c->part = ZONE_TLSRPT;
	check_tlsrpt(c);
	check_tlsa(c);
}
