/*
 * account rename: one step, in which aliases and catch-alls follow when the old address is given up.
 */
#include "cli/cli_account_rename.h"

#include <errno.h>
#include <stdio.h>

#include "directory/directory.h"
#include "format/address_normal.h"

struct renaming {
	struct address old, fresh;
	uint64_t led;
};

static void tell(const struct cli *cli, const struct renaming *f, bool alias)
{
	if (cli->json) {
		fputs("{\"renamed\":", stdout);
		cli_json_string(address_view(&f->old));
		fputs(",\"to\":", stdout);
		cli_json_string(address_view(&f->fresh));
		printf(
		    ",\"alias\":%s,\"led_on\":%llu}\n", alias ? "true" : "false", (unsigned long long)f->led);
		return;
	}
	cli_print(address_view(&f->old));
	fputs(" is ", stdout);
	cli_print(address_view(&f->fresh));
	if (alias)
		puts(
		    " now; mail for the old address still comes to it, and its owner can log in with either");
	else
		printf(" now; the old address is given up, and %llu aliases and catch-alls lead to the new "
		       "one\n",
		    (unsigned long long)f->led);
}

int cli_account_rename(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	struct renaming f = {.led = 0};
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
	if (error == -E2BIG)
		fprintf(stderr,
		    "postrider: more than %d aliases and catch-alls lead to %s, which is more than can "
		    "follow at "
		    "once; keep the old address as an alias (without --no-alias); nothing was changed\n",
		    DIRECTORY_LED_MAX, cli->argv[0]);
	status = error == -ENOENT  ? EXIT_NOTHING
	         : error == -E2BIG ? EXIT_REFUSED
	                           : cli_directory_problem(cli->argv[1], error);
	if (status == 0 && answer.fields.count > 0)
		f.led = directory_number(((const struct message_field *)answer.fields.items)[0].value);
	if (status == 0)
		tell(cli, &f, alias);
	return status;
}
