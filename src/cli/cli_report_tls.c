/* report tls: how mail to our domains was encrypted, as those who sent it say. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli_report_sum.h"

enum { LINES_MAX = 1000 /* domains, and kinds of failure, that are told apart */ };

/* Sessions of a domain under one kind of policy, or of a kind of failure at one host. */
struct line {
	char *name;
	uint64_t good, bad;
};

struct lines {
	struct map policies, failures;
	uint64_t begin, end, reports;
};

static struct line *line_of(struct map *map, struct view name)
{
	struct line *l = map_get(map, name);
	if (l || map->count >= LINES_MAX)
		return l;
	l = mem_alloc(sizeof *l);
	l->name = mem_string(name);
	map_set(map, name, l);
	return l;
}

static void count(
    struct map *map, uint64_t good, uint64_t bad, const char *form, struct view a, struct view b)
{
	struct buf name;
	buf_init(&name, 1000);
	buf_append(&name, a);
	buf_append_string(&name, form);
	buf_append(&name, b);
	struct line *l = line_of(map, buf_view(&name));
	if (l) {
		l->good += good;
		l->bad += bad;
	}
	buf_done(&name);
}

static void take(void *arg, const struct cli_report *r)
{
	struct lines *all = arg;
	const struct report_tls_policy *p = r->tls.policies.items;
	for (size_t i = 0; i < r->tls.policies.count; i++) {
		const struct report_tls_failure *f = p[i].details.items;
		count(&all->policies, p[i].successes, p[i].failures, " under ", p[i].domain, p[i].type);
		for (size_t k = 0; k < p[i].details.count; k++)
			count(&all->failures, 0, f[k].count, " at ", f[k].type, f[k].mx_host);
	}
	if (all->reports == 0 || r->tls.begin < all->begin)
		all->begin = r->tls.begin;
	if (r->tls.end > all->end)
		all->end = r->tls.end;
	all->reports++;
}

static int compare(const void *a, const void *b)
{
	return strcmp((*(struct line *const *)a)->name, (*(struct line *const *)b)->name);
}

static struct line **sorted(const struct map *map, size_t *found)
{
	struct line **list = mem_array(map->count + 1, sizeof *list);
	size_t position = 0;
	void *value;
	*found = 0;
	while (map_each(map, &position, NULL, &value))
		list[(*found)++] = value;
	qsort(list, *found, sizeof *list, compare);
	return list;
}

static void print_lines(struct cli *cli, const struct map *map, bool failures)
{
	size_t found;
	struct line **list = sorted(map, &found);
	for (size_t i = 0; i < found; i++) {
		if (cli->json) {
			printf("%s{\"what\":", i ? "," : "");
			cli_json_string(view_from_string(list[i]->name));
			printf(",\"good\":%" PRIu64 ",\"failed\":%" PRIu64 "}", list[i]->good, list[i]->bad);
			continue;
		}
		printf("  ");
		cli_print(view_from_string(list[i]->name));
		if (failures)
			printf(": %" PRIu64 "\n", list[i]->bad);
		else
			printf(": %" PRIu64 " encrypted as wanted, %" PRIu64 " failed\n", list[i]->good,
			    list[i]->bad);
	}
	mem_free(list);
}

static void free_lines(struct map *map)
{
	size_t position = 0;
	void *value;
	while (map_each(map, &position, NULL, &value)) {
		struct line *l = value;
		mem_free(l->name);
		mem_free(l);
	}
	map_done(map);
}

static void print(struct cli *cli, const struct lines *all)
{
	char from[16], to[16];
	if (cli->json) {
		printf("{\"begin\":%" PRIu64 ",\"end\":%" PRIu64 ",\"reports\":%" PRIu64 ",\"policies\":[",
		    all->begin, all->end, all->reports);
		print_lines(cli, &all->policies, false);
		printf("],\"failures\":[");
		print_lines(cli, &all->failures, true);
		printf("]}\n");
		return;
	}
	if (all->reports == 0) {
		printf("No reports have come. Publish a record at _smtp._tls with an address, and name it in "
		       "report_addresses.\n");
		return;
	}
	cli_report_day(all->begin, from);
	cli_report_day(all->end, to);
	printf("From %s to %s, %" PRIu64 " %s of connections that brought mail here:\n", from, to,
	    all->reports, all->reports == 1 ? "report tells" : "reports tell");
	print_lines(cli, &all->policies, false);
	if (all->failures.count == 0) {
		printf("Nobody tells of a failure.\n");
		return;
	}
	printf("What failed, and where:\n");
	print_lines(cli, &all->failures, true);
}

int cli_report_tls(struct cli *cli)
{
	struct cli_report_wanted wanted = {.kind = REPORT_TLS};
	struct lines all = {.begin = 0};
	if (!cli_report_options(cli, &wanted) || !cli_words(cli, 0, 0))
		return EXIT_USAGE;
	map_init(&all.policies);
	map_init(&all.failures);
	int status = cli_report_each(cli, &wanted, take, &all);
	if (status == 0)
		print(cli, &all);
	free_lines(&all.policies);
	free_lines(&all.failures);
	return status;
}
