/* rule: list, show, activate, remove, rename. The other verbs have files of their own. */
#include "cli/cli_rule.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/rule_owner.h"
#include "format/plain.h"

enum { SHOWN_MAX = 2 << 20 /* octets of a script: the server keeps none of half this size */ };

/* ---- list ---- */

struct list {
	bool json, server, any;
};

static void print_json(const struct list *list, const struct script_entry *m)
{
	fputs(list->any ? ",\n{\"name\":" : "{\"name\":", stdout);
	cli_json_string(m->name);
	if (list->server)
		printf(",\"place\":\"%s\"", rule_place_name(m->place));
	else
		printf(",\"active\":%s", m->active ? "true" : "false");
	printf(",\"size\":%" PRIu64 ",\"warnings\":%" PRIu64 ",\"changed\":%" PRIu64 "}", m->size,
	    m->warnings, m->changed);
}

static void print_line(const struct list *list, const struct script_entry *m)
{
	struct buf size;
	char day[32] = "";
	time_t changed = (time_t)m->changed;
	struct tm tm;
	if (gmtime_r(&changed, &tm))
		strftime(day, sizeof day, "%Y-%m-%d %H:%M", &tm);
	buf_init(&size, 64);
	plain_size(&size, m->size);
	if (!list->any)
		printf(
		    "%-8s %10s  %-16s  %s\n", list->server ? "place" : "", "size", "changed (UTC)", "name");
	printf("%-8s %10s  %-16s  ",
	    list->server ? rule_place_name(m->place)
	    : m->active  ? "active"
	                 : "",
	    buf_string(&size), day);
	cli_print(m->name);
	if (m->warnings)
		printf(" (%" PRIu64 " warning%s)", m->warnings, m->warnings == 1 ? "" : "s");
	putchar('\n');
	buf_done(&size);
}

static void take_entry(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct list *list = arg;
	if (type != SCRIPT_ENTRY)
		return;
	if (list->json)
		print_json(list, &answer->script);
	else
		print_line(list, &answer->script);
	list->any = true;
}

static int list_scripts(struct cli *cli, struct directory_client *directory)
{
	struct rule_owner owner = {.subject = "the server"};
	struct list list = {.json = cli->json, .server = cli_option(cli, "--server")};
	if (!cli_words(cli, !list.server, !list.server))
		return EXIT_USAGE;
	if (!list.server)
		owner.subject = cli->argv[0];
	int status = list.server ? mailbox_client_open_server(cli, &owner.client)
	                         : mailbox_client_open(cli, directory, owner.subject, &owner.client);
	if (status)
		return status;
	if (cli->json)
		putchar('[');
	int error =
	    mailbox_client_run(&owner.client, SCRIPT_LIST, &(struct script_list){0}, take_entry, &list, NULL);
	if (cli->json)
		puts("]");
	else if (!list.any && error == 0)
		printf("%s has no scripts\n", owner.subject);
	rule_close(&owner);
	return rule_problem(&owner, "", error);
}

/* ---- show ---- */

static void take_text(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct view bytes = answer->script_bytes.bytes;
	(void)arg;
	if (type == SCRIPT_BYTES && bytes.len > 0)
		fwrite(bytes.data, 1, bytes.len, stdout);
}

static void gather_text(void *arg, unsigned type, const union mailbox_answer *answer)
{
	if (type == SCRIPT_BYTES)
		buf_append(arg, answer->script_bytes.bytes);
}

static int show_json(struct rule_owner *owner, const struct script_get *get)
{
	struct buf text;
	buf_init(&text, SHOWN_MAX);
	int error = mailbox_client_run(&owner->client, SCRIPT_GET, get, gather_text, &text, NULL);
	if (error == 0 && !buf_failed(&text)) {
		fputs("{\"name\":", stdout);
		cli_json_string(get->name);
		fputs(",\"script\":", stdout);
		cli_json_string(buf_view(&text));
		puts("}");
	}
	buf_done(&text);
	return error;
}

static int show(struct cli *cli, struct directory_client *directory)
{
	struct rule_owner owner;
	int status = rule_open(cli, directory, 1, 1, &owner);
	if (status)
		return status;
	struct script_get get = {.place = owner.place, .name = view_from_string(cli->argv[0])};
	int error = cli->json ? show_json(&owner, &get)
	                      : mailbox_client_run(&owner.client, SCRIPT_GET, &get, take_text, NULL, NULL);
	rule_close(&owner);
	return rule_problem(&owner, cli->argv[0], error);
}

/* ---- activate, remove, rename ---- */

static int activate(struct cli *cli, struct directory_client *directory)
{
	struct rule_owner owner;
	bool none = cli_option(cli, "--none");
	int status = rule_open(cli, directory, !none, !none, &owner);
	if (status)
		return status;
	const char *name = none ? "" : cli->argv[0];
	struct script_activate activate = {.name = view_from_string(name)};
	int error = owner.place == SCRIPT_OWN
	                ? mailbox_client_run(&owner.client, SCRIPT_ACTIVATE, &activate, NULL, NULL, NULL)
	                : 0;
	rule_close(&owner);
	return owner.place == SCRIPT_OWN
	           ? rule_problem(&owner, name, error)
	           : cli_usage(
	                 cli, "the server's scripts run as long as they are there; remove one to stop it");
}

static int remove_script(struct cli *cli, struct directory_client *directory)
{
	struct rule_owner owner;
	int status = rule_open(cli, directory, 1, 1, &owner);
	if (status)
		return status;
	struct script_remove m = {.place = owner.place, .name = view_from_string(cli->argv[0])};
	int error = mailbox_client_run(&owner.client, SCRIPT_REMOVE, &m, NULL, NULL, NULL);
	rule_close(&owner);
	return rule_problem(&owner, cli->argv[0], error);
}

static int rename_script(struct cli *cli, struct directory_client *directory)
{
	struct rule_owner owner;
	int status = rule_open(cli, directory, 2, 2, &owner);
	if (status)
		return status;
	struct script_rename m = {.place = owner.place,
	    .name = view_from_string(cli->argv[0]),
	    .to = view_from_string(cli->argv[1])};
	int error = mailbox_client_run(&owner.client, SCRIPT_RENAME, &m, NULL, NULL, NULL);
	rule_close(&owner);
	return rule_problem(&owner, error == -ENOENT ? cli->argv[0] : cli->argv[1], error);
}

static bool knows(const struct cli_verb *rows, size_t count, const struct cli *cli)
{
	for (size_t i = 0; i < count; i++)
		if (cli->argc > 0 && strcmp(cli->argv[0], rows[i].name) == 0)
			return true;
	return false;
}

int cli_rule(struct cli *cli)
{
	static const struct cli_verb rows[] = {{"list", list_scripts}, {"show", show}, {"put", rule_put},
	    {"activate", activate, true}, {"remove", remove_script, true}, {"rename", rename_script, true},
	    {"simple", rule_simple}, {"add", rule_add}, {"try", rule_try}, {"apply", rule_apply},
	    {"log", rule_log}, {"undo", rule_undo}};
	/* Needs no server. */
	if (cli->argc > 0 && strcmp(cli->argv[0], "check") == 0)
		return rule_check(cli);
	if (!knows(rows, sizeof rows / sizeof rows[0], cli))
		return cli_no_verb(cli,
		    "list, show, check, put, activate, remove, rename, simple, add, try, apply, log, undo");
	return cli_run_verb(cli, rows, sizeof rows / sizeof rows[0]);
}
