/* mailbox: list, create, rename, remove, undelete, purge. The other verbs have files of their own. */
#include "cli/cli_mailbox.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/mailbox_client.h"
#include "format/plain.h"

static const char *const roles[] = {
    "none", "inbox", "drafts", "sent", "junk", "trash", "archive", "all", "flagged", "important", "snoozed"};
_Static_assert(sizeof roles / sizeof roles[0] == MAILBOX_ROLE_LAST + 1, "each role has a name");

const char *mailbox_role_name(uint64_t role)
{
	return role <= MAILBOX_ROLE_LAST ? roles[role] : "unknown";
}

/* ---- list ---- */

struct list {
	bool json, any;
};

static void print_json(const struct mail_mailbox *m, bool first)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {{"messages", m->messages}, {"unread", m->unseen}, {"bytes", m->bytes},
	    {"uidvalidity", m->uidvalidity}, {"uidnext", m->uidnext}};
	fputs(first ? "{\"path\":" : ",\n{\"path\":", stdout);
	cli_json_string(m->path);
	fputs(",\"owner\":", stdout);
	if (m->owner.len)
		cli_json_string(m->owner);
	else
		fputs("null", stdout);
	printf(",\"role\":\"%s\",\"subscribed\":%s,\"shared\":%s", mailbox_role_name(m->role),
	    m->subscribed ? "true" : "false", m->marks & MAIL_MAILBOX_SHARED ? "true" : "false");
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		printf(",\"%s\":%" PRIu64, numbers[i].name, numbers[i].value);
	putchar('}');
}

static void print_line(const struct mail_mailbox *m, bool first)
{
	struct buf size;
	buf_init(&size, 64);
	plain_size(&size, m->bytes);
	if (first)
		printf("%9s %9s %10s  %s\n", "messages", "unread", "size", "mailbox");
	printf("%9" PRIu64 " %9" PRIu64 " %10s  ", m->messages, m->unseen, buf_string(&size));
	buf_done(&size);
	if (m->owner.len) {
		fputs("Users/", stdout);
		cli_print(m->owner);
		putchar('/');
	}
	cli_print(m->path);
	if (m->role > MAILBOX_ROLE_INBOX)
		printf(" (%s)", mailbox_role_name(m->role));
	if (m->marks & MAIL_MAILBOX_SHARED)
		fputs(" (shared)", stdout);
	if (!m->subscribed)
		fputs(" (not subscribed)", stdout);
	putchar('\n');
}

static void take_mailbox(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct list *list = arg;
	if (type != MAIL_MAILBOX || (answer->mailbox.marks & MAIL_MAILBOX_NO_MAILBOX))
		return;
	if (list->json)
		print_json(&answer->mailbox, !list->any);
	else
		print_line(&answer->mailbox, !list->any);
	list->any = true;
}

static int list_mailboxes(struct cli *cli, struct directory_client *directory)
{
	struct mailbox_client client;
	struct mail_mailboxes question = {0};
	struct list list = {.json = cli->json};
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	int status = mailbox_client_open(cli, directory, cli->argv[0], &client);
	if (status)
		return status;
	if (cli->json)
		putchar('[');
	int error = mailbox_client_run(&client, MAIL_MAILBOXES, &question, take_mailbox, &list, NULL);
	if (cli->json)
		puts("]");
	mailbox_client_close(&client);
	return mailbox_client_problem(cli->argv[0], error);
}

/* ---- create, rename, remove ---- */

static bool take_role(struct cli *cli, uint64_t *role)
{
	const char *name = cli_value(cli, "--role");
	*role = MAILBOX_ROLE_NONE;
	if (name == NULL)
		return true;
	for (unsigned i = MAILBOX_ROLE_DRAFTS; i <= MAILBOX_ROLE_LAST; i++)
		if (strcmp(name, roles[i]) == 0)
			*role = i;
	if (*role)
		return true;
	cli_usage(cli, "--role takes drafts, sent, junk, trash, archive, all, flagged or important");
	return false;
}

static int create(struct cli *cli, struct directory_client *directory)
{
	struct mailbox_client client;
	struct mail_create create = {0};
	struct mail_done done;
	if (!take_role(cli, &create.role) || !cli_words(cli, 2, 2))
		return EXIT_USAGE;
	int status = mailbox_client_open(cli, directory, cli->argv[0], &client);
	if (status)
		return status;
	create.path = view_from_string(cli->argv[1]);
	int error = mailbox_client_run(&client, MAIL_CREATE, &create, NULL, NULL, &done);
	/* Whoever makes it here wants to see it there. */
	struct mail_set set = {
	    .mailbox = error ? 0 : done.number, .set = MAIL_SET_SUBSCRIBED, .subscribed = 1};
	if (error == 0)
		error = mailbox_client_run(&client, MAIL_SET, &set, NULL, NULL, NULL);
	mailbox_client_close(&client);
	return mailbox_client_problem(cli->argv[1], error);
}

static int rename_mailbox(struct cli *cli, struct directory_client *directory)
{
	struct mailbox_client client;
	struct mail_mailbox found;
	if (!cli_words(cli, 3, 3))
		return EXIT_USAGE;
	int status = mailbox_client_open(cli, directory, cli->argv[0], &client);
	if (status)
		return status;
	int error = mailbox_client_find(&client, view_from_string(cli->argv[1]), &found);
	if (error == 0) {
		struct mail_rename rename = {
		    .mailbox = found.mailbox, .path = view_from_string(cli->argv[2])};
		error = mailbox_client_run(&client, MAIL_RENAME, &rename, NULL, NULL, NULL);
	}
	mailbox_client_close(&client);
	return mailbox_client_problem(error == -ENOENT ? cli->argv[1] : cli->argv[2], error);
}

static int remove_mailbox(struct cli *cli, struct directory_client *directory)
{
	struct mailbox_client client;
	struct mail_mailbox found;
	if (!cli_words(cli, 2, 2))
		return EXIT_USAGE;
	int status = mailbox_client_open(cli, directory, cli->argv[0], &client);
	if (status)
		return status;
	int error = mailbox_client_find(&client, view_from_string(cli->argv[1]), &found);
	if (error == 0) {
		struct mail_remove remove = {.mailbox = found.mailbox};
		error = mailbox_client_run(&client, MAIL_REMOVE, &remove, NULL, NULL, NULL);
	}
	mailbox_client_close(&client);
	return mailbox_client_problem(cli->argv[1], error);
}

/* ---- deleted mail ---- */

static int report(struct cli *cli, struct directory_client *client, enum directory_operation operation,
    uint64_t number, const char *what)
{
	struct message_directory_answer answer;
	const char *address = cli->argv[0];
	const struct view field = view_from_string(address);
	int status = cli_directory_problem(
	    address, directory_client_ask(client, operation, number, &field, 1, &answer));
	if (status == 0 && cli->json) {
		fputs("{\"address\":", stdout);
		cli_json_string(field);
		printf(",\"messages\":%llu}\n", (unsigned long long)answer.number);
	} else if (status == 0)
		printf("%s: %llu message%s %s\n", address, (unsigned long long)answer.number,
		    answer.number == 1 ? "" : "s", what);
	return status;
}

static int undelete(struct cli *cli, struct directory_client *client)
{
	const char *days_text = cli_value(cli, "--days");
	uint64_t days = 3650;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	if (days_text && !view_to_u64(view_from_string(days_text), 3650, &days))
		return cli_usage(cli, "--days takes a number up to 3650");
	return report(
	    cli, client, DIRECTORY_UNDELETE, (uint64_t)(time(NULL) - (time_t)days * 86400), "brought back");
}

static int purge(struct cli *cli, struct directory_client *client)
{
	return cli_words(cli, 1, 1) ? report(cli, client, DIRECTORY_PURGE, 0, "erased for good") : EXIT_USAGE;
}

int cli_mailbox(struct cli *cli)
{
	static const struct cli_verb rows[] = {{"list", list_mailboxes}, {"create", create, true},
	    {"rename", rename_mailbox, true}, {"remove", remove_mailbox, true}, {"import", mailbox_import},
	    {"export", mailbox_export}, {"share", mailbox_share, true}, {"shares", mailbox_shares},
	    {"accept", mailbox_accept, true}, {"leave", mailbox_leave, true}, {"undelete", undelete},
	    {"purge", purge}};
	return cli_run_verb(cli, rows, sizeof rows / sizeof rows[0]);
}
