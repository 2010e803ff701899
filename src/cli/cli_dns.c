/* dns records, dns zone: what a domain's zone should hold for mail, one by one or as a zone file. */
#include <stdio.h>
#include <string.h>

#include "cli/cli_dns.h"

enum { TEXT_MAX = 1024 * 1024 };

/* ---- records ---- */

static void print_json(const struct zone_wanted *w, bool first)
{
	char type[ZONE_TYPE_SIZE];
	struct buf text;
	buf_init(&text, TEXT_MAX);
	zone_type_text(w->record.type, type);
	zone_data_text(w->record.type, w->record.data, &text);
	printf("%s{\"part\":\"%s\",\"need\":\"%s\",\"name\":\"%s\",\"ttl\":%u,\"type\":\"%s\",\"data\":",
	    first ? "" : ",", zone_part_name(w->part), zone_need_name(w->need), w->record.owner,
	    w->record.ttl, type);
	cli_json_string(buf_view(&text));
	fputs(",\"why\":", stdout);
	cli_json_string(view_from_string(w->why));
	putchar('}');
	buf_done(&text);
}

static void print_record(const struct dns_plan *p, const struct zone_wanted *w)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	zone_record_text(&w->record, &text);
	printf("%s\n", buf_string(&text));
	if (!zone_contains(p->site.domain, w->record.owner) && w->part != ZONE_PTR)
		printf("    (in another zone than %s)\n", p->site.domain);
	buf_done(&text);
}

/* What a web server has to give out, so that the MTA-STS record tells the truth. */
static void print_policy(const struct dns_plan *p)
{
	struct buf text;
	struct view rest, line;
	buf_init(&text, TEXT_MAX);
	if (zone_policy_text(&p->site, &text) == 0)
		printf("    The policy, with CR LF behind each line, as text/plain:\n");
	for (rest = buf_view(&text); rest.len && view_next(&rest, '\n', &line);)
		printf("        %.*s\n", VIEW_FMT(view_trim(line)));
	buf_done(&text);
}

static void print_text(const struct dns_plan *p)
{
	printf("Records for mail of %s, which %s takes.\n", p->site.domain, p->site.host);
	for (size_t i = 0; i < p->plan.count; i++) {
		const struct zone_wanted *w = &p->plan.items[i];
		if (i == 0 || w->why != p->plan.items[i - 1].why) {
			printf("\n%s (%s)\n", zone_part_title(w->part), zone_need_name(w->need));
			dns_print_wrapped(w->why, 4);
		}
		print_record(p, w);
		if (w->part == ZONE_MTA_STS && w->record.type == DNS_TXT)
			print_policy(p);
	}
	if (p->site.address_count == 0)
		printf("\nThe public addresses of %s are not known here: give them with --address.\n",
		    p->site.host);
	if (p->unsettled)
		puts("\nThe directory of this server cannot be asked, so its DKIM keys are not known here.");
	else if (p->site.key_count == 0)
		puts("\nThere is no DKIM key of this domain, so there is no record of one.");
	puts("\n`postrider dns zone` prints them as a zone file, `postrider dns check` compares them with "
	     "what is published.");
}

static int records(struct cli *cli)
{
	struct dns_plan p;
	int status = dns_plan_make(cli, &p);
	if (status == 0 && cli->json) {
		putchar('[');
		for (size_t i = 0; i < p.plan.count; i++)
			print_json(&p.plan.items[i], i == 0);
		puts("]");
	} else if (status == 0) {
		print_text(&p);
	}
	dns_plan_done(&p);
	return status;
}

/* ---- zone ---- */

static int zone(struct cli *cli)
{
	struct dns_plan p;
	struct buf text;
	bool all = cli_option(cli, "--all");
	int status = dns_plan_make(cli, &p);
	buf_init(&text, TEXT_MAX);
	if (status == 0 && zone_plan_print(&p.plan, &p.site, all, &text) == 0)
		fputs(buf_string(&text), stdout);
	buf_done(&text);
	dns_plan_done(&p);
	return status;
}

int cli_dns(struct cli *cli)
{
	static const struct {
		const char *name;
		int (*run)(struct cli *cli);
	} verbs[] = {
	    {"records", records}, {"zone", zone}, {"check", cli_dns_check}, {"update", cli_dns_update}};
	for (size_t i = 0; cli->argc > 0 && i < sizeof verbs / sizeof verbs[0]; i++) {
		if (strcmp(cli->argv[0], verbs[i].name) != 0)
			continue;
		cli->verb = verbs[i].name;
		cli->argc--;
		cli->argv++;
		return verbs[i].run(cli);
	}
	return cli_no_verb(cli, "records, zone, check, update");
}
