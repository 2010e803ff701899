/* One program: the server's roles and every command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/nearest.h"
#include "cli/cli.h"
#include "cli/cli_sendmail.h"
#include "cli/cli_time.h"
#include "master/roles.h"

static const char default_config[] = "/etc/postrider/postrider.conf";

static const struct cli_command commands[] = {
    {"setup", cli_setup, "from an installed program to a server that takes mail",
        "postrider setup --hostname NAME --domain DOMAIN --account ADDRESS\n"
        "           [--certificate FILE --key FILE | --self-signed] [--generate | --password-stdin] "
        "[--json]\n"
        "       At a terminal, names and the password that are not given are asked for."},
    {"serve", cli_serve, "run the server", "postrider serve [--config FILE]"},
    {"status", cli_status, "how the running server is: its roles, memory, restarts",
        "postrider status [--json]"},
    {"reload", cli_reload, "have the running server read its settings and certificates again",
        "postrider reload [--json]"},
    {"upgrade", cli_upgrade, "have the installed program take the running one's place",
        "postrider upgrade [--json]"},
    {"stop", cli_stop, "stop the running server, and wait for its end", "postrider stop [--json]"},
    {"metrics", cli_metrics, "figures of the running server, as OpenMetrics", "postrider metrics"},
    {"demo", cli_demo, "run two demo servers on loopback", "postrider demo [--dir DIR] [--port-base N]"},
    {"domain", cli_domain, "domains this server accepts mail for",
        "postrider domain add NAME [--alias-of NAME] [--catch-all ADDRESS] [--separator CHAR]\n"
        "       postrider domain set NAME [--alias-of NAME] [--catch-all ADDRESS] [--separator CHAR] "
        "[--disable | --enable]\n"
        "       postrider domain remove NAME [--yes] [--now] [--json]\n"
        "       postrider domain restore NAME [--json]\n"
        "       postrider domain show NAME [--json]\n"
        "       postrider domain list [--removed] [--json]"},
    {"account", cli_account, "accounts with a mailbox, and their passwords",
        "postrider account add ADDRESS [--quota SIZE] [--password-stdin | --generate] [--scram]\n"
        "       postrider account password ADDRESS [--password-stdin | --generate] [--scram]\n"
        "       postrider account quota ADDRESS [SIZE] [--messages N]\n"
        "       postrider account disable|enable ADDRESS\n"
        "       postrider account remove ADDRESS [--yes] [--now] [--json]\n"
        "       postrider account restore ADDRESS [--json]\n"
        "       postrider account import FILE [--format csv|passwd] [--domain NAME] [--scheme NAME] "
        "[--dry-run]\n"
        "           [--skip-existing] [--json]\n"
        "       postrider account rename ADDRESS NEW-ADDRESS [--no-alias] [--json]\n"
        "       postrider account admin ADDRESS on|off\n"
        "       postrider account show ADDRESS [--json]\n"
        "       postrider account list [DOMAIN] [--removed] [--json]\n"
        "       postrider account app-add ADDRESS NAME [--protocols LIST] [--readable]\n"
        "       postrider account app-remove ADDRESS NAME\n"
        "       postrider account sessions ADDRESS [--json]\n"
        "       postrider account session-end ADDRESS NUMBER | --all\n"
        "       postrider account two-step-off ADDRESS\n"
        "       SIZE: 500M or 10G, in which K is 1,024 octets; 0: what the setting quota_default says."},
    {"alias", cli_alias, "addresses that forward to others",
        "postrider alias add ADDRESS TARGET...\n"
        "       postrider alias remove ADDRESS [--yes] [--json]\n"
        "       postrider alias list [DOMAIN] [--json]\n"
        "       postrider alias postmaster [ADDRESS] [--json]"},
    {"forward", cli_forward, "send an address's mail on to others",
        "postrider forward ADDRESS --to ADDRESS... [--keep] [--json]\n"
        "       postrider forward ADDRESS --off [--json]"},
    {"dkim", cli_dkim, "the keys that sign your domains' mail",
        "postrider dkim list [DOMAIN] [--json]\n"
        "       postrider dkim show DOMAIN [--json]\n"
        "       postrider dkim rotate DOMAIN [--now] [--json]"},
    {"group", cli_group, "groups of accounts that can share mailboxes",
        "postrider group add GROUP ADDRESS...\n"
        "       postrider group remove GROUP ADDRESS...\n"
        "       postrider group list DOMAIN|GROUP [--json]"},
    {"mailbox", cli_mailbox, "an account's mailboxes: list, make, share; mail in and out, deleted mail back",
        "postrider mailbox list ADDRESS [--json]\n"
        "       postrider mailbox create ADDRESS MAILBOX [--role ROLE]\n"
        "       postrider mailbox rename ADDRESS MAILBOX NEW-NAME\n"
        "       postrider mailbox remove ADDRESS MAILBOX\n"
        "       postrider mailbox import ADDRESS PATH [--into MAILBOX] [--format maildir|mbox|mboxo|eml] "
        "[--json]\n"
        "       postrider mailbox export ADDRESS FOLDER [--mailbox MAILBOX] [--format maildir|mbox|eml] "
        "[--json]\n"
        "       postrider mailbox share ADDRESS MAILBOX WHO read|add|write|all|none|RIGHTS\n"
        "       postrider mailbox shares ADDRESS [--json]\n"
        "       postrider mailbox accept|leave ADDRESS OWNER MAILBOX\n"
        "       postrider mailbox undelete ADDRESS [--days N] [--json]\n"
        "       postrider mailbox purge ADDRESS [--json]"},
    {"rule", cli_rule, "what is done with mail that arrives: an account's Sieve scripts, and the server's",
        "postrider rule list ADDRESS|--server [--json]\n"
        "       postrider rule show ADDRESS|--server PLACE NAME [--json]\n"
        "       postrider rule check FILE [--json]\n"
        "       postrider rule put ADDRESS|--server PLACE FILE [--name NAME] [--activate] [--json]\n"
        "       postrider rule activate ADDRESS NAME|--none\n"
        "       postrider rule remove ADDRESS|--server PLACE NAME\n"
        "       postrider rule rename ADDRESS|--server PLACE NAME NEW-NAME\n"
        "       postrider rule simple ADDRESS [--script NAME] [--json]\n"
        "       postrider rule simple ADDRESS enable|disable|remove RULE [--script NAME]\n"
        "       postrider rule simple ADDRESS move RULE NUMBER|last [--script NAME]\n"
        "       postrider rule apply ADDRESS NAME|--file FILE [--mailbox MAILBOX] [--since TIME] [--query "
        "TEXT] "
        "[--json]\n"
        "       postrider rule try ADDRESS NAME|--file FILE [--mailbox MAILBOX] [--since DAY|DAYS] [--query "
        "TEXT] "
        "[--all] [--json]\n"
        "       postrider rule log ADDRESS [RULE] [--action NUMBER] [--since TIME] [--json]\n"
        "       postrider rule undo ADDRESS RULE|--action NUMBER|--since TIME [--json]\n"
        "       postrider rule add ADDRESS [--name NAME] [--if CONDITION]... [--any] --then ACTION... "
        "[--before RULE] [--off] [--script NAME]\n"
        "       postrider rule add ADDRESS --rule FILE [--before RULE] [--off] [--script NAME]\n"
        "       PLACE: before, after (of each account's own), or global (to be included). A FILE of - is "
        "standard input."},
    {"file", cli_file, "files behind links, that anybody fetches who has the URL: list, remove",
        "postrider file list [ADDRESS] [--json]\n"
        "       postrider file remove URL [--json]\n"
        "       postrider file remove ADDRESS NUMBER [--json]"},
    {"vacation", cli_vacation,
        "an account's out of office: who is answered while its owner is away, and with what",
        "postrider vacation show ADDRESS [--json]\n"
        "       postrider vacation set ADDRESS --text TEXT|--text-file FILE [--from DATE] [--until DATE] "
        "[--subject TEXT]\n"
        "           [--html-file FILE] [--inside DOMAIN,ADDRESS,...] [--inside-text TEXT|--inside-text-file "
        "FILE]\n"
        "           [--inside-only] [--every DAYS] [--off] [--json]\n"
        "       postrider vacation on|off ADDRESS [--json]\n"
        "       postrider vacation answered ADDRESS [--all] [--json]\n"
        "       DATE: 2026-07-01, or \"2026-07-01 08:00\"; of --until that day is the last one."},
    {"queue", cli_queue, "show and manage waiting mail",
        "postrider queue list [WHICH] [--limit N] [--json]\n       postrider queue show ID...|WHICH "
        "[--json]\n       postrider queue stats [--json]\n       postrider queue age [WHICH] [--limit N] "
        "[--json]\n       postrider queue cat ID [--json]\n       postrider queue pause|resume "
        "[--destination "
        "NAME] [--why TEXT] [--json]\n       postrider queue retry ID...|WHICH [--why "
        "TEXT]\n       postrider queue requeue ID...|WHICH [--why TEXT]\n       postrider queue hold "
        "ID...|WHICH --why TEXT [--for TIME]\n       postrider queue "
        "release ID...|WHICH [--why TEXT]\n       postrider queue delete ID...|WHICH --why TEXT [--bounce]\n "
        "      postrider queue route DOMAIN|ID HOST[:PORT] [--why TEXT]\n       postrider queue route "
        "DOMAIN|ID --mx\n       WHICH: --sender ADDRESS, --domain NAME, --older TIME, --error TEXT: messages "
        "that fit all of these; or --all.\n       TIME: 90s, 15m, 2h, 3d"},
    {"trace", cli_trace, "what became of a message",
        "postrider trace [ID|ADDRESS] [--subject WORDS] [--since TIME] [--until TIME] [--days N] [--limit "
        "N]\n"
        "           [--for ADDRESS] [--json]\n"
        "       ID: a message's, a session's (in Received), a Message-ID, or one in another server's reply.\n"
        "       ADDRESS: a sender's or a recipient's, before or behind aliases; @DOMAIN means every address "
        "in "
        "that domain.\n"
        "       TIME: " CLI_TIME_FORMS ".\n"
        "       --for ADDRESS: only what that user may know, of that user's own mail."},
    {"route", cli_route, "how mail for an address would leave this server",
        "postrider route ADDRESS|DOMAIN [--json]"},
    {"address", cli_address, "where mail for an address goes, and why",
        "postrider address explain ADDRESS [--json]"},
    {"auth", cli_auth, "whether a password opens an account, and which one it is",
        "postrider auth test ADDRESS [--password-stdin] [--json]"},
    {"who", cli_who, "who is logged in now", "postrider who [ADDRESS] [--json]"},
    {"kick", cli_kick, "end the sessions of an account", "postrider kick ADDRESS [--json]"},
    {"search", cli_search, "the index of all mail: how far it is, make it anew",
        "postrider search status [ADDRESS] [--json]\n"
        "       postrider search rebuild [ADDRESS] [--wait]"},
    {"report", cli_report, "what servers report to one another of mail in a domain's name",
        "postrider report dmarc [--domain NAME] [--since DAY|DAYS] [--wait SECONDS] "
        "[--unproven]\n"
        "           [--all] [--no-names] [--json]\n"
        "       postrider report tls [--domain NAME] [--since DAY|DAYS] [--wait SECONDS] [--json]\n"
        "       postrider report failures [--domain NAME] [--since DAY|DAYS] [--wait SECONDS] [--json]\n"
        "       postrider report show [--domain NAME] [--since DAY|DAYS] [--json]\n"
        "       postrider report send --now [--json]"},
    {"store", cli_store, "the data folder: statistics, check, compact, pack, rebuild",
        "postrider store check|rebuild|stats|compact|pack [--json]"},
    {"message", cli_message, "send and fetch messages, and look into message files",
        "postrider message show FILE [--json]\n"
        "       postrider message show ADDRESS MAILBOX [UID] [--json]\n"
        "       postrider message structure FILE [--json]\n"
        "       postrider message extract FILE PART\n"
        "       " CLI_SEND_USAGE "\n"
        "       " CLI_FETCH_USAGE},
    {"sendmail", cli_sendmail, "send mail from this machine, as cron and scripts do", CLI_SENDMAIL_USAGE},
    {"dns", cli_dns, "the records in DNS that a domain's mail should have",
        "postrider dns records DOMAIN [--address ADDRESS...] [--json]\n"
        "       postrider dns zone DOMAIN [--address ADDRESS...] [--all]\n"
        "       postrider dns check DOMAIN [--address ADDRESS...] [--server ADDRESS[@PORT]] [--json]\n"
        "       postrider dns update DOMAIN [--key FILE] [--server ADDRESS[@PORT]] [--address ADDRESS...]\n"
        "           [--dry-run] [--yes] [--json]"},
    {"verify", cli_verify, "find out who sent the message in a file",
        "postrider verify FILE [--ip ADDRESS [--mail-from ADDRESS] [--helo NAME]] [--json]"},
    {"doctor", cli_doctor, "look at the server from all sides: what is wrong, what it costs, how to mend it",
        "postrider doctor [--json]"},
    {"config", cli_config,
        "the settings: check, show and change them; an example; lists of roles and services",
        "postrider config check [--json]\n"
        "       postrider config show [--changed] [--json]\n"
        "       postrider config get NAME [--json]\n"
        "       postrider config set NAME VALUE... [--add | --remove] [--json]\n"
        "       postrider config set NAME --default [--json]\n"
        "       postrider config set tls_certificates FILE --key FILE [--add | --remove] [--json]\n"
        "       postrider config example|manual|roles|services"},
    {"completion", cli_completion, "lets the tab key complete commands, options and addresses",
        "postrider completion bash|zsh|fish"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out)
{
	fputs("Postrider, a whole e-mail system.\n\nusage: postrider [--config FILE] COMMAND ...\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n`postrider COMMAND --help` shows how to use a command; postrider(1) explains them all.\n",
	    out);
}

static int run(struct cli *cli, size_t command)
{
	cli->command = commands[command].name;
	cli->usage = commands[command].usage;
	cli->typed = cli->argc > 0 && cli->argv[0][0] != '-' ? cli->argv[0] : NULL;
	if (cli_option(cli, "--help") || cli_option(cli, "-h")) {
		printf("postrider %s: %s\n\n", commands[command].name, commands[command].summary);
		return cli_usage(cli, NULL);
	}
	cli->json = cli_option(cli, "--json");
	int status = commands[command].run(cli);
	settings_done(&cli->settings);
	log_tell_left_out();
	return status;
}

/* Never set in real use: see clock_simulate. The roles inherit it from the master, which logs it. */
static int simulate_clock(void)
{
	const char *path = getenv("POSTRIDER_CLOCK");
	int error = path ? clock_simulate(path) : 0;
	if (error)
		fprintf(stderr, "postrider: cannot use the simulated clock %s: %s\n", path, strerror(-error));
	return error;
}

/* The master starts us as one of its roles; our channel to it is descriptor 3. */
static int run_role(const char *name)
{
	const struct role *role = role_by_name(name);
	return role ? role_run(role, 3) : EXIT_USAGE;
}

static void choose_config(struct cli *cli, const char *given)
{
	const char *environment = getenv("POSTRIDER_CONFIG");
	cli->config = given ? given : environment ? environment : default_config;
	cli->config_is_default = given == NULL && environment == NULL;
}

int main(int argc, char **argv)
{
	struct cli cli = {
	    .argc = argc - 1, .argv = argv + 1, .commands = commands, .command_count = COMMANDS};
	if (simulate_clock() != 0)
		return EXIT_SETTINGS;
	if (argc == 3 && strcmp(argv[1], "role") == 0)
		return run_role(argv[2]);
	if (argc > 3 && strcmp(argv[1], "completion") == 0 && strcmp(argv[2], "words") == 0)
		return cli_completion_words(&cli);
	const char *config = NULL;
	if (cli_sendmail_is_called(&argc, &argv, &config)) {
		cli.argc = argc;
		cli.argv = argv;
		choose_config(&cli, config);
		return cli_sendmail_main(&cli);
	}
	choose_config(&cli, cli_value(&cli, "--config"));
	if (cli.argc == 0 || strcmp(cli.argv[0], "--help") == 0 || strcmp(cli.argv[0], "-h") == 0 ||
	    strcmp(cli.argv[0], "help") == 0) {
		print_help(cli.argc ? stdout : stderr);
		return cli.argc ? 0 : EXIT_USAGE;
	}
	if (strcmp(cli.argv[0], "--version") == 0) {
		puts("postrider " POSTRIDER_VERSION);
		return 0;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(cli.argv[0], commands[i].name) != 0)
			continue;
		cli.argc--;
		cli.argv++;
		return run(&cli, i);
	}
	struct nearest near = {.wrong = view_from_string(cli.argv[0])};
	for (size_t i = 0; i < COMMANDS; i++)
		nearest_try(&near, commands[i].name);
	fprintf(stderr, "postrider: there is no command '%s'; %s%s%s\n", cli.argv[0],
	    near.word ? "did you mean " : "", near.word ? near.word : "`postrider --help` lists the commands",
	    near.word ? "?" : "");
	return EXIT_USAGE;
}
