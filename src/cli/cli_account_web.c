/* account sessions, session-end, two-step-off: what an administrator does for somebody whose browser was
 * stolen, or whose telephone is lost. */
#include "cli/cli_account_web.h"

#include <stdio.h>
#include <time.h>

#include "cli/account_record.h"

/* ---- sessions ---- */

static void print_json(const struct web_session *s, bool follows)
{
	printf("%s{\"id\":%llu,\"agent\":", follows ? "," : "", (unsigned long long)s->id);
	cli_json_string(s->agent);
	fputs(",\"address\":", stdout);
	cli_json_string(s->address);
	fputs(",\"created\":\"", stdout);
	cli_print_time(s->created);
	fputs("\",\"last_used\":\"", stdout);
	cli_print_time(s->last_used);
	printf("\",\"token\":%s}", s->is_token ? "true" : "false");
}

static void print_line(const struct web_session *s)
{
	printf("%llu  ", (unsigned long long)s->id);
	cli_print_time(s->last_used);
	fputs(s->is_token ? "  token    " : "  browser  ", stdout);
	cli_print(s->address);
	fputs("  ", stdout);
	cli_print(s->agent);
	putchar('\n');
}

int cli_account_sessions(struct cli *cli, struct directory_client *client)
{
	struct account_record r = {0};
	bool follows = false;
	int64_t now = (int64_t)time(NULL);
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	int status = account_record_read(client, cli->argv[0], &r);
	if (status == 0 && cli->json)
		putchar('[');
	for (size_t i = 0; status == 0 && i < r.credentials.sessions.count; i++) {
		const struct web_session *s = &r.credentials.sessions.list[i];
		if (now - s->last_used >= WEB_SESSION_SECONDS)
			continue;
		if (cli->json)
			print_json(s, follows);
		else
			print_line(s);
		follows = true;
	}
	if (status == 0 && cli->json)
		puts("]");
	account_record_free(&r);
	return status;
}

struct ending {
	const char *address;
	uint64_t id; /* 0: all */
};

static int end_sessions(struct account_record *r, void *arg)
{
	const struct ending *e = arg;
	struct web_sessions *all = &r->credentials.sessions;
	if (e->id == 0) {
		all->count = 0;
		return 0;
	}
	if (web_session_end(all, e->id))
		return 0;
	fprintf(stderr, "postrider: %s has no session %llu; `postrider account sessions` lists them\n",
	    e->address, (unsigned long long)e->id);
	return EXIT_NOTHING;
}

int cli_account_session_end(struct cli *cli, struct directory_client *client)
{
	bool all = cli_option(cli, "--all");
	struct ending e = {.id = 0};
	if (!cli_words(cli, all ? 1 : 2, all ? 1 : 2))
		return EXIT_USAGE;
	e.address = cli->argv[0];
	if (!all && (!view_to_u64(view_from_string(cli->argv[1]), UINT64_MAX, &e.id) || e.id == 0))
		return cli_usage(
		    cli, "a session is named by its number, as `postrider account sessions` shows it");
	return account_record_change(client, cli->argv[0], DIRECTORY_CREDENTIALS_REPLACED, end_sessions, &e);
}

/* ---- the second factor ---- */

static int take_second(struct account_record *r, void *arg)
{
	const char *address = arg;
	if (!second_factor_is_set(&r->credentials.second)) {
		fprintf(stderr, "postrider: %s has no two-step sign-in\n", address);
		return EXIT_NOTHING;
	}
	second_factor_clear(&r->credentials.second);
	return 0;
}

int cli_account_two_step_off(struct cli *cli, struct directory_client *client)
{
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	int status = account_record_change(client, cli->argv[0], DIRECTORY_CREDENTIALS_REPLACED, take_second,
	    (void *)(uintptr_t)cli->argv[0]);
	if (status == 0)
		fprintf(stderr,
		    "postrider: %s: the codes, passkeys and recovery codes are gone. The password alone "
		    "opens this account "
		    "now, for mail programs too; if somebody else may know it, change it with `postrider "
		    "account password`\n",
		    cli->argv[0]);
	return status;
}
