/* report dmarc: who sends in our domains' names, from where, whether it was proven, and what a stricter
 * policy would have cost: in words first, then in tables. */
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli_report_sum.h"
#include "io/network.h"

enum {
	SOURCES_SHOWN = 20,
	NAMES_LOOKED_UP = 20, /* a resolver that does not answer takes seconds for each */
	DOMAINS_MAX = 1000
};

struct domain {
	char *name;
	struct report_sum sum;
	char policy[16];
	uint64_t policy_end; /* of the newest report */
	struct map reporters;
	/* Reports whose mail was not proven to be from anybody: they are in no sum, unless that is wished. */
	uint64_t unproven_reports, unproven_messages;
	uint64_t left_out;
};

struct domains {
	struct map map;
	bool unproven_too;
};

/* ---- gathering ---- */

static struct domain *domain_of(struct domains *all, struct view name)
{
	struct domain *d = map_get(&all->map, name);
	if (d || all->map.count >= DOMAINS_MAX)
		return d;
	d = mem_alloc(sizeof *d);
	*d = (struct domain){.name = mem_string(name)};
	report_sum_init(&d->sum);
	map_init(&d->reporters);
	map_set(&all->map, name, d);
	return d;
}

static void take(void *arg, const struct cli_report *r)
{
	const struct domains *all = arg;
	struct domain *d = domain_of(arg, r->dmarc.policy.domain);
	if (d == NULL)
		return;
	if (r->from.len == 0) {
		const struct report_row *rows = r->dmarc.rows.items;
		d->unproven_reports++;
		for (size_t i = 0; i < r->dmarc.rows.count; i++)
			d->unproven_messages += rows[i].count;
		if (!all->unproven_too)
			return;
	}
	report_sum_add(&d->sum, &r->dmarc);
	d->left_out += r->dmarc.left_out;
	if (r->dmarc.org.len > 0)
		map_set(&d->reporters, r->dmarc.org, d);
	if (r->dmarc.end >= d->policy_end) {
		d->policy_end = r->dmarc.end;
		snprintf(d->policy, sizeof d->policy, "%.*s", VIEW_FMT(r->dmarc.policy.p));
	}
}

static void free_domains(struct domains *all)
{
	size_t position = 0;
	void *value;
	while (map_each(&all->map, &position, NULL, &value)) {
		struct domain *d = value;
		report_sum_done(&d->sum);
		map_done(&d->reporters);
		mem_free(d->name);
		mem_free(d);
	}
	map_done(&all->map);
}

static int compare(const void *a, const void *b)
{
	return strcmp((*(struct domain *const *)a)->name, (*(struct domain *const *)b)->name);
}

static struct domain **sorted(const struct domains *all, size_t *count)
{
	struct domain **list = mem_array(all->map.count + 1, sizeof *list);
	size_t position = 0;
	void *value;
	*count = 0;
	while (map_each(&all->map, &position, NULL, &value))
		list[(*count)++] = value;
	qsort(list, *count, sizeof *list, compare);
	return list;
}

/* ---- names ---- */

/* The name of an address, or empty: as the system's resolver knows it, which nobody has proven. */
static void look_up(const char *address, char out[300])
{
	struct sockaddr_storage a;
	char host[NI_MAXHOST];
	out[0] = '\0';
	if (!network_parse(view_from_string(address), &a))
		return;
	socklen_t len = a.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	if (getnameinfo((struct sockaddr *)&a, len, host, sizeof host, NULL, 0, NI_NAMEREQD) == 0)
		snprintf(out, 300, "%.299s", host);
}

/* ---- words ---- */

static const char *messages(uint64_t n)
{
	return n == 1 ? "message" : "messages";
}

static double percent(uint64_t part, uint64_t all)
{
	return all ? 100.0 * (double)part / (double)all : 0;
}

static void print_words(const struct domain *d)
{
	const struct report_counts *c = &d->sum.all;
	uint64_t all = report_counts_all(c), proven = report_counts_proven(c);
	char from[16], to[16];
	cli_report_day(d->sum.begin, from);
	cli_report_day(d->sum.end, to);
	printf("From %s to %s, %zu %s reported %" PRIu64 " %s in the name of ", from, to, d->reporters.count,
	    d->reporters.count == 1 ? "receiver" : "receivers", all, messages(all));
	cli_print(view_from_string(d->name));
	printf(" (policy: %s).\n", d->policy[0] ? d->policy : "none");
	printf("%" PRIu64 " of them (%.1f %%) %s proven to be yours: %" PRIu64 " by SPF and DKIM, %" PRIu64
	       " by DKIM alone, %" PRIu64 " by SPF alone.\n",
	    proven, percent(proven, all), proven == 1 ? "was" : "were", c->both, c->dkim_only, c->spf_only);
	if (c->unproven == 0)
		printf("None was unproven.\n");
	else
		printf("%" PRIu64 " %s not. Of these, %" PRIu64
		       " came from somebody who proved to be somebody else, as mailing lists, forwarders and "
		       "services do that send for you; %" PRIu64
		       " proved nothing: forged, or from a host of yours that neither SPF nor DKIM knows.\n",
		    c->unproven, c->unproven == 1 ? "was" : "were", c->others_proof,
		    c->unproven - c->others_proof);
	printf("The receivers delivered %" PRIu64 ", put %" PRIu64 " aside, and refused %" PRIu64 ".\n",
	    c->delivered, c->quarantined, c->rejected);
	if (d->left_out > 0)
		printf("%" PRIu64 " more %s in reports that were too long to be read whole.\n", d->left_out,
		    d->left_out == 1 ? "is" : "are");
}

static void print_unproven(const struct domain *d, bool counted)
{
	if (d->unproven_reports == 0)
		return;
	printf("%" PRIu64 " %s about ", d->unproven_reports, d->unproven_reports == 1 ? "report" : "reports");
	cli_print(view_from_string(d->name));
	printf(", of %" PRIu64
	       " %s, came by mail whose author nothing proves: anybody may have written %s.%s\n",
	    d->unproven_messages, messages(d->unproven_messages), d->unproven_reports == 1 ? "it" : "them",
	    counted ? "" : " They are not counted here; --unproven counts them.");
}

static void print_cost_row(const char *name, struct report_cost cost)
{
	printf("  %-34s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "\n", name, cost.delivered, cost.junk,
	    cost.refused);
}

static void print_cost(const struct domain *d)
{
	const struct report_counts *c = &d->sum.all;
	printf("\nWhat a policy would have done to these messages, wherever it was followed:\n\n");
	printf("  %-34s %12s %12s %12s\n", "policy", "delivered", "into Junk", "refused");
	print_cost_row("p=none", report_cost_of(c, REPORT_WISH_NONE, false));
	print_cost_row("p=quarantine", report_cost_of(c, REPORT_WISH_QUARANTINE, false));
	print_cost_row("p=reject", report_cost_of(c, REPORT_WISH_REJECT, false));
	print_cost_row("p=reject, adkim=s and aspf=s", report_cost_of(c, REPORT_WISH_REJECT, true));
	if (c->unproven == 0)
		printf("\np=reject would have cost you no mail.\n");
	else
		printf("\np=reject would have cost you what is yours among the %" PRIu64
		       " unproven %s: look for your own hosts and services below, and make them prove "
		       "themselves before you publish it.\n",
		    c->unproven, messages(c->unproven));
}

static void print_sources(const struct domain *d, bool all, bool names)
{
	size_t count, shown;
	struct report_source **list = report_sum_sources(&d->sum, &count);
	shown = all || count < SOURCES_SHOWN ? count : SOURCES_SHOWN;
	printf("\nWhere they came from:\n\n  %-40s %9s %9s %9s %9s  %s\n", "address", "messages", "proven",
	    "others'", "nothing", "proven domains; name");
	for (size_t i = 0; i < shown; i++) {
		const struct report_counts *c = &list[i]->counts;
		char name[300] = "";
		if (names && i < NAMES_LOOKED_UP)
			look_up(list[i]->address, name);
		printf("  ");
		cli_print(view_take(view_from_string(list[i]->address), 40));
		printf("%*s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "  ",
		    (int)(strlen(list[i]->address) < 40 ? 40 - strlen(list[i]->address) : 0), "",
		    report_counts_all(c), report_counts_proven(c), c->others_proof,
		    c->unproven - c->others_proof);
		cli_print(view_from_string(list[i]->domains));
		if (name[0]) {
			printf("; ");
			cli_print(view_from_string(name));
		}
		printf("\n");
	}
	if (shown < count)
		printf("  and %zu more addresses: --all shows them\n", count - shown);
	mem_free(list);
}

/* ---- JSON ---- */

static void json_counts(const struct report_counts *c)
{
	printf("\"messages\":%" PRIu64 ",\"proven\":%" PRIu64 ",\"by_both\":%" PRIu64 ",\"by_dkim\":%" PRIu64
	       ",\"by_spf\":%" PRIu64 ",\"unproven\":%" PRIu64 ",\"others_proof\":%" PRIu64
	       ",\"delivered\":%" PRIu64 ",\"quarantined\":%" PRIu64 ",\"rejected\":%" PRIu64,
	    report_counts_all(c), report_counts_proven(c), c->both, c->dkim_only, c->spf_only, c->unproven,
	    c->others_proof, c->delivered, c->quarantined, c->rejected);
}

static void json_cost(const char *name, struct report_cost cost, const char *after)
{
	printf("\"%s\":{\"delivered\":%" PRIu64 ",\"junk\":%" PRIu64 ",\"refused\":%" PRIu64 "}%s", name,
	    cost.delivered, cost.junk, cost.refused, after);
}

static void print_json(const struct domain *d, bool names)
{
	size_t count;
	struct report_source **list = report_sum_sources(&d->sum, &count);
	const struct report_counts *c = &d->sum.all;
	printf("{\"domain\":");
	cli_json_string(view_from_string(d->name));
	printf(",\"policy\":");
	cli_json_string(view_from_string(d->policy));
	printf(",\"begin\":%" PRIu64 ",\"end\":%" PRIu64 ",\"reports\":%" PRIu64 ",\"reporters\":%zu,",
	    d->sum.begin, d->sum.end, d->sum.reports, d->reporters.count);
	printf("\"unproven_reports\":%" PRIu64 ",\"unproven_messages\":%" PRIu64 ",", d->unproven_reports,
	    d->unproven_messages);
	json_counts(c);
	printf(",\"what_if\":{");
	json_cost("none", report_cost_of(c, REPORT_WISH_NONE, false), ",");
	json_cost("quarantine", report_cost_of(c, REPORT_WISH_QUARANTINE, false), ",");
	json_cost("reject", report_cost_of(c, REPORT_WISH_REJECT, false), ",");
	json_cost("reject_strict", report_cost_of(c, REPORT_WISH_REJECT, true), "},\"sources\":[");
	for (size_t i = 0; i < count; i++) {
		char name[300] = "";
		if (names && i < NAMES_LOOKED_UP)
			look_up(list[i]->address, name);
		printf("%s{\"address\":", i ? "," : "");
		cli_json_string(view_from_string(list[i]->address));
		printf(",\"name\":");
		cli_json_string(view_from_string(name));
		printf(",\"proven_domains\":");
		cli_json_string(view_from_string(list[i]->domains));
		printf(",");
		json_counts(&list[i]->counts);
		printf("}");
	}
	printf("]}\n");
	mem_free(list);
}

int cli_report_dmarc(struct cli *cli)
{
	struct cli_report_wanted wanted = {.kind = REPORT_DMARC};
	struct domains all = {.unproven_too = cli_option(cli, "--unproven")};
	bool everything = cli_option(cli, "--all"), names = !cli_option(cli, "--no-names");
	size_t count;
	if (!cli_report_options(cli, &wanted) || !cli_words(cli, 0, 0))
		return EXIT_USAGE;
	map_init(&all.map);
	int status = cli_report_each(cli, &wanted, take, &all);
	struct domain **list = sorted(&all, &count);
	for (size_t i = 0; i < count && status == 0; i++) {
		if (cli->json) {
			print_json(list[i], names);
			continue;
		}
		if (i > 0)
			printf("\n");
		if (list[i]->sum.reports > 0)
			print_words(list[i]);
		print_unproven(list[i], all.unproven_too);
		if (list[i]->sum.reports == 0)
			continue;
		print_cost(list[i]);
		print_sources(list[i], everything, names);
	}
	if (count == 0 && status == 0 && !cli->json)
		printf("No reports have come. Name an address in the rua of your DMARC record, and in "
		       "report_addresses.\n");
	mem_free(list);
	free_domains(&all);
	return status;
}
