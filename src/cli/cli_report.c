/* report: what is reported between servers. `send` has the running server send what it owes to others. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
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

static int connect_to_store(struct cli *cli)
{
	int fd = store_client_connect(&cli->settings);
	if (fd < 0)
		fprintf(stderr,
		    "postrider: the server does not run, or not with this configuration; start it and try "
		    "again\n");
	return fd;
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
			       "agreed to take "
			       "them.\n",
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
	int fd = connect_to_store(cli);
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

int cli_report(struct cli *cli)
{
	int status = cli_settings(cli);
	if (status)
		return status;
	const char *verb = cli->argc > 0 ? cli->argv[0] : "";
	if (cli->argc > 0) {
		cli->argc--;
		cli->argv++;
	}
	if (strcmp(verb, "send") == 0)
		return send_now(cli);
	return cli_usage(cli, "say what to report");
}
