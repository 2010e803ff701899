/*
 * forward: an address's mail goes on to others, with or without a copy that stays. An account gets a rule,
 * which its owner sees and may change; any other address gets an alias. Neither leads back to where it came
 * from: a message that an account has sent on to an address is not sent there again
 * (role/store/store_redirect.c), and aliases are followed once.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cli_rule.h"
#include "cli/directory_walk.h"
#include "format/address_normal.h"

enum { TARGET_FIELDS = 3 };

/* Whether mail for `to` comes to the account: then it would be sent in a circle. */
static bool leads_back(struct directory_client *client, const char *to, uint64_t account)
{
	struct message_directory_answer answer;
	const struct view field = view_from_string(to);
	int error = directory_client_ask(client, DIRECTORY_RESOLVE, 0, &field, 1, &answer);
	const struct message_field *fields = answer.fields.items;
	if (error == -ENOENT || error == -EACCES)
		fprintf(stderr,
		    "postrider: warning: %s takes no mail here, so what is forwarded to it comes back\n", to);
	for (size_t i = 0; error == 0 && i + TARGET_FIELDS <= answer.fields.count; i += TARGET_FIELDS)
		if (directory_number(fields[i].value) == account)
			return true;
	return false;
}

static int check(
    struct directory_client *client, const struct rule_forwarding *f, uint64_t account, const char *address)
{
	for (size_t i = 0; i < f->count; i++) {
		struct address normal;
		if (address_normalize(view_from_string(f->to[i]), &normal) != 0) {
			fprintf(stderr, "postrider: --to %s: this is no address\n", f->to[i]);
			return EXIT_DATA;
		}
		if (account && leads_back(client, f->to[i], account)) {
			fprintf(stderr,
			    "postrider: mail for %s comes to %s, so it would go in a circle; nothing was "
			    "changed\n",
			    f->to[i], address);
			return EXIT_DATA;
		}
	}
	return 0;
}

struct search {
	struct address address;
	bool found;
};

static void find_masked(void *arg, const struct message_field *row)
{
	struct search *s = arg;
	s->found = s->found || view_equal(row[0].value, address_view(&s->address));
}

/* `alias remove` takes it away, too, and nothing makes it again: that is not what --off means. */
static bool is_masked(struct directory_client *client, const char *address)
{
	struct search s = {.found = false};
	char domain[ADDRESS_MAX + 1];
	if (address_normalize(view_from_string(address), &s.address) != 0)
		return false;
	snprintf(domain, sizeof domain, "%.*s", VIEW_FMT(address_domain(&s.address)));
	return directory_walk(client, &directory_masked, domain, find_masked, &s) == 0 && s.found;
}

static int by_alias(struct directory_client *client, const char *address, const struct rule_forwarding *f)
{
	struct message_directory_answer answer;
	struct buf targets;
	if (f->keep) {
		fprintf(stderr,
		    "postrider: %s has no mailbox in which a copy could be kept; leave --keep out, or add "
		    "the account "
		    "first\n",
		    address);
		return EXIT_DATA;
	}
	if (is_masked(client, address)) {
		fprintf(stderr,
		    "postrider: %s is a masked address of a user, and leads to that user alone; nothing was "
		    "changed\n",
		    address);
		return EXIT_DATA;
	}
	buf_init(&targets, 16 * 1024);
	for (size_t i = 0; i < f->count; i++)
		buf_printf(&targets, "%s%s", i ? "\n" : "", f->to[i]);
	const struct view fields[] = {view_from_string(address), buf_view(&targets)};
	int error = f->count ? directory_client_ask(client, DIRECTORY_ALIAS_PUT, 0, fields, 2, &answer)
	                     : directory_client_ask(client, DIRECTORY_ALIAS_DELETE, 0, fields, 1, &answer);
	buf_done(&targets);
	return cli_directory_problem(address, error);
}

static void tell(const struct cli *cli, const char *address, const struct rule_forwarding *f)
{
	if (cli->json) {
		fputs("{\"address\":", stdout);
		cli_json_string(view_from_string(address));
		fputs(",\"to\":[", stdout);
		for (size_t i = 0; i < f->count; i++) {
			fputs(i ? "," : "", stdout);
			cli_json_string(view_from_string(f->to[i]));
		}
		printf("],\"keep\":%s}\n", f->keep ? "true" : "false");
	} else if (f->count == 0) {
		printf("mail for %s is not forwarded any more\n", address);
	} else {
		printf("mail for %s goes on to", address);
		for (size_t i = 0; i < f->count; i++)
			printf("%s %s", i ? "," : "", f->to[i]);
		puts(f->keep ? ", and a copy stays" : "; no copy stays");
	}
}

static bool take_targets(struct cli *cli, struct rule_forwarding *f)
{
	const char *to;
	while ((to = cli_value(cli, "--to")) != NULL) {
		if (f->count == RULE_FORWARD_MAX)
			return false;
		f->to[f->count++] = to;
	}
	return true;
}

static int forward(struct cli *cli, struct directory_client *client, const struct rule_forwarding *f)
{
	struct message_directory_answer answer;
	const char *address = cli->argv[0];
	const struct view field = view_from_string(address);
	int error = directory_client_ask(client, DIRECTORY_ACCOUNT_STAT, 0, &field, 1, &answer);
	uint64_t account = error ? 0 : answer.number;
	if (error && error != -ENOENT)
		return cli_directory_problem(address, error);
	int status = check(client, f, account, address);
	if (status == 0)
		status = account ? rule_forward(cli, client, f) : by_alias(client, address, f);
	if (status == 0)
		tell(cli, address, f);
	return status;
}

int cli_forward(struct cli *cli)
{
	struct directory_client *client;
	struct rule_forwarding f = {.keep = cli_option(cli, "--keep")};
	bool off = cli_option(cli, "--off");
	if (!take_targets(cli, &f))
		return cli_usage(cli, "mail is forwarded to at most 10 addresses; an alias leads to more");
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	if (off == (f.count > 0) || (off && f.keep))
		return cli_usage(cli, "forward takes --to ADDRESS, or --off to end it");
	int status = directory_client_open(cli, &client);
	if (status)
		return status;
	status = forward(cli, client, &f);
	directory_client_close(client);
	return status;
}
