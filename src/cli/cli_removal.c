/*
 * Removing accounts, domains and aliases: what hangs on them is said, and somebody has to say yes. Accounts
 * and domains can be brought back for as many days as deleted mail; how an alias is made again is printed.
 */
#include "cli/cli_removal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/directory_walk.h"
#include "cli/removal_look.h"

struct removal {
	bool yes, now;
	const char *name;
};

static bool take_words(struct cli *cli, struct removal *r, bool with_now)
{
	r->yes = cli_option(cli, "--yes");
	r->now = with_now && cli_option(cli, "--now");
	if (!cli_words(cli, 1, 1))
		return false;
	r->name = cli->argv[0];
	/* Nothing is kept for a time: then it can as well go at once. */
	r->now = r->now || (with_now && cli->settings.undelete_days == 0);
	return true;
}

static void say_what_happens(const struct cli *cli, const struct removal *r, const char *kind)
{
	if (r->now) {
		puts("All of this is erased at once, and cannot be brought back.");
		return;
	}
	printf(
	    "Nobody can log in any more, and mail for it is handled as for an address that does not exist.\n"
	    "For %llu days `postrider %s restore %s` brings all of it back; then it is erased.\n",
	    (unsigned long long)cli->settings.undelete_days, kind, r->name);
}

/* What is marked for it is erased, a step at a time. */
static int erase(struct directory_client *client, const char *name)
{
	struct message_directory_answer answer;
	int error;
	do {
		/* 1 is the time of what is being erased: nothing else is as old. */
		error = directory_client_ask(client, DIRECTORY_ERASE, 1, &(struct view){0}, 1, &answer);
	} while (error == 0 && answer.number != 0);
	return cli_directory_problem(name, error);
}

static void tell(const struct cli *cli, const struct removal *r, const struct removal_look *look)
{
	int64_t until = (int64_t)time(NULL) + (int64_t)cli->settings.undelete_days * 86400;
	if (!cli->json) {
		cli_print(address_view(&look->subject));
		fputs(r->now ? " was removed, and erased for good\n"
		             : " was removed; it can be restored until ",
		    stdout);
		if (!r->now) {
			cli_print_time(until);
			putchar('\n');
		}
		return;
	}
	fputs("{\"removed\":", stdout);
	cli_json_string(address_view(&look->subject));
	fputs(",\"until\":", stdout);
	if (r->now) {
		fputs("null", stdout);
	} else {
		putchar('"');
		cli_print_time(until);
		putchar('"');
	}
	removal_look_json(look);
	puts("}");
}

/* ---- accounts ---- */

/* With --now also one that was removed before, of which there is nothing to look at any more. */
static int erase_removed(struct cli *cli, struct directory_client *client, const struct removal *r)
{
	struct message_directory_answer answer;
	const struct view field = view_from_string(r->name);
	int status = cli_confirm(r->yes, "erasing an account for good");
	if (status == 0)
		status = cli_directory_problem(r->name, directory_client_ask(client, DIRECTORY_ACCOUNT_DELETE,
		                                            DIRECTORY_REMOVE_NOW, &field, 1, &answer));
	if (status == 0)
		status = erase(client, r->name);
	if (status == 0 && cli->json) {
		fputs("{\"removed\":", stdout);
		cli_json_string(field);
		puts(",\"until\":null}");
	}
	return status;
}

struct search {
	struct address name;
	bool domain, found;
};

static void find_removed(void *arg, const struct message_field *row)
{
	struct search *s = arg;
	bool domain = view_equal(row[2].value, VIEW("domain"));
	s->found = s->found || (domain == s->domain && view_equal(row[3].value, address_view(&s->name)));
}

static void find_domain(void *arg, const struct message_field *row)
{
	struct search *s = arg;
	s->found = s->found || view_equal(row[0].value, address_view(&s->name));
}

static bool was_removed(struct directory_client *client, const char *name, bool domain)
{
	struct search s = {.domain = domain};
	struct view text = view_from_string(name);
	int error = domain ? address_normalize_domain(text, &s.name) : address_normalize(text, &s.name);
	return error == 0 && directory_walk(client, &directory_removed_rows, NULL, find_removed, &s) == 0 &&
	       s.found;
}

int cli_account_remove(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	struct removal_look look;
	struct removal r;
	if (!take_words(cli, &r, true))
		return EXIT_USAGE;
	if (r.now && was_removed(client, r.name, false))
		return erase_removed(cli, client, &r);
	int status = removal_look_account(cli, client, r.name, &look);
	if (status == 0 && !cli->json) {
		removal_look_print(&look);
		say_what_happens(cli, &r, "account");
	}
	if (status == 0)
		status = cli_confirm(r.yes, "removing an account");
	const struct view field = view_from_string(r.name);
	if (status == 0)
		status = cli_directory_problem(
		    r.name, directory_client_ask(client, DIRECTORY_ACCOUNT_DELETE,
		                r.now ? DIRECTORY_REMOVE_NOW : DIRECTORY_REMOVE_ALL, &field, 1, &answer));
	if (status == 0 && r.now)
		status = erase(client, r.name);
	if (status == 0)
		tell(cli, &r, &look);
	removal_look_done(&look);
	return status;
}

static int restore_problem(const char *name, const char *kind, int error)
{
	if (error == -ENOENT) {
		fprintf(stderr,
		    "postrider: %s: no such %s was removed lately (`postrider %s list --removed` shows those "
		    "that "
		    "can be restored; the domain of an account must be there)\n",
		    name, kind, kind);
		return EXIT_NOTHING;
	}
	if (error == -EEXIST) {
		fprintf(stderr,
		    "postrider: %s: an alias has this address now; remove the alias first (`postrider alias "
		    "remove "
		    "%s`)\n",
		    name, name);
		return EXIT_DATA;
	}
	if (error == -EKEYEXPIRED) {
		fprintf(
		    stderr, "postrider: %s: it is being erased already, and cannot be brought back\n", name);
		return EXIT_DATA;
	}
	return cli_directory_problem(name, error);
}

static void tell_restored(const struct cli *cli, const char *name)
{
	if (cli->json) {
		fputs("{\"restored\":", stdout);
		cli_json_string(view_from_string(name));
		puts("}");
	} else {
		cli_print(view_from_string(name));
		puts(" is as it was before it was removed");
	}
}

int cli_account_restore(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	const struct view field = view_from_string(cli->argv[0]);
	int error = directory_client_ask(client, DIRECTORY_ACCOUNT_RESTORE, 0, &field, 1, &answer);
	if (error == 0)
		tell_restored(cli, cli->argv[0]);
	return restore_problem(cli->argv[0], "account", error);
}

/* ---- domains ---- */

/* In steps, each of some accounts. */
static int move_domain(struct directory_client *client, enum directory_operation operation,
    enum directory_removal how, const char *name)
{
	struct message_directory_answer answer;
	const struct view field = view_from_string(name);
	int error;
	do {
		error = directory_client_ask(client, operation, how, &field, 1, &answer);
	} while (error == 0 && answer.number != 0);
	return error;
}

int cli_domain_remove(struct cli *cli, struct directory_client *client)
{
	struct removal_look look;
	struct removal r;
	if (!take_words(cli, &r, true))
		return EXIT_USAGE;
	bool again = r.now && was_removed(client, r.name, true);
	int status = removal_look_domain(cli, client, r.name, &look);
	if (status == 0 && !again) {
		struct search s = {.name = look.subject, .domain = true};
		status = cli_directory_problem(
		    r.name, directory_walk(client, &directory_domains, NULL, find_domain, &s));
		if (status == 0 && !s.found)
			status = cli_directory_problem(r.name, -ENOENT);
	}
	if (status == 0 && !cli->json) {
		removal_look_print(&look);
		say_what_happens(cli, &r, "domain");
	}
	if (status == 0)
		status = cli_confirm(r.yes, "removing a domain");
	if (status == 0)
		status = cli_directory_problem(
		    r.name, move_domain(client, DIRECTORY_DOMAIN_DELETE,
		                r.now ? DIRECTORY_REMOVE_NOW : DIRECTORY_REMOVE_ALL, r.name));
	if (status == 0 && r.now)
		status = erase(client, r.name);
	if (status == 0)
		tell(cli, &r, &look);
	removal_look_done(&look);
	return status;
}

int cli_domain_restore(struct cli *cli, struct directory_client *client)
{
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	int error = move_domain(client, DIRECTORY_DOMAIN_RESTORE, DIRECTORY_REMOVE_EMPTY, cli->argv[0]);
	if (error == 0)
		tell_restored(cli, cli->argv[0]);
	return restore_problem(cli->argv[0], "domain", error);
}

/* ---- aliases ---- */

struct targets {
	struct address address;
	struct buf text;
	bool found, masked;
};

static void find_targets(void *arg, const struct message_field *row)
{
	struct targets *x = arg;
	if (!view_equal(row[0].value, address_view(&x->address)))
		return;
	x->found = true;
	buf_append(&x->text, row[1].value);
}

static void find_masked(void *arg, const struct message_field *row)
{
	struct targets *x = arg;
	x->masked = x->masked || view_equal(row[0].value, address_view(&x->address));
}

/* As words of a shell: an address may hold anything. */
static void print_quoted(struct view word)
{
	struct view part;
	putchar('\'');
	for (bool first = true; word.len && view_next(&word, '\'', &part); first = false) {
		fputs(first ? "" : "'\\''", stdout);
		cli_print(part);
	}
	putchar('\'');
}

static void print_undo(const struct targets *x)
{
	struct view rest = buf_view(&x->text), one;
	fputs("To undo this: postrider alias add ", stdout);
	print_quoted(address_view(&x->address));
	while (rest.len && view_next(&rest, '\n', &one)) {
		putchar(' ');
		print_quoted(one);
	}
	putchar('\n');
}

static void print_alias(const struct targets *x, const struct removal_look *look)
{
	struct view rest = buf_view(&x->text), one;
	removal_look_print(look);
	while (rest.len && view_next(&rest, '\n', &one)) {
		fputs("  leads to ", stdout);
		cli_print(one);
		putchar('\n');
	}
	if (x->masked)
		puts("  is a masked address of a user, which cannot be made again");
	puts("Mail for it is refused from then on, unless the domain has a catch-all.");
}

static void tell_alias(const struct cli *cli, const struct targets *x)
{
	struct view rest = buf_view(&x->text), one;
	if (!cli->json) {
		if (x->found)
			print_undo(x);
		return;
	}
	fputs("{\"removed\":", stdout);
	cli_json_string(address_view(&x->address));
	fputs(",\"targets\":[", stdout);
	for (bool first = true; rest.len && view_next(&rest, '\n', &one); first = false) {
		fputs(first ? "" : ",", stdout);
		cli_json_string(one);
	}
	puts("]}");
}

int cli_alias_remove(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	struct removal_look look;
	struct removal r;
	struct targets x = {.found = false};
	char domain[ADDRESS_MAX + 1];
	if (!take_words(cli, &r, false))
		return EXIT_USAGE;
	const struct view field = view_from_string(r.name);
	int status = cli_directory_problem(r.name, address_normalize(field, &x.address));
	if (status)
		return status;
	snprintf(domain, sizeof domain, "%.*s", VIEW_FMT(address_domain(&x.address)));
	buf_init(&x.text, 64 * 1024);
	int error = directory_walk(client, &directory_aliases, domain, find_targets, &x);
	if (error == 0 && !x.found)
		error = directory_walk(client, &directory_masked, domain, find_masked, &x);
	if (error == 0 && !x.found && !x.masked)
		error = -ENOENT;
	status = cli_directory_problem(r.name, error);
	if (status) {
		buf_done(&x.text);
		return status;
	}
	status = removal_look_alias(client, r.name, &look);
	if (status == 0 && !cli->json)
		print_alias(&x, &look);
	if (status == 0)
		status = cli_confirm(r.yes, "removing an alias");
	if (status == 0)
		status = cli_directory_problem(
		    r.name, directory_client_ask(client, DIRECTORY_ALIAS_DELETE, 0, &field, 1, &answer));
	if (status == 0)
		tell_alias(cli, &x);
	buf_done(&x.text);
	removal_look_done(&look);
	return status;
}

/* ---- lists ---- */

struct removed_list {
	struct view kind;
	int64_t keep;
	bool json, any;
};

static void print_removed(void *arg, const struct message_field *row)
{
	struct removed_list *l = arg;
	int64_t when = (int64_t)directory_number(row[1].value);
	if (!view_equal(row[2].value, l->kind))
		return;
	if (l->json) {
		fputs(l->any ? ",{\"name\":" : "{\"name\":", stdout);
		cli_json_string(row[3].value);
		fputs(",\"removed\":\"", stdout);
		cli_print_time(when);
		fputs("\",\"until\":\"", stdout);
		cli_print_time(when + l->keep);
		fputs("\"}", stdout);
	} else {
		cli_print(row[3].value);
		fputs(" removed ", stdout);
		cli_print_time(when);
		fputs(", can be restored until ", stdout);
		cli_print_time(when + l->keep);
		putchar('\n');
	}
	l->any = true;
}

int cli_removed_list(struct cli *cli, struct directory_client *client, const char *kind)
{
	struct removed_list l = {.kind = view_from_string(kind),
	    .keep = (int64_t)cli->settings.undelete_days * 86400,
	    .json = cli->json};
	if (!cli_words(cli, 0, 0))
		return EXIT_USAGE;
	if (cli->json)
		putchar('[');
	int error = directory_walk(client, &directory_removed_rows, NULL, print_removed, &l);
	if (cli->json)
		puts("]");
	return cli_directory_problem(kind, error);
}
