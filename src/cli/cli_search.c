/* search: how far the index of an account's mail is, and to make it anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/store_client.h"

enum {
	OUTPUT_MAX = 4096,
	LOOK_MS = 300, /* between two looks at what is made anew */
	BAR = 40,
	NUMBER_SIZE = 24,
	FIGURE_WIDTH = 40 /* columns of the words before a figure */
};

/* ---- the running server ---- */

static void take_output(struct view text, bool last, void *arg)
{
	(void)last;
	buf_append(arg, text);
}

/* Asks store; the answer is in `out`. An exit status. */
static int ask_store(struct cli *cli, const char *verb, uint64_t account, bool json, struct buf *out)
{
	char number[NUMBER_SIZE];
	snprintf(number, sizeof number, "%llu", (unsigned long long)account);
	struct view words[] = {VIEW("search"), view_from_string(verb), view_from_string(number)};
	int fd = store_client_connect(&cli->settings);
	buf_clear(out);
	if (fd < 0)
		return store_client_no_server();
	return store_client_ask(fd, words, account ? 3 : 2, json, take_output, out);
}

static int explain(int status, const struct buf *out)
{
	if (status && out->len > 0)
		fprintf(stderr, "postrider: %.*s", VIEW_FMT(buf_view(out)));
	return status;
}

/* The number behind a name in the lines of a status. */
static unsigned long long value_of(struct buf *status, const char *name)
{
	const char *line = strstr(buf_string(status), name);
	return line ? strtoull(line + strlen(name), NULL, 10) : 0;
}

struct figure {
	const char *name, *words;
	enum { FIGURE_NUMBER, FIGURE_FLAG, FIGURE_SIZE } kind;
};

static const struct figure of_all[] = {{"indexing", "an index is kept", FIGURE_FLAG},
    {"reader", "the process that reads mail for it runs", FIGURE_FLAG},
    {"accounts", "accounts whose mail waits for it", FIGURE_NUMBER},
    {"messages", "messages read since the server's start", FIGURE_NUMBER}};

static const struct figure of_one[] = {{"messages", "messages in the index", FIGURE_NUMBER},
    {"waiting", "messages that wait for it", FIGURE_NUMBER},
    {"segments", "parts that the index has", FIGURE_NUMBER},
    {"bytes", "what it takes on the disk", FIGURE_SIZE}};

static void print_figures(struct buf *status, const struct figure *figures, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned long long value = value_of(status, figures[i].name);
		printf("%-*s  ", FIGURE_WIDTH, figures[i].words);
		if (figures[i].kind == FIGURE_SIZE)
			cli_print_size(value);
		else if (figures[i].kind == FIGURE_FLAG)
			fputs(value ? "yes" : "no", stdout);
		else
			printf("%llu", value);
		putchar('\n');
	}
}

static int print_status(struct cli *cli, uint64_t account)
{
	struct buf out;
	buf_init(&out, OUTPUT_MAX);
	int status = ask_store(cli, "status", account, cli->json, &out);
	if (status)
		explain(status, &out);
	else if (cli->json)
		fwrite(buf_view(&out).data, 1, out.len, stdout);
	else if (account)
		print_figures(&out, of_one, sizeof of_one / sizeof of_one[0]);
	else
		print_figures(&out, of_all, sizeof of_all / sizeof of_all[0]);
	buf_done(&out);
	return status;
}

static void draw(unsigned long long done, unsigned long long left)
{
	unsigned long long total = done + left;
	if (!isatty(STDERR_FILENO) || total == 0)
		return;
	unsigned filled = (unsigned)(done * BAR / total);
	fprintf(stderr, "\r[%.*s%*s] %3u %%", (int)filled, "########################################",
	    (int)(BAR - filled), "", (unsigned)(done * 100 / total));
	fflush(stderr);
}

static int wait_for_it(struct cli *cli, uint64_t account)
{
	struct buf out;
	int status;
	buf_init(&out, OUTPUT_MAX);
	for (;;) {
		status = ask_store(cli, "status", account, false, &out);
		if (status)
			break;
		unsigned long long left = value_of(&out, "waiting");
		draw(value_of(&out, "messages"), left);
		if (left == 0)
			break;
		usleep(LOOK_MS * 1000);
	}
	if (isatty(STDERR_FILENO))
		fputs("\r\x1b[K", stderr);
	explain(status, &out);
	buf_done(&out);
	return status;
}

static int rebuild_one(struct cli *cli, uint64_t account)
{
	struct buf out;
	buf_init(&out, OUTPUT_MAX);
	int status = explain(ask_store(cli, "rebuild", account, false, &out), &out);
	buf_done(&out);
	return status;
}

/* ---- accounts ---- */

static int find_account(struct directory_client *client, const char *address, uint64_t *account)
{
	struct message_directory_answer answer;
	struct view field = view_from_string(address);
	int error = directory_client_ask(client, DIRECTORY_ACCOUNT_STAT, 0, &field, 1, &answer);
	if (error)
		return cli_directory_problem(address, error);
	*account = answer.number;
	return 0;
}

static uint64_t number_of(struct view field)
{
	uint64_t n = 0;
	for (size_t i = 0; i < field.len && i < 8; i++)
		n = n << 8 | (unsigned char)field.data[i];
	return n;
}

static int rebuild_accounts(struct cli *cli, struct directory_client *client, const char *domain)
{
	struct message_directory_answer answer;
	char after[600] = "";
	for (;;) {
		struct view fields[] = {view_from_string(domain), view_from_string(after)};
		int error = directory_client_ask(client, DIRECTORY_ACCOUNT_LIST, 0, fields, 2, &answer);
		if (error)
			return cli_directory_problem("accounts", error);
		const struct message_field *items = answer.fields.items;
		for (size_t i = 0; i + DIRECTORY_ACCOUNT_FIELDS <= answer.fields.count;
		     i += DIRECTORY_ACCOUNT_FIELDS) {
			int status = rebuild_one(cli, number_of(items[i + 1].value));
			if (status)
				return status;
			snprintf(after, sizeof after, "%.*s", VIEW_FMT(items[i].value));
		}
		if (answer.fields.count < DIRECTORY_ACCOUNT_FIELDS * DIRECTORY_LIST_PART)
			return 0;
	}
}

static int rebuild_all(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	char names[DIRECTORY_LIST_PART][256], after[600] = "";
	size_t count;
	do {
		struct view from = view_from_string(after);
		int error = directory_client_ask(client, DIRECTORY_DOMAIN_LIST, 0, &from, 1, &answer);
		if (error)
			return cli_directory_problem("domains", error);
		const struct message_field *items = answer.fields.items;
		count = answer.fields.count / 5;
		for (size_t i = 0; i < count && i < DIRECTORY_LIST_PART; i++)
			snprintf(names[i], sizeof names[i], "%.*s", VIEW_FMT(items[5 * i].value));
		for (size_t i = 0; i < count && i < DIRECTORY_LIST_PART; i++) {
			int status = rebuild_accounts(cli, client, names[i]);
			if (status)
				return status;
			snprintf(after, sizeof after, "%s", names[i]);
		}
	} while (count == DIRECTORY_LIST_PART);
	return 0;
}

/* ---- the command ---- */

static int run_status(struct cli *cli, struct directory_client *client)
{
	uint64_t account = 0;
	if (!cli_words(cli, 0, 1))
		return EXIT_USAGE;
	int status = cli->argc ? find_account(client, cli->argv[0], &account) : 0;
	return status ? status : print_status(cli, account);
}

static int run_rebuild(struct cli *cli, struct directory_client *client)
{
	uint64_t account = 0;
	bool waits = cli_option(cli, "--wait");
	if (!cli_words(cli, 0, 1))
		return EXIT_USAGE;
	if (cli->argc == 0)
		return waits ? cli_usage(cli, "--wait needs an ADDRESS") : rebuild_all(cli, client);
	int status = find_account(client, cli->argv[0], &account);
	if (status == 0)
		status = rebuild_one(cli, account);
	return status == 0 && waits ? wait_for_it(cli, account) : status;
}

int cli_search(struct cli *cli)
{
	static const struct cli_verb rows[] = {{"status", run_status}, {"rebuild", run_rebuild, true}};
	return cli_run_verb(cli, rows, sizeof rows / sizeof rows[0]);
}
