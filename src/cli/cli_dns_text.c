/* What a check has found, for people and as JSON. */
#include <stdio.h>
#include <string.h>

#include "base/show.h"
#include "cli/cli_dns_check.h"

enum { TEXT_MAX = 256 * 1024, INDENT = 4 };

/* ---- for people ---- */

static void say(const char *word, struct view text)
{
	struct buf shown, safe;
	if (text.len == 0)
		return;
	buf_init(&safe, TEXT_MAX);
	buf_init(&shown, TEXT_MAX);
	show_line(&safe, text);
	buf_printf(&shown, "%s%s", word, buf_string(&safe));
	dns_print_wrapped(buf_string(&shown), INDENT);
	buf_done(&shown);
	buf_done(&safe);
}

void dns_check_print_change(const struct zone_change *change, int indent)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	zone_record_text(&change->record, &text);
	printf("%*s%c %s\n", indent, "", change->remove ? '-' : '+', buf_string(&text));
	buf_done(&text);
}

static void print_finding(const struct zone_finding *f)
{
	static const char *const titles[] = {"FAULT", "warning", "hint"};
	printf("\n%-8s%s", titles[f->level], zone_part_title(f->part));
	if (f->name) {
		char type[ZONE_TYPE_SIZE];
		zone_type_text(f->type, type);
		printf(", %s %s", f->name, f->part == ZONE_SERVERS ? "" : type);
	}
	putchar('\n');
	say("", f->what);
	say("Cost: ", f->cost);
	say("Mend: ", f->mend);
	for (size_t i = 0; i < f->change_count; i++)
		dns_check_print_change(&f->changes[i], INDENT);
}

static void print_chain(const struct spf_chain *chain, const char *domain)
{
	if (chain->count == 0)
		return;
	printf("\nSPF of %s: %u of 10 look-ups\n", domain, chain->lookups);
	for (size_t i = 0; i < chain->count; i++) {
		const struct spf_chain_line *line = &chain->lines[i];
		printf("%*s",
		    (int)(INDENT * (line->depth + (line->kind == SPF_CHAIN_RECORD ? 0 : 1)) + INDENT / 2),
		    "");
		if (line->kind == SPF_CHAIN_RECORD) {
			cli_print(line->domain);
			fputs(": ", stdout);
		} else if (line->kind == SPF_CHAIN_TERM) {
			fputs("look-up: ", stdout);
		}
		cli_print(line->text);
		putchar('\n');
	}
	if (chain->open)
		puts("  Some terms depend on the message, so this is not all that is allowed.");
	if (chain->incomplete)
		puts("  There is more than is shown here.");
}

static void print_good(const struct zone_report *report)
{
	unsigned bad = 0;
	bool any = false;
	for (size_t i = 0; i < report->count; i++)
		if (report->findings[i].level != ZONE_HINT)
			bad |= 1U << report->findings[i].part;
	for (unsigned part = 0; part < ZONE_PARTS; part++) {
		if (!(report->checked & 1U << part) || bad & 1U << part)
			continue;
		printf("%s%s", any ? ", " : "\nGood: ", zone_part_title(part));
		any = true;
	}
	puts(any ? "." : "");
}

void dns_check_print(const struct dns_check *c)
{
	const struct zone_report *report = &c->report;
	unsigned counts[3] = {0};
	printf("Records for mail of %s, which %s takes. Asked: ", c->plan.site.domain, c->plan.site.host);
	for (size_t i = 0; i < c->survey.count; i++)
		printf("%s, ", c->survey.servers[i].name);
	puts("the resolver.");
	for (size_t i = 0; i < report->count; i++) {
		print_finding(&report->findings[i]);
		counts[report->findings[i].level]++;
	}
	print_chain(&report->spf, c->plan.site.domain);
	print_good(report);
	if (c->plan.unsettled)
		puts("The directory of this server cannot be asked, so its DKIM keys are not known here.");
	else if (c->plan.site.key_count == 0)
		puts("There is no DKIM key of this domain here, so none was looked for.");
	if (report->incomplete)
		puts("There was more to say than there was room for.");
	printf("\n%u %s, %u %s, %u %s\n", counts[0], counts[0] == 1 ? "fault" : "faults", counts[1],
	    counts[1] == 1 ? "warning" : "warnings", counts[2], counts[2] == 1 ? "hint" : "hints");
}

/* ---- as JSON ---- */

static void member(const char *name, struct view text)
{
	printf(",\"%s\":", name);
	cli_json_string(text);
}

static void print_changes(const char *name, const struct zone_finding *f, bool removed)
{
	bool first = true;
	printf(",\"%s\":[", name);
	for (size_t i = 0; i < f->change_count; i++) {
		struct buf text;
		if (f->changes[i].remove != removed)
			continue;
		buf_init(&text, TEXT_MAX);
		zone_record_text(&f->changes[i].record, &text);
		if (!first)
			putchar(',');
		cli_json_string(buf_view(&text));
		buf_done(&text);
		first = false;
	}
	putchar(']');
}

static void print_json_finding(const struct zone_finding *f)
{
	char type[ZONE_TYPE_SIZE] = "";
	if (f->name)
		zone_type_text(f->type, type);
	printf("{\"level\":\"%s\",\"part\":\"%s\"", zone_level_name(f->level), zone_part_name(f->part));
	member("name", view_from_string(f->name));
	member("type", view_from_string(type));
	member("what", f->what);
	member("cost", f->cost);
	member("mend", f->mend);
	print_changes("add", f, false);
	print_changes("remove", f, true);
	putchar('}');
}

static void print_json_chain(const struct spf_chain *chain)
{
	static const char *const kinds[] = {"record", "term", "network", "problem"};
	printf(",\"spf\":{\"lookups\":%u,\"voids\":%u,\"complete\":%s,\"lines\":[", chain->lookups,
	    chain->voids, chain->open || chain->incomplete ? "false" : "true");
	for (size_t i = 0; i < chain->count; i++) {
		const struct spf_chain_line *line = &chain->lines[i];
		printf("%s{\"kind\":\"%s\",\"depth\":%u", i ? "," : "", kinds[line->kind], line->depth);
		member("domain", line->domain);
		member("text", line->text);
		putchar('}');
	}
	fputs("]}", stdout);
}

void dns_check_print_json(const struct dns_check *c)
{
	const struct zone_report *report = &c->report;
	bool first = true;
	printf("{\"domain\":\"%s\",\"host\":\"%s\",\"zone\":\"%s\",\"servers\":[", c->plan.site.domain,
	    c->plan.site.host, c->survey.apex);
	for (size_t i = 0; i < c->survey.count; i++)
		printf("%s\"%s\"", i ? "," : "", c->survey.servers[i].name);
	fputs("],\"findings\":[", stdout);
	for (size_t i = 0; i < report->count; i++) {
		if (i)
			putchar(',');
		print_json_finding(&report->findings[i]);
	}
	fputs("],\"checked\":[", stdout);
	for (unsigned part = 0; part < ZONE_PARTS; part++) {
		if (!(report->checked & 1U << part))
			continue;
		printf("%s\"%s\"", first ? "" : ",", zone_part_name(part));
		first = false;
	}
	putchar(']');
	print_json_chain(&report->spf);
	printf(",\"complete\":%s}\n", report->incomplete ? "false" : "true");
}
