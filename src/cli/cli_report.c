/* report: what is reported between servers. `send` has the running server send what it owes to others; the
 * other verbs tell what others have sent. */
#include <stdio.h>
#include <string.h>

#include "cli/cli_report_sum.h"
#include "cli/store_client.h"
#include "format/json_read.h"

struct text {
	struct buf all;
};

static void take(struct view text, bool last, void *arg)
{
	struct text *t = arg;
	(void)last;
	buf_append(&t->all, text);
}

static void print_sent(struct view json)
{
	struct arena arena;
	struct json_value v;
	arena_init(&arena, 4096);
	if (json_parse(view_trim(json), &arena, &v) == 0) {
		int64_t sent = json_number_of(&v, "sent"), unwanted = json_number_of(&v, "unwanted"),
		        later = json_number_of(&v, "later");
		if (sent + unwanted + later == 0)
			printf("There is nothing to report: no mail has come from domains that ask for "
			       "reports.\n");
		else
			printf("%lld %s sent.\n", (long long)sent, sent == 1 ? "report was" : "reports were");
		if (unwanted > 0)
			printf("%lld %s nobody: the domain asks for none, or its address elsewhere has not "
			       "agreed to take them.\n",
			    (long long)unwanted, unwanted == 1 ? "report goes to" : "reports go to");
		if (later > 0)
			printf("%lld %s to be tried again: an answer of DNS, or a part of this server, was "
			       "missing.\n",
			    (long long)later, later == 1 ? "domain is" : "domains are");
	}
	arena_done(&arena);
}

static int send_now(struct cli *cli)
{
	const struct view words[] = {VIEW("report"), VIEW("send")};
	struct text text;
	if (!cli_option(cli, "--now"))
		return cli_usage(cli, "reports are sent by themselves each day; say --now to send them now");
	if (!cli_words(cli, 0, 0))
		return EXIT_USAGE;
	int fd = cli_report_connect(cli);
	if (fd < 0)
		return EXIT_UNAVAILABLE;
	buf_init(&text.all, 1 << 20);
	int status = store_client_ask(fd, words, 2, cli->json, take, &text);
	if (status != 0)
		fprintf(stderr, "postrider: %s", buf_string(&text.all));
	else if (cli->json)
		fputs(buf_string(&text.all), stdout);
	else
		print_sent(buf_view(&text.all));
	buf_done(&text.all);
	return status;
}

/* ---- the list of reports ---- */

/* What all kinds have in common. */
struct summary {
	const char *kind, *what;
	struct view domain, org, id;
	uint64_t begin, end, count;
};

static struct summary summary_of(const struct cli_report *r)
{
	struct summary s;
	if (r->kind == REPORT_DMARC) {
		const struct report_dmarc *d = &r->dmarc;
		const struct report_row *rows = d->rows.items;
		s = (struct summary){
		    "dmarc", "messages", d->policy.domain, d->org, d->id, d->begin, d->end, 0};
		for (size_t i = 0; i < d->rows.count; i++)
			s.count += rows[i].count;
	} else if (r->kind == REPORT_TLS) {
		const struct report_tls *t = &r->tls;
		const struct report_tls_policy *first = t->policies.items;
		s = (struct summary){"tls", "sessions", first->domain, t->org, t->id, t->begin, t->end, 0};
		for (size_t i = 0; i < t->policies.count; i++)
			s.count += first[i].successes + first[i].failures;
	} else {
		const struct report_failure *f = &r->failure;
		uint64_t at = f->at ? f->at : (uint64_t)r->at;
		s = (struct summary){"failure", "messages", f->domain, f->org, f->id, at, at, f->incidents};
	}
	return s;
}

static void print_report(void *arg, const struct cli_report *r)
{
	struct cli *cli = arg;
	struct summary s = summary_of(r);
	char from[16], to[16];
	cli_report_day(s.begin, from);
	cli_report_day(s.end, to);
	if (cli->json) {
		printf("{\"kind\":\"%s\",\"domain\":", s.kind);
		cli_json_string(s.domain);
		printf(",\"by\":");
		cli_json_string(s.org);
		printf(",\"id\":");
		cli_json_string(s.id);
		printf(",\"from\":");
		cli_json_string(r->from);
		printf(",\"received\":%lld,\"begin\":%llu,\"end\":%llu,\"count\":%llu}\n", (long long)r->at,
		    (unsigned long long)s.begin, (unsigned long long)s.end, (unsigned long long)s.count);
		return;
	}
	printf("%s to %s  %-7s  ", from, to, s.kind);
	cli_print(s.domain);
	printf("  %llu %s, by ", (unsigned long long)s.count, s.what);
	cli_print(s.org);
	printf(" (");
	cli_print(r->from.len ? r->from : VIEW("nobody"));
	printf(" proven), report ");
	cli_print(s.id);
	printf("\n");
}

static int show(struct cli *cli)
{
	struct cli_report_wanted wanted = {.kind = REPORT_NONE};
	if (!cli_report_options(cli, &wanted) || !cli_words(cli, 0, 0))
		return EXIT_USAGE;
	int status = 0;
	for (wanted.kind = REPORT_DMARC; wanted.kind < REPORT_KINDS && status == 0; wanted.kind++)
		status = cli_report_each(cli, &wanted, print_report, cli);
	return status;
}

int cli_report(struct cli *cli)
{
	static const struct {
		const char *verb;
		int (*run)(struct cli *cli);
	} verbs[] = {{"send", send_now}, {"dmarc", cli_report_dmarc}, {"tls", cli_report_tls},
	    {"failures", cli_report_failures}, {"show", show}};
	int status = cli_settings(cli);
	if (status)
		return status;
	const char *verb = cli->argc > 0 ? cli->argv[0] : "";
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verbs[i].verb, verb) == 0) {
			cli->verb = verbs[i].verb;
			cli->argc--;
			cli->argv++;
			return verbs[i].run(cli);
		}
	return cli_no_verb(cli, "dmarc, tls, failures, show, send");
}
