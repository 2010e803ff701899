/* dns check: what is published, held against what should be. */
#include "cli/cli_dns_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/dns_policy.h"
#include "trust/route/mta_sts.h"

enum { DIFFERENT = 1 }; /* the exit code when there are faults or warnings, as of diff(1) */

static void waiting(void *arg, unsigned open)
{
	(void)arg;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rpostrider: waiting for %u answers ...  ", open);
}

static void waited(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* Fetches the policy that an MTA-STS record promises. */
static struct zone_policy fetch_policy(const struct settings *settings, struct dns_check *c)
{
	enum { ADDRESSES_MAX = 4 };
	static const unsigned types[] = {DNS_A, DNS_AAAA};
	struct sockaddr_storage addresses[2 * ADDRESSES_MAX];
	char host[DNS_NAME_SIZE];
	size_t count = 0;
	if (mta_sts_host(c->plan.site.domain, host) != 0)
		return (struct zone_policy){0};
	for (size_t t = 0; t < 2; t++) {
		const struct answer *a = answers_look(&c->survey.truth, host, types[t]);
		for (size_t i = 0; a && i < a->count && i < ADDRESSES_MAX; i++)
			count += dns_record_address(types[t], a->records[i], &addresses[count]) == 0;
	}
	dns_policy_fetch(settings, host, addresses, count, &c->policy, &c->policy_failure);
	return (struct zone_policy){
	    .known = true, .body = buf_view(&c->policy), .why = buf_view(&c->policy_failure)};
}

static void check_records(struct dns_check *c, const struct zone_policy *policy)
{
	for (;;) {
		arena_reset(&c->arena);
		if (zone_check(&c->plan.site, &c->plan.plan, policy, &c->survey.truth, &c->arena, &c->report))
			return;
		dns_survey_ask(&c->survey);
	}
}

static void evaluate(const struct settings *settings, struct dns_check *c)
{
	struct zone_server items[DNS_SURVEY_SERVERS_MAX];
	struct zone_servers servers;
	struct zone_policy policy = {0};
	check_records(c, &policy);
	if (c->report.wants_policy) {
		policy = fetch_policy(settings, c);
		check_records(c, &policy);
	}
	dns_survey_servers(&c->survey, items, &servers);
	zone_compare(&servers, &c->survey.truth, &c->arena, &c->report);
}

int dns_check_run(struct cli *cli, struct dns_check *out)
{
	struct sockaddr_storage address;
	const char *server = cli_value(cli, "--server");
	memset(out, 0, sizeof *out);
	arena_init(&out->arena, ZONE_CHECK_MEMORY_MAX);
	buf_init(&out->policy, MTA_STS_BODY_MAX);
	buf_init(&out->policy_failure, 4096);
	if (server && !dns_server_parse(view_from_string(server), &address))
		return cli_usage(cli, "--server takes an address, or ADDRESS@PORT");
	int status = dns_plan_make(cli, &out->plan);
	if (status)
		return status;
	out->survey.waiting = waiting;
	int error =
	    dns_survey_begin(&out->survey, &cli->settings, out->plan.site.domain, server ? &address : NULL);
	if (error) {
		fprintf(stderr, "postrider: there is no name server to ask: set dns_server, or name one in "
		                "/etc/resolv.conf\n");
		return EXIT_UNAVAILABLE;
	}
	evaluate(&cli->settings, out);
	waited();
	return 0;
}

void dns_check_done(struct dns_check *c)
{
	dns_survey_done(&c->survey);
	dns_plan_done(&c->plan);
	arena_done(&c->arena);
	buf_done(&c->policy);
	buf_done(&c->policy_failure);
}

/* `dns check`: 0 when nothing is wrong. Hints are no reason for another. */
int cli_dns_check(struct cli *cli)
{
	struct dns_check *c = mem_alloc(sizeof *c);
	int status = dns_check_run(cli, c);
	if (status == 0) {
		if (cli->json)
			dns_check_print_json(c);
		else
			dns_check_print(c);
		int worst = zone_report_worst(&c->report);
		status = worst == ZONE_FAULT || worst == ZONE_WARNING ? DIFFERENT : 0;
	}
	dns_check_done(c);
	mem_free(c);
	return status;
}
