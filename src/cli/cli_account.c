/* account: add, password, quota, disable, enable, admin, remove, show, list, app-add, app-remove. Sessions of
 * the web and the second factor: cli_account_web.c. */
#include "cli/cli_account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/random.h"
#include "cli/account_record.h"
#include "cli/cli_account_import.h"
#include "cli/cli_account_rename.h"
#include "cli/cli_account_show.h"
#include "cli/cli_account_web.h"
#include "cli/cli_removal.h"
#include "trust/login/credentials.h"
#include "trust/login/strength.h"

void cli_generate_password(char out[CLI_GENERATED_SIZE])
{
	char id[RANDOM_ID_SIZE];
	size_t n = 0;
	for (int group = 0; group < 5; group++) {
		if (group > 0)
			out[n++] = '-';
		random_id(id);
		for (int i = 0; i < 4; i++)
			out[n++] = id[i];
	}
	out[n] = '\0';
}

/* ---- credentials ---- */

struct new_password {
	struct view text;
	bool scram;
};

static int put_password(struct account_record *r, void *arg)
{
	const struct new_password *password = arg;
	if (credentials_set_password(&r->credentials, password->text, password->scram, &r->arena) == 0)
		return 0;
	fprintf(stderr, "postrider: this password contains characters that cannot be used\n");
	return EXIT_DATA;
}

int cli_refuse_weak(struct view password, const char *address)
{
	const char *weakness = password_weakness(password, view_from_string(address));
	if (weakness == NULL)
		return 0;
	fprintf(stderr, "postrider: this password cannot be used: %s\n", weakness);
	return EXIT_DATA;
}

/* The password by which option ever. */
static int get_password(
    struct cli *cli, const char *address, bool generate, bool from_stdin, struct buf *password)
{
	char generated[CLI_GENERATED_SIZE];
	if (!generate) {
		if (!cli_read_password(cli, from_stdin, password))
			return EXIT_DATA;
		return cli_refuse_weak(buf_view(password), address);
	}
	cli_generate_password(generated);
	buf_append_string(password, generated);
	mem_wipe(generated, sizeof generated);
	return 0;
}

/* A generated password is shown once it opens something. */
static void tell_password(
    const struct cli *cli, const char *address, bool generated, const struct buf *password)
{
	if (cli->json) {
		fputs("{\"address\":", stdout);
		cli_json_string(view_from_string(address));
		if (generated) {
			fputs(",\"password\":", stdout);
			cli_json_string(buf_view(password));
		}
		puts("}");
	} else if (generated) {
		printf("%s %.*s\n", address, VIEW_FMT(buf_view(password)));
	}
}

static bool refuse_scram(const struct cli *cli)
{
	if (cli->settings.allow_main_password_scram)
		return false;
	fprintf(stderr, "postrider: SCRAM with the main password is not allowed here (setting "
	                "allow_main_password_scram); use an app password (`postrider account app-add`)\n");
	return true;
}

int cli_account_reset_password(struct directory_client *client, const char *address, struct view password)
{
	struct new_password fresh = {.text = password};
	return account_record_change(client, address, DIRECTORY_CREDENTIALS_REPLACED, put_password, &fresh);
}

/* ---- the verbs ---- */

static int add(struct cli *cli, struct directory_client *client)
{
	bool generate = cli_option(cli, "--generate"), from_stdin = cli_option(cli, "--password-stdin"),
	     scram = cli_option(cli, "--scram");
	const char *quota_text = cli_value(cli, "--quota");
	uint64_t quota = 0;
	struct buf password;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	if (quota_text && !view_to_size(view_from_string(quota_text), &quota))
		return cli_usage(cli, "--quota takes a size such as 500M");
	if (scram && refuse_scram(cli))
		return EXIT_REFUSED;
	buf_init(&password, PASSWORD_MAX);
	int status = get_password(cli, cli->argv[0], generate, from_stdin, &password);
	if (status == 0)
		status = cli_account_create(client, cli->argv[0], buf_view(&password), quota, scram);
	if (status == 0)
		tell_password(cli, cli->argv[0], generate, &password);
	if (password.data)
		mem_wipe(password.data, password.cap);
	buf_done(&password);
	return status;
}

static int change_password(struct cli *cli, struct directory_client *client)
{
	bool generate = cli_option(cli, "--generate"), from_stdin = cli_option(cli, "--password-stdin"),
	     scram = cli_option(cli, "--scram");
	struct account_record r = {0};
	struct buf password;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	if (scram && refuse_scram(cli))
		return EXIT_REFUSED;
	buf_init(&password, PASSWORD_MAX);
	/* Nobody is asked for the password of an account that isn't there. */
	int status = account_record_read(client, cli->argv[0], &r);
	account_record_free(&r);
	if (status == 0)
		status = get_password(cli, cli->argv[0], generate, from_stdin, &password);
	struct new_password fresh = {.text = buf_view(&password), .scram = scram};
	if (status == 0)
		status = account_record_change(
		    client, cli->argv[0], DIRECTORY_CREDENTIALS_REPLACED, put_password, &fresh);
	if (status == 0)
		tell_password(cli, cli->argv[0], generate, &password);
	if (password.data)
		mem_wipe(password.data, password.cap);
	buf_done(&password);
	return status;
}

static int set(struct directory_client *client, const char *address, struct view what, struct view value)
{
	struct message_directory_answer answer;
	const struct view fields[] = {view_from_string(address), what, value};
	return cli_directory_problem(
	    address, directory_client_ask(client, DIRECTORY_ACCOUNT_SET, 0, fields, 3, &answer));
}

static int set_number(struct directory_client *client, const char *address, struct view what, uint64_t number)
{
	char bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (char)(number >> (56 - 8 * i));
	return set(client, address, what, view_of(bytes, 8));
}

static int set_quota(struct cli *cli, struct directory_client *client)
{
	const char *messages_text = cli_value(cli, "--messages");
	uint64_t quota = 0, messages = 0;
	int status = 0;
	if (!cli_words(cli, 1, 2))
		return EXIT_USAGE;
	if (cli->argc == 1 && !messages_text)
		return cli_usage(
		    cli, "missing argument: SIZE, or --messages N; `postrider account show` shows the quota");
	if (cli->argc == 2 && !view_to_size(view_from_string(cli->argv[1]), &quota))
		return cli_usage(cli, "the quota is a size such as 500M, or 0 for none of its own");
	if (messages_text && !view_to_u64(view_from_string(messages_text), UINT32_MAX, &messages))
		return cli_usage(cli, "--messages takes a number of messages, or 0 for no limit of its own");
	if (cli->argc == 2)
		status = set_number(client, cli->argv[0], VIEW("quota"), quota);
	if (status == 0 && messages_text)
		status = set_number(client, cli->argv[0], VIEW("messages"), messages);
	return status;
}

static int disable(struct cli *cli, struct directory_client *client)
{
	return cli_words(cli, 1, 1) ? set(client, cli->argv[0], VIEW("disabled"), VIEW("1")) : EXIT_USAGE;
}

static int enable(struct cli *cli, struct directory_client *client)
{
	return cli_words(cli, 1, 1) ? set(client, cli->argv[0], VIEW("disabled"), VIEW("")) : EXIT_USAGE;
}

/* By this command alone: whoever gets in by the web makes no administrators. */
static int set_administrator(struct cli *cli, struct directory_client *client)
{
	if (!cli_words(cli, 2, 2))
		return EXIT_USAGE;
	bool on = strcmp(cli->argv[1], "on") == 0;
	if (!on && strcmp(cli->argv[1], "off") != 0)
		return cli_usage(cli, "an account is made an administrator with on, and none with off");
	return set(client, cli->argv[0], VIEW("administrator"), on ? VIEW("1") : VIEW(""));
}

static unsigned parse_protocols(const char *list)
{
	static const struct {
		struct view name;
		unsigned bit;
	} names[] = {{{"smtp", 4}, CREDENTIAL_SMTP}, {{"pop3", 4}, CREDENTIAL_POP3},
	    {{"imap", 4}, CREDENTIAL_IMAP}, {{"web", 3}, CREDENTIAL_WEB}, {{"sieve", 5}, CREDENTIAL_SIEVE}};
	struct view rest = view_from_string(list), part;
	unsigned bits = 0;
	while (rest.len && view_next(&rest, ',', &part)) {
		unsigned found = 0;
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			if (view_equal_nocase(part, names[i].name))
				found = names[i].bit;
		if (found == 0)
			return 0;
		bits |= found;
	}
	return bits;
}

struct new_app {
	const char *name;
	unsigned protocols;
	enum app_password_kind kind;
	char text[APP_PASSWORD_LENGTH + 1];
};

static int put_app(struct account_record *r, void *arg)
{
	struct new_app *app = arg;
	unsigned char random[APP_PASSWORD_RANDOM];
	uint64_t id;
	random_bytes(random, sizeof random);
	int error = credentials_add_app(&r->credentials, view_from_string(app->name), app->protocols,
	    app->kind, random, (int64_t)time(NULL), &r->arena, app->text, &id);
	mem_wipe(random, sizeof random);
	if (error == 0)
		return 0;
	fprintf(stderr, "postrider: %s\n",
	    error == -ENOSPC ? "the account has 64 app passwords, the most that it can have; remove one first"
	    : error == -EEXIST
	        ? "the account has an app password of this name already; choose another name, or "
	          "remove that one with `postrider account app-remove`"
	        : "the name of an app password has 1 to 128 octets of UTF-8");
	return EXIT_DATA;
}

static int add_app(struct cli *cli, struct directory_client *client)
{
	const char *protocols = cli_value(cli, "--protocols");
	bool readable = cli_option(cli, "--readable");
	struct new_app app = {.protocols = protocols ? parse_protocols(protocols) : CREDENTIAL_ALL,
	    .kind = readable ? APP_PASSWORD_READABLE : APP_PASSWORD_SCRAM};
	if (!cli_words(cli, 2, 2))
		return EXIT_USAGE;
	if (app.protocols == 0)
		return cli_usage(
		    cli, "--protocols takes smtp, pop3, imap, web and sieve, separated by commas");
	app.name = cli->argv[1];
	int status = account_record_change(client, cli->argv[0], DIRECTORY_CREDENTIALS_ADDED, put_app, &app);
	if (status == 0 && cli->json)
		printf("{\"password\":\"%s\"}\n", app.text);
	else if (status == 0)
		printf("%s\n", app.text);
	mem_wipe(app.text, sizeof app.text);
	return status;
}

struct old_app {
	const char *address, *name;
};

static int take_app(struct account_record *r, void *arg)
{
	const struct old_app *app = arg;
	for (size_t i = 0; i < r->credentials.app_count; i++)
		if (view_equal(r->credentials.apps[i].name, view_from_string(app->name))) {
			credentials_remove_app(&r->credentials, r->credentials.apps[i].id);
			return 0;
		}
	fprintf(stderr, "postrider: %s has no app password named '%s'\n", app->address, app->name);
	return EXIT_NOTHING;
}

static int remove_app(struct cli *cli, struct directory_client *client)
{
	if (!cli_words(cli, 2, 2))
		return EXIT_USAGE;
	struct old_app app = {cli->argv[0], cli->argv[1]};
	return account_record_change(client, cli->argv[0], DIRECTORY_CREDENTIALS_REPLACED, take_app, &app);
}

int cli_account(struct cli *cli)
{
	static const struct cli_verb verbs[] = {{"add", add}, {"password", change_password},
	    {"quota", set_quota, true}, {"disable", disable, true}, {"enable", enable, true},
	    {"remove", cli_account_remove}, {"restore", cli_account_restore},
	    {"admin", set_administrator, true}, {"show", cli_account_show}, {"list", cli_account_list},
	    {"rename", cli_account_rename}, {"import", cli_account_import}, {"app-add", add_app},
	    {"app-remove", remove_app, true}, {"sessions", cli_account_sessions},
	    {"session-end", cli_account_session_end, true}, {"two-step-off", cli_account_two_step_off, true}};
	return cli_run_verb(cli, verbs, sizeof verbs / sizeof verbs[0]);
}
