/* group: lists of accounts that rights to mailboxes are given to. */
#include <stdio.h>

#include "cli/cli.h"

static int change(struct cli *cli, struct directory_client *client, enum directory_operation operation)
{
	struct message_directory_answer answer;
	int status = 0;
	if (!cli_words(cli, 2, 101))
		return EXIT_USAGE;
	for (int i = 1; i < cli->argc && status == 0; i++) {
		const struct view fields[] = {view_from_string(cli->argv[0]), view_from_string(cli->argv[i])};
		status = cli_directory_problem(
		    cli->argv[i], directory_client_ask(client, operation, 0, fields, 2, &answer));
	}
	return status;
}

static int group_add(struct cli *cli, struct directory_client *client)
{
	return change(cli, client, DIRECTORY_GROUP_ADD);
}

static int group_remove(struct cli *cli, struct directory_client *client)
{
	return change(cli, client, DIRECTORY_GROUP_REMOVE);
}

static void print_name(const struct cli *cli, struct view name, bool first)
{
	if (!cli->json) {
		cli_print(name);
		putchar('\n');
		return;
	}
	fputs(first ? "" : ",", stdout);
	cli_json_string(name);
}

/* Groups of a domain, or members of a group: what has an "@" is one. */
static int group_list(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	char after[600] = "";
	bool first = true;
	int status = 0;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	struct view name = view_from_string(cli->argv[0]);
	enum directory_operation list =
	    view_find(name, '@') >= 0 ? DIRECTORY_GROUP_MEMBERS : DIRECTORY_GROUP_LIST;
	if (cli->json)
		putchar('[');
	do {
		const struct view fields[] = {name, view_from_string(after)};
		status = cli_directory_problem(
		    cli->argv[0], directory_client_ask(client, list, 0, fields, 2, &answer));
		const struct message_field *items = answer.fields.items;
		for (size_t i = 0; status == 0 && i < answer.fields.count; i++, first = false) {
			print_name(cli, items[i].value, first);
			snprintf(after, sizeof after, "%.*s", VIEW_FMT(items[i].value));
		}
	} while (status == 0 && answer.fields.count == DIRECTORY_LIST_PART);
	if (cli->json)
		puts("]");
	return status;
}

int cli_group(struct cli *cli)
{
	static const struct cli_verb rows[] = {
	    {"add", group_add, true}, {"remove", group_remove, true}, {"list", group_list}};
	return cli_run_verb(cli, rows, sizeof rows / sizeof rows[0]);
}
