/* doctor: what others find in the DNS of this host and its domains, and whether the host is reached by its
 * name. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli_dns_check.h"
#include "cli/dns_client.h"
#include "cli/doctor.h"
#include "cli/doctor_talk.h"
#include "io/network.h"

enum { ADDRESSES_MAX = 4, ANSWERS_MEMORY = 256 * 1024, QUESTIONS = 16 };

/* ---- the domains' records ---- */

static void tell_finding(struct doctor *d, const char *domain, const struct zone_finding *f)
{
	struct buf what, cost, mend;
	struct buf *all[] = {&what, &cost, &mend};
	struct view texts[] = {f->what, f->cost, f->mend};
	for (size_t i = 0; i < 3; i++) {
		buf_init(all[i], 8192);
		buf_append(all[i], texts[i]);
	}
	if (buf_view(&mend).len)
		buf_append_byte(&mend, ' ');
	buf_printf(&mend, "`postrider dns check %s` shows the records.", domain);
	doctor_tell(d, f->level == ZONE_FAULT ? DOCTOR_WARNING : DOCTOR_NOTE, domain, buf_string(&what),
	    buf_string(&cost), buf_string(&mend));
	for (size_t i = 0; i < 3; i++)
		buf_done(all[i]);
}

/* What is outside of this server is said, and is no reason to call it ill. */
static void check_domain(struct doctor *d, char *domain)
{
	struct dns_check *c = mem_alloc(sizeof *c);
	struct cli words = *d->cli;
	bool wrong = false;
	words.argc = 1;
	words.argv = &domain;
	if (dns_check_run(&words, c) == 0) {
		for (size_t i = 0; i < c->report.count; i++)
			if (c->report.findings[i].level != ZONE_HINT) {
				tell_finding(d, domain, &c->report.findings[i]);
				wrong = true;
			}
		if (c->report.unseen)
			doctor_tell(d, DOCTOR_NOTE, domain, "its DNS records cannot all be looked up now",
			    NULL, "postrider dns check DOMAIN, when the name servers answer");
		else if (!wrong)
			doctor_tell(d, DOCTOR_OK, domain, "nothing is wrong in its DNS records", NULL, NULL);
	}
	dns_check_done(c);
	mem_free(c);
}

/* ---- the host by its name ---- */

static void reach(struct doctor *d, const char *host, const struct sockaddr_storage *found)
{
	struct sockaddr_storage address = *found;
	char name[NETWORK_TEXT_SIZE], what[600];
	struct talk *t = mem_alloc(sizeof *t);
	network_text(&address, name);
	if (address.ss_family == AF_INET)
		((struct sockaddr_in *)&address)->sin_port = htons(25);
	else
		((struct sockaddr_in6 *)&address)->sin6_port = htons(25);
	static const char cost[] = "if others fare so too, no mail comes in";
	if (talk_open(t, &address) != 0) {
		snprintf(what, sizeof what, "port 25 of %s (%s) cannot be reached from here: %s", host, name,
		    t->why);
		doctor_tell(d, DOCTOR_NOTE, "reachability", what, cost,
		    "test it from another network: `nc -v HOST 25`; look at firewall, router and provider");
	} else {
		struct view greeting = talk_ask(t, NULL, talk_smtp_reply);
		bool ours = greeting.len && memmem(greeting.data, greeting.len, host, strlen(host));
		snprintf(what, sizeof what, "port 25 of %s (%s) %s", host, name,
		    ours ? "is this server, as seen from here" : "is answered, but not by this server");
		doctor_tell(d, ours ? DOCTOR_OK : DOCTOR_WARNING, "reachability", what,
		    ours ? NULL : "mail goes to another server",
		    ours ? NULL
		         : "let the address of the host's name lead here, or set hostname to this server's "
		           "own name");
	}
	talk_close(t);
	mem_free(t);
}

static void check_host(struct doctor *d)
{
	static const unsigned types[] = {DNS_A, DNS_AAAA};
	char host[DNS_NAME_SIZE];
	struct sockaddr_storage addresses[2 * ADDRESSES_MAX];
	struct dns_source source;
	struct answers answers;
	size_t count = 0;
	bool known = true;
	if (view_find(d->settings->hostname, '.') < 0 || dns_name_parse(d->settings->hostname, host) != 0)
		return; /* the check of the settings tells it */
	if (dns_source_resolver(d->settings, &source) != 0) {
		doctor_tell(d, DOCTOR_ERROR, "DNS", "there is no name server to ask", "no mail can be sent",
		    "set dns_server, or name one in /etc/resolv.conf");
		return;
	}
	answers_init_for(&answers, QUESTIONS, ANSWERS_MEMORY);
	for (size_t i = 0; i < 2; i++)
		(void)answers_look(&answers, host, types[i]);
	dns_fill(&(struct dns_table){.source = &source, .answers = &answers}, 1, NULL, NULL);
	for (size_t i = 0; i < 2; i++) {
		const struct answer *a = answers_look(&answers, host, types[i]);
		known = known && a && a->status != ANSWER_FAILED;
		for (size_t k = 0; a && k < a->count && k < ADDRESSES_MAX; k++)
			count += dns_record_address(types[i], a->records[k], &addresses[count]) == 0;
	}
	answers_done(&answers);
	dns_source_done(&source);
	if (!known && count == 0)
		doctor_tell(d, DOCTOR_WARNING, "DNS", "the name server does not answer",
		    "no mail can be sent meanwhile", "look at dns_server, /etc/resolv.conf and the network");
	else if (count == 0)
		doctor_tell(d, DOCTOR_WARNING, "DNS", "the host's name (setting hostname) has no address",
		    "nobody finds this server by it, and others refuse mail from a host that calls itself so",
		    "add A and AAAA records for it: `postrider dns records DOMAIN` shows them");
	for (size_t i = 0; i < count; i++)
		reach(d, host, &addresses[i]);
}

void doctor_names(struct doctor *d)
{
	check_host(d);
	for (size_t i = 0; i < d->domain_count; i++)
		check_domain(d, d->domains[i]);
}
