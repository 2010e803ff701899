/* domain and alias. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cli_domain_show.h"
#include "cli/cli_removal.h"
#include "format/address_normal.h"
#include "format/domain.h"

static int ask(struct directory_client *client, enum directory_operation operation, uint64_t number,
    const struct view *fields, size_t count)
{
	struct message_directory_answer answer;
	char subject[600];
	snprintf(subject, sizeof subject, "%.*s", VIEW_FMT(fields[0]));
	return cli_directory_problem(
	    subject, directory_client_ask(client, operation, number, fields, count, &answer));
}

static void say_done(const char *what, const char *name)
{
	printf("{\"%s\":", what);
	cli_json_string(view_from_string(name));
	puts("}");
}

/* ---- what leads nowhere ---- */

/* An address here that takes no mail: said when something is made to lead to it, since nobody else would say
 * it. */
static void warn_of(struct directory_client *client, const char *from, struct view target)
{
	struct message_directory_answer answer;
	char text[ADDRESS_MAX + 1];
	snprintf(text, sizeof text, "%.*s", VIEW_FMT(target));
	int error = directory_client_ask(client, DIRECTORY_RESOLVE, 0, &target, 1, &answer);
	if (error == -ENOENT)
		fprintf(stderr,
		    "postrider: warning: %s does not exist here, so mail for %s does not reach it: senders "
		    "get it "
		    "back, until you add that account or alias\n",
		    text, from);
	else if (error == -EACCES)
		fprintf(stderr, "postrider: warning: %s is disabled, so mail for %s does not reach it\n",
		    text, from);
	else if (error == -ELOOP)
		fprintf(stderr,
		    "postrider: warning: %s leads in a circle, so mail for %s does not reach it\n", text,
		    from);
}

/* ---- domains ---- */

/* The domain as it is, so that set changes only what is named. *found is false when there is none. */
static int find_domain(
    struct directory_client *client, const char *name, char kept[3][600], bool *disabled, bool *found)
{
	struct message_directory_answer answer;
	const struct view field = VIEW("");
	struct address wanted;
	char after[600] = "";
	*found = false;
	/* Names are stored, and listed, in their normal form. */
	int bad = address_normalize_domain(view_from_string(name), &wanted);
	if (bad)
		return bad;
	for (;;) {
		const struct view from = after[0] ? view_from_string(after) : field;
		int error = directory_client_ask(client, DIRECTORY_DOMAIN_LIST, 0, &from, 1, &answer);
		if (error)
			return error;
		const struct message_field *items = answer.fields.items;
		for (size_t i = 0; i + 5 <= answer.fields.count; i += 5) {
			snprintf(after, sizeof after, "%.*s", VIEW_FMT(items[i].value));
			if (!view_equal(items[i].value, address_view(&wanted)))
				continue;
			*found = true;
			*disabled = items[i + 4].value.len > 0;
			for (int k = 0; k < 3; k++)
				snprintf(kept[k], 600, "%.*s", VIEW_FMT(items[i + 1 + k].value));
			return 0;
		}
		if (answer.fields.count < 5 * DIRECTORY_LIST_PART)
			return 0;
	}
}

/* Names of a domain are those of a domain of its own, in one step. */
static void warn_of_alias(struct directory_client *client, const char *name, const char *alias_of)
{
	char kept[3][600];
	bool disabled, found;
	if (find_domain(client, alias_of, kept, &disabled, &found) != 0)
		return;
	if (!found)
		fprintf(stderr,
		    "postrider: warning: the domain %s is not set up here, so mail for %s is refused, until "
		    "you run "
		    "`postrider domain add %s`\n",
		    alias_of, name, alias_of);
	else if (kept[0][0])
		fprintf(stderr,
		    "postrider: warning: %s is itself another name of %s, so mail for %s is refused: name %s "
		    "instead\n",
		    alias_of, kept[0], name, kept[0]);
}

static int put_domain(struct cli *cli, struct directory_client *client, bool must_exist)
{
	char kept[3][600] = {"", "", "+"};
	bool disabled = false, found;
	const char *alias_of = cli_value(cli, "--alias-of"), *catch_all = cli_value(cli, "--catch-all"),
	           *separator = cli_value(cli, "--separator");
	bool disable = cli_option(cli, "--disable"), enable = cli_option(cli, "--enable");
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	if (separator && strlen(separator) > 1)
		return cli_usage(cli, "--separator takes one character, or none ('')");
	int error = find_domain(client, cli->argv[0], kept, &disabled, &found);
	if (error == 0 && found != must_exist)
		error = found ? -EEXIST : -ENOENT;
	if (error)
		return cli_directory_problem(cli->argv[0], error);
	disabled = disable || (disabled && !enable);
	const char *name = cli->argv[0];
	const struct view fields[] = {view_from_string(name), view_from_string(alias_of ? alias_of : kept[0]),
	    view_from_string(catch_all ? catch_all : kept[1]),
	    view_from_string(separator ? separator : kept[2])};
	int status = ask(client, DIRECTORY_DOMAIN_PUT, disabled, fields, 4);
	if (status == 0 && catch_all && catch_all[0])
		warn_of(client, name, fields[2]);
	if (status == 0 && alias_of && alias_of[0])
		warn_of_alias(client, name, alias_of);
	if (status == 0 && cli->json)
		say_done(must_exist ? "changed" : "added", name);
	return status;
}

static int domain_add(struct cli *cli, struct directory_client *client)
{
	return put_domain(cli, client, false);
}

static int domain_set(struct cli *cli, struct directory_client *client)
{
	return put_domain(cli, client, true);
}

/* As people write it: what was typed as bücher.example is stored as xn--bcher-kva.example. */
static void show_name(struct buf *out, struct view name)
{
	buf_init(out, 1024);
	if (domain_display(name, out) != 0)
		buf_clear(out);
	if (buf_view(out).len == 0)
		buf_append(out, name);
}

static void print_domain_json(const struct message_field *items, struct view shown)
{
	static const char *const names[] = {"name", "alias_of", "catch_all", "separator"};
	putchar('{');
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		printf("%s\"%s\":", i ? "," : "", names[i]);
		cli_json_string(items[i].value);
	}
	fputs(",\"shown\":", stdout);
	cli_json_string(shown);
	printf(",\"disabled\":%s}", items[4].value.len > 0 ? "true" : "false");
}

static void print_domain(const struct cli *cli, const struct message_field *items, bool first)
{
	struct buf shown;
	show_name(&shown, items[0].value);
	if (cli->json) {
		fputs(first ? "" : ",", stdout);
		print_domain_json(items, buf_view(&shown));
		buf_done(&shown);
		return;
	}
	cli_print(buf_view(&shown));
	if (!view_equal(buf_view(&shown), items[0].value)) {
		fputs(" (", stdout);
		cli_print(items[0].value);
		putchar(')');
	}
	buf_done(&shown);
	if (items[1].value.len) {
		fputs(" alias of ", stdout);
		cli_print(items[1].value);
	}
	if (items[2].value.len) {
		fputs(" catch-all ", stdout);
		cli_print(items[2].value);
	}
	puts(items[4].value.len > 0 ? " (disabled)" : "");
}

static int domain_list(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	char after[600] = "";
	bool first = true;
	if (cli_option(cli, "--removed"))
		return cli_removed_list(cli, client, "domain");
	if (!cli_words(cli, 0, 0))
		return EXIT_USAGE;
	if (cli->json)
		putchar('[');
	do {
		const struct view field = view_from_string(after);
		int error = directory_client_ask(client, DIRECTORY_DOMAIN_LIST, 0, &field, 1, &answer);
		if (error)
			return cli_directory_problem("domains", error);
		const struct message_field *items = answer.fields.items;
		for (size_t i = 0; i + 5 <= answer.fields.count; i += 5, first = false) {
			print_domain(cli, items + i, first);
			snprintf(after, sizeof after, "%.*s", VIEW_FMT(items[i].value));
		}
	} while (answer.fields.count == 5 * DIRECTORY_LIST_PART);
	if (cli->json)
		puts("]");
	return 0;
}

int cli_domain(struct cli *cli)
{
	static const struct cli_verb rows[] = {{"add", domain_add}, {"set", domain_set},
	    {"remove", cli_domain_remove}, {"restore", cli_domain_restore}, {"show", cli_domain_show},
	    {"list", domain_list}};
	return cli_run_verb(cli, rows, sizeof rows / sizeof rows[0]);
}

/* ---- aliases ---- */

static int alias_add(struct cli *cli, struct directory_client *client)
{
	struct buf targets;
	if (!cli_words(cli, 2, 101))
		return EXIT_USAGE;
	buf_init(&targets, 64 * 1024);
	for (int i = 1; i < cli->argc; i++) {
		if (i > 1)
			buf_append_byte(&targets, '\n');
		buf_append_string(&targets, cli->argv[i]);
	}
	const struct view fields[] = {view_from_string(cli->argv[0]), buf_view(&targets)};
	int status = ask(client, DIRECTORY_ALIAS_PUT, 0, fields, 2);
	for (int i = 1; i < cli->argc && status == 0; i++)
		warn_of(client, cli->argv[0], view_from_string(cli->argv[i]));
	if (status == 0 && cli->json)
		say_done("added", cli->argv[0]);
	buf_done(&targets);
	return status;
}

static int show_postmaster(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	int error = directory_client_ask(client, DIRECTORY_ADMIN_GET, 0, NULL, 0, &answer);
	if (error && error != -ENOENT)
		return cli_directory_problem("postmaster", error);
	struct view address = {0};
	if (error == 0)
		address = ((const struct message_field *)answer.fields.items)->value;
	if (cli->json) {
		fputs("{\"postmaster\":", stdout);
		cli_json_string(address);
		puts("}");
	} else if (error == 0) {
		cli_print(address);
		putchar('\n');
	} else {
		puts("nobody is named: mail for postmaster goes to the first account of its domain, else to "
		     "an "
		     "administrator of this server, else to its first account");
	}
	return 0;
}

static int alias_postmaster(struct cli *cli, struct directory_client *client)
{
	if (!cli_words(cli, 0, 1))
		return EXIT_USAGE;
	if (cli->argc == 0)
		return show_postmaster(cli, client);
	const struct view field = view_from_string(cli->argv[0]);
	int status = ask(client, DIRECTORY_ADMIN_PUT, 0, &field, 1);
	if (status == 0)
		warn_of(client, "postmaster", field);
	if (status == 0 && cli->json)
		say_done("postmaster", cli->argv[0]);
	return status;
}

/* Of a list of aliases: those that there are, or masked addresses. */
struct alias_rows {
	enum directory_operation operation;
	size_t fields; /* of each row: address, targets; address, owner, "1" if it is on */
};
static const struct alias_rows alias_rows[] = {{DIRECTORY_ALIAS_LIST, 2}, {DIRECTORY_MASKED_LIST, 3}};

static void print_masked_end(const struct cli *cli, bool gone, bool on)
{
	if (cli->json)
		fputs(on ? ",\"masked\":true,\"on\":true" : ",\"masked\":true,\"on\":false", stdout);
	else
		fputs(gone ? " nobody (masked; its account is gone)"
		      : on ? " (masked)"
		           : " (masked; turned off)",
		    stdout);
}

static void print_alias(
    const struct cli *cli, const struct alias_rows *rows, const struct message_field *row, bool first)
{
	struct view part, targets = row[1].value;
	bool first_target = true;
	if (cli->json) {
		fputs(first ? "{\"address\":" : ",{\"address\":", stdout);
		cli_json_string(row[0].value);
		fputs(",\"targets\":[", stdout);
	} else {
		cli_print(row[0].value);
		fputs(" ->", stdout);
	}
	while (targets.len && view_next(&targets, '\n', &part)) {
		if (cli->json) {
			fputs(first_target ? "" : ",", stdout);
			cli_json_string(part);
		} else {
			putchar(' ');
			cli_print(part);
		}
		first_target = false;
	}
	if (cli->json)
		putchar(']');
	if (rows->operation == DIRECTORY_MASKED_LIST)
		print_masked_end(cli, view_empty(row[1].value), !view_empty(row[2].value));
	putchar(cli->json ? '}' : '\n');
}

static int list_of_domain(struct cli *cli, struct directory_client *client, const struct alias_rows *rows,
    const char *domain, bool *first)
{
	struct message_directory_answer answer;
	char after[600] = "";
	int status;
	do {
		const struct view fields[] = {view_from_string(domain), view_from_string(after)};
		status = cli_directory_problem(
		    domain, directory_client_ask(client, rows->operation, 0, fields, 2, &answer));
		const struct message_field *items = answer.fields.items;
		for (size_t i = 0; status == 0 && i + rows->fields <= answer.fields.count;
		     i += rows->fields, *first = false) {
			print_alias(cli, rows, items + i, *first);
			snprintf(after, sizeof after, "%.*s", VIEW_FMT(items[i].value));
		}
	} while (status == 0 && answer.fields.count == rows->fields * DIRECTORY_LIST_PART);
	return status;
}

static int alias_list(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	char domain[600] = "";
	bool first = true, more = true;
	int status = 0;
	if (!cli_words(cli, 0, 1))
		return EXIT_USAGE;
	if (cli->json)
		putchar('[');
	while (more && status == 0) {
		const struct view domain_field = view_from_string(domain);
		more = false;
		if (cli->argc == 1) {
			snprintf(domain, sizeof domain, "%s", cli->argv[0]);
		} else {
			status = cli_directory_problem(
			    "domains", directory_client_ask(
			                   client, DIRECTORY_DOMAIN_LIST, 0, &domain_field, 1, &answer));
			if (status || answer.fields.count == 0)
				break;
			snprintf(domain, sizeof domain, "%.*s",
			    VIEW_FMT(((const struct message_field *)answer.fields.items)->value));
			more = true;
		}
		for (size_t i = 0; status == 0 && i < sizeof alias_rows / sizeof alias_rows[0]; i++)
			status = list_of_domain(cli, client, &alias_rows[i], domain, &first);
	}
	if (cli->json)
		puts("]");
	return status;
}

int cli_alias(struct cli *cli)
{
	static const struct cli_verb rows[] = {{"add", alias_add}, {"remove", cli_alias_remove},
	    {"list", alias_list}, {"postmaster", alias_postmaster}};
	return cli_run_verb(cli, rows, sizeof rows / sizeof rows[0]);
}
