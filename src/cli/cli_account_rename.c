/*
 * account rename. The account itself gets its address in one step. When the old address is given up, what led
 * to it is made to lead to the new one afterwards, an alias at a time: whatever stops that leaves an alias
 * that is told of.
 */
#include "cli/cli_account_rename.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/directory_walk.h"
#include "format/address_normal.h"

struct follow {
	struct address old, fresh;
	struct buf aliases; /* address, targets, each with a NUL: what is to be written */
	struct buf domains; /* name, alias_of, separator, "1" if disabled: the same, of catch-alls */
	size_t count;
};

static void put_text(struct buf *to, struct view text)
{
	buf_append(to, text);
	buf_append_byte(to, '\0');
}

static const char *next_text(const struct buf *from, size_t *at)
{
	struct view rest = view_skip(buf_view(from), *at);
	if (rest.len == 0)
		return NULL;
	*at += strlen(rest.data) + 1;
	return rest.data;
}

static void take_alias(void *arg, const struct message_field *row)
{
	struct follow *f = arg;
	struct view rest = row[1].value, one;
	bool meant = false;
	while (!meant && rest.len && view_next(&rest, '\n', &one))
		meant = view_equal(one, address_view(&f->old));
	if (!meant)
		return;
	put_text(&f->aliases, row[0].value);
	rest = row[1].value;
	for (bool first = true; rest.len && view_next(&rest, '\n', &one); first = false) {
		if (!first)
			buf_append_byte(&f->aliases, '\n');
		buf_append(
		    &f->aliases, view_equal(one, address_view(&f->old)) ? address_view(&f->fresh) : one);
	}
	buf_append_byte(&f->aliases, '\0');
}

static void take_domain(void *arg, const struct message_field *row)
{
	struct follow *f = arg;
	if (!view_equal(row[2].value, address_view(&f->old)))
		return;
	put_text(&f->domains, row[0].value);
	put_text(&f->domains, row[1].value);
	put_text(&f->domains, row[3].value);
	put_text(&f->domains, row[4].value);
}

static int write_aliases(struct directory_client *client, struct follow *f)
{
	struct message_directory_answer answer;
	const char *address, *targets;
	size_t at = 0;
	while ((address = next_text(&f->aliases, &at)) && (targets = next_text(&f->aliases, &at))) {
		const struct view fields[] = {view_from_string(address), view_from_string(targets)};
		int error = directory_client_ask(client, DIRECTORY_ALIAS_PUT, 0, fields, 2, &answer);
		if (error)
			return cli_directory_problem(address, error);
		f->count++;
	}
	return 0;
}

static int write_domains(struct directory_client *client, struct follow *f)
{
	struct message_directory_answer answer;
	const char *name, *alias_of, *separator, *disabled;
	size_t at = 0;
	while ((name = next_text(&f->domains, &at)) && (alias_of = next_text(&f->domains, &at)) &&
	       (separator = next_text(&f->domains, &at)) && (disabled = next_text(&f->domains, &at))) {
		const struct view fields[] = {view_from_string(name), view_from_string(alias_of),
		    address_view(&f->fresh), view_from_string(separator)};
		int error = directory_client_ask(
		    client, DIRECTORY_DOMAIN_PUT, disabled[0] != '\0', fields, 4, &answer);
		if (error)
			return cli_directory_problem(name, error);
		f->count++;
	}
	return 0;
}

static int lead_to_new(struct directory_client *client, struct follow *f)
{
	buf_init(&f->aliases, 64 << 20);
	buf_init(&f->domains, 16 << 20);
	int error = directory_walk_all(client, &directory_aliases, NULL, take_alias, f);
	if (error == 0)
		error = directory_walk(client, &directory_domains, NULL, take_domain, f);
	if (error == 0 && (buf_failed(&f->aliases) || buf_failed(&f->domains)))
		error = -ENOMEM;
	int status = cli_directory_problem("aliases", error);
	if (status == 0)
		status = write_aliases(client, f);
	if (status == 0)
		status = write_domains(client, f);
	buf_done(&f->aliases);
	buf_done(&f->domains);
	return status;
}

static void tell(const struct cli *cli, const struct follow *f, bool alias)
{
	if (cli->json) {
		fputs("{\"renamed\":", stdout);
		cli_json_string(address_view(&f->old));
		fputs(",\"to\":", stdout);
		cli_json_string(address_view(&f->fresh));
		printf(",\"alias\":%s,\"led_on\":%zu}\n", alias ? "true" : "false", f->count);
		return;
	}
	cli_print(address_view(&f->old));
	fputs(" is ", stdout);
	cli_print(address_view(&f->fresh));
	if (alias)
		puts(
		    " now; mail for the old address still comes to it, and its owner can log in with either");
	else
		printf(
		    " now; the old address is given up, and %zu aliases and catch-alls lead to the new one\n",
		    f->count);
}

int cli_account_rename(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	struct follow f = {.count = 0};
	bool alias = !cli_option(cli, "--no-alias");
	if (!cli_words(cli, 2, 2))
		return EXIT_USAGE;
	const struct view fields[] = {view_from_string(cli->argv[0]), view_from_string(cli->argv[1])};
	int status = cli_directory_problem(cli->argv[0], address_normalize(fields[0], &f.old));
	if (status == 0)
		status = cli_directory_problem(cli->argv[1], address_normalize(fields[1], &f.fresh));
	if (status)
		return status;
	int error = directory_client_ask(client, DIRECTORY_ACCOUNT_RENAME, !alias, fields, 2, &answer);
	if (error == -ENOENT)
		fprintf(stderr,
		    "postrider: there is no account %s, or no domain for %s (`postrider account list` and "
		    "`postrider domain list` show those that exist)\n",
		    cli->argv[0], cli->argv[1]);
	status = error == -ENOENT ? EXIT_NOTHING : cli_directory_problem(cli->argv[1], error);
	if (status == 0 && !alias)
		status = lead_to_new(client, &f);
	if (status == 0)
		tell(cli, &f, alias);
	return status;
}
