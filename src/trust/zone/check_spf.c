/* SPF of the domain and of the host's own name: whether it can be read, how much it asks, and whether it
 * proves what leaves here. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "trust/sender/spf.h"
#include "trust/sender/spf_record.h"
#include "trust/zone/zone_check_private.h"

enum { LOOKUPS_WARN = 8 /* of ten: one more include, and it is broken */ };

/* ---- one name's record ---- */

static void several(struct zone_checker *c, const char *name, const struct zone_texts *texts)
{
	zone_tell(c, ZONE_FAULT, name, DNS_TXT,
	    zone_say(c, "%s has %zu SPF records: \"%.*s\" and \"%.*s\".", name, texts->count,
	        VIEW_FMT(view_take(texts->texts[0], 300)), VIEW_FMT(view_take(texts->texts[1], 300))),
	    VIEW("None of them counts (RFC 7208 section 4.5): no mail is proven by SPF."),
	    VIEW("Make one record of them, with the terms of all and one \"all\" at the end."));
}

/* What the record says of everybody else. */
static void check_ending(struct zone_checker *c, const char *name, const struct spf_record *r)
{
	const struct spf_term *last = r->count ? &r->terms[r->count - 1] : NULL;
	bool all = last && last->mechanism == SPF_ALL;
	if (all && last->qualifier == SENDER_PASS)
		zone_tell(c, ZONE_FAULT, name, DNS_TXT,
		    zone_say(c, "The SPF record of %s ends with +all.", name),
		    VIEW("Everybody on earth may send in its name, and is believed."),
		    VIEW("End it with -all."));
	else if ((all && last->qualifier == SENDER_NEUTRAL) || (!all && r->redirect.len == 0))
		zone_tell(c, ZONE_WARNING, name, DNS_TXT,
		    zone_say(c,
		        "The SPF record of %s says nothing about other hosts: it ends without -all or ~all.",
		        name),
		    VIEW("Mail from anybody is as good as yours, as far as SPF goes."),
		    VIEW("End it with -all."));
	for (size_t i = 0; i < r->count; i++)
		if (r->terms[i].mechanism == SPF_PTR)
			zone_tell(c, ZONE_HINT, name, DNS_TXT,
			    zone_say(c, "The SPF record of %s uses ptr.", name),
			    VIEW("It is slow, and many receivers pass over it (RFC 7208 section 5.5)."),
			    VIEW("Name the hosts or networks instead."));
}

/* The mail of this host, from one of its addresses. */
static void check_sender(struct zone_checker *c, const char *name, bool helo, unsigned type, struct view data)
{
	struct sockaddr_storage client;
	struct spf_verdict v;
	if (dns_record_address(type, data, &client) != 0)
		return;
	struct spf_request request = {.client = (const struct sockaddr *)&client,
	    .helo = view_from_string(c->site->host),
	    .local_part = VIEW("postmaster"),
	    .domain = view_from_string(name)};
	if (!spf_check(c->answers, &request, c->arena, &v)) {
		c->waits = true;
		return;
	}
	c->out->unseen = c->out->unseen || v.cause == SPF_LOOKUP_FAILED;
	if (v.result == SENDER_PASS || v.cause == SPF_SEVERAL_RECORDS || v.cause == SPF_BAD_SYNTAX ||
	    v.cause == SPF_TOO_MANY_LOOKUPS || v.cause == SPF_LOOKUP_FAILED)
		return; /* well, or told already */
	if (v.cause == SPF_NO_MEMORY) {
		c->out->incomplete = true;
		return;
	}
	struct view text = zone_address_text(c, type, data);
	zone_tell(c, ZONE_FAULT, name, DNS_TXT,
	    zone_say(c, "By the SPF record of %s, mail from this host's address %.*s is \"%s\"%s%.*s.", name,
	        VIEW_FMT(text), sender_result_name(v.result), v.term.len ? ", because of the term " : "",
	        VIEW_FMT(v.term)),
	    helo ? VIEW("Reports and bounces of this host are less believed.")
	         : VIEW("What your users send is not proven by SPF; many servers refuse it or take it for "
	                "spam."),
	    zone_say(c, "Put ip%c:%.*s in front of \"all\".", type == DNS_A ? '4' : '6', VIEW_FMT(text)));
}

static void check_senders(struct zone_checker *c, const char *name, bool helo)
{
	static const unsigned types[] = {DNS_A, DNS_AAAA};
	for (size_t t = 0; t < 2; t++) {
		const struct answer *a;
		if (zone_look(c, c->site->host, types[t], &a) != ZONE_SEEN)
			continue;
		bool bound = false; /* mail leaves from an address of this family that the settings name */
		for (size_t i = 0; i < c->site->sender_count; i++) {
			struct view data;
			if ((c->site->senders[i].ss_family == AF_INET) != (types[t] == DNS_A) ||
			    !zone_data_address(c->arena, &c->site->senders[i], &data))
				continue;
			bound = true;
			check_sender(c, name, helo, types[t], data);
		}
		for (size_t i = 0; !bound && i < a->count; i++)
			check_sender(c, name, helo, types[t], a->records[i]);
	}
}

/* False: there is nothing to go on with. */
static bool check_record(struct zone_checker *c, const char *name, bool helo)
{
	struct zone_texts texts;
	struct spf_record r;
	struct view bad = {0};
	if (zone_texts(c, name, "v=spf1", &texts) != ZONE_SEEN)
		return false;
	size_t kept = 0;
	for (size_t i = 0; i < texts.count; i++)
		if (spf_record_is(texts.texts[i]))
			texts.texts[kept++] = texts.texts[i];
	texts.count = kept;
	const struct zone_wanted *wanted = zone_wanted(c, ZONE_SPF, name, DNS_TXT);
	if (texts.count == 0) {
		struct zone_finding *f = zone_tell(c, helo ? ZONE_WARNING : ZONE_FAULT, name, DNS_TXT,
		    zone_say(c, "%s has no SPF record.", name),
		    helo ? VIEW("Reports and bounces of this host are less believed.")
		         : VIEW("Nobody can tell your hosts from others: large providers refuse such mail."),
		    (struct view){0});
		if (wanted)
			zone_change_add(c, f, &wanted->record);
		return false;
	}
	if (texts.count > 1) {
		several(c, name, &texts);
		return false;
	}
	int error = spf_record_parse(texts.texts[0], c->arena, &r, &bad);
	if (error) {
		zone_tell(c, ZONE_FAULT, name, DNS_TXT,
		    zone_say(c, "The SPF record of %s cannot be read at \"%.*s\": \"%.*s\".", name,
		        VIEW_FMT(view_take(bad, 200)), VIEW_FMT(view_take(texts.texts[0], 500))),
		    VIEW("The whole record counts for nothing (RFC 7208 section 4.6)."),
		    wanted ? VIEW("Correct that term.") : (struct view){0});
		return false;
	}
	check_ending(c, name, &r);
	return true;
}

/* ---- the chain ---- */

static void check_chain(struct zone_checker *c)
{
	const struct spf_chain *chain = &c->out->spf;
	const char *domain = c->site->domain;
	if (!spf_chain_walk(c->answers, domain, c->arena, &c->out->spf)) {
		c->waits = true;
		return;
	}
	c->out->unseen = c->out->unseen || chain->unseen;
	if (chain->lookups > SPF_LOOKUPS_MAX)
		zone_tell(c, ZONE_FAULT, domain, DNS_TXT,
		    zone_say(c, "The SPF record of %s takes %u look-ups; ten are allowed.", domain,
		        chain->lookups),
		    VIEW("Receivers stop at the eleventh and count the whole record for nothing (RFC 7208 "
		         "section 4.6.4)."),
		    VIEW("Remove what you need no more, or write networks (ip4:, ip6:) in place of "
		         "includes."));
	else if (chain->lookups >= LOOKUPS_WARN)
		zone_tell(c, ZONE_WARNING, domain, DNS_TXT,
		    zone_say(c, "The SPF record of %s takes %u of the ten look-ups that are allowed.", domain,
		        chain->lookups),
		    VIEW("What it includes belongs to others: when one of them adds an include, it breaks."),
		    VIEW("Remove what you need no more, or write networks (ip4:, ip6:) in place of "
		         "includes."));
	if (chain->voids > SPF_VOID_LOOKUPS_MAX)
		zone_tell(c, ZONE_FAULT, domain, DNS_TXT,
		    zone_say(c, "The SPF record of %s asks for %u names that have nothing; two are allowed.",
		        domain, chain->voids),
		    VIEW("Receivers may count the whole record for nothing (RFC 7208 section 4.6.4)."),
		    VIEW("Remove the terms that lead nowhere."));
	for (size_t i = 0; i < chain->count; i++)
		if (chain->lines[i].kind == SPF_CHAIN_PROBLEM && chain->lines[i].depth > 0)
			zone_tell(c, chain->broken ? ZONE_FAULT : ZONE_WARNING, domain, DNS_TXT,
			    zone_say(c, "In what the SPF record of %s includes: %.*s", domain,
			        VIEW_FMT(chain->lines[i].text)),
			    chain->broken ? VIEW("The whole record counts for nothing.")
			                  : VIEW("That part allows nobody."),
			    VIEW("Remove the term, or ask its owner."));
}

void zone_check_spf(struct zone_checker *c)
{
	c->part = ZONE_SPF;
	c->out->checked |= 1U << ZONE_SPF;
	if (check_record(c, c->site->domain, false)) {
		check_chain(c);
		check_senders(c, c->site->domain, false);
	}
	if (strcmp(c->site->host, c->site->domain) != 0 && check_record(c, c->site->host, true))
		check_senders(c, c->site->host, true);
}
