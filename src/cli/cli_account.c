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
#include "cli/cli_account_web.h"
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

static int refuse_weak(struct view password, const char *address)
{
	const char *weakness = password_weakness(password, view_from_string(address));
	if (weakness == NULL)
		return 0;
	fprintf(stderr, "postrider: this password cannot be used: %s\n", weakness);
	return EXIT_DATA;
}

int cli_account_create(
    struct directory_client *client, const char *address, struct view password, uint64_t quota, bool scram)
{
	struct account_record r = {0};
	struct message_directory_answer answer;
	struct buf encoded;
	unsigned char salt[SCRAM_SALT_SIZE];
	random_bytes(salt, sizeof salt);
	arena_init(&r.arena, 1 << 20);
	buf_init(&encoded, CREDENTIALS_MAX);
	credentials_init(&r.credentials, salt);
	int error = credentials_set_password(&r.credentials, password, scram, &r.arena);
	if (error == 0)
		error = credentials_encode(&r.credentials, &encoded);
	const struct view fields[] = {view_from_string(address), buf_view(&encoded)};
	if (error == 0)
		error = directory_client_ask(client, DIRECTORY_ACCOUNT_ADD, quota, fields, 2, &answer);
	if (encoded.data)
		mem_wipe(encoded.data, encoded.cap);
	buf_done(&encoded);
	arena_done(&r.arena);
	if (error == -ENOENT) {
		fprintf(stderr,
		    "postrider: %s: this server does not have that domain yet; add it first, with `postrider "
		    "domain add`\n",
		    address);
		return EXIT_NOTHING;
	}
	return cli_directory_problem(address, error);
}

/* The password by which option ever: generated ones are printed. */
static int get_password(
    struct cli *cli, const char *address, bool generate, bool from_stdin, struct buf *password)
{
	char generated[CLI_GENERATED_SIZE];
	if (!generate) {
		if (!cli_read_password(cli, from_stdin, password))
			return EXIT_DATA;
		return refuse_weak(buf_view(password), address);
	}
	cli_generate_password(generated);
	buf_append_string(password, generated);
	printf("%s %s\n", address, generated);
	mem_wipe(generated, sizeof generated);
	return 0;
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
	if (!cli_words(cli, messages_text ? 1 : 2, 2))
		return EXIT_USAGE;
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

static int remove_account(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	const struct view field = view_from_string(cli->argv[0]);
	return cli_directory_problem(
	    cli->argv[0], directory_client_ask(client, DIRECTORY_ACCOUNT_DELETE, 0, &field, 1, &answer));
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
	    error == -ENOSPC ? "the account has too many app passwords; remove one first"
	                     : "the name of the app password is empty or too long");
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
	if (status == 0)
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

/* ---- looking ---- */

static void print_app_json(const struct app_password *app, bool follows)
{
	fputs(follows ? ",{\"name\":" : "{\"name\":", stdout);
	cli_json_string(app->name);
	printf(",\"last_used\":%lld}", (long long)app->last_used);
}

static void print_app_line(struct view name, const char *when)
{
	fputs("  app password    ", stdout);
	cli_print(name);
	printf(" (last used: %s)\n", when);
}

static void print_apps(const struct credentials *c, bool json)
{
	for (size_t i = 0; i < c->app_count; i++) {
		char when[32] = "never";
		time_t used = (time_t)c->apps[i].last_used;
		struct tm utc;
		if (used && gmtime_r(&used, &utc))
			strftime(when, sizeof when, "%Y-%m-%d %H:%M", &utc);
		if (json)
			print_app_json(&c->apps[i], i > 0);
		else
			print_app_line(c->apps[i].name, when);
	}
}

static int show(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	struct account_record r = {0};
	uint64_t numbers[5] = {0};
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	int status = account_record_read(client, cli->argv[0], &r);
	const struct view field = view_from_string(cli->argv[0]);
	if (status == 0)
		status = cli_directory_problem(cli->argv[0],
		    directory_client_ask(client, DIRECTORY_ACCOUNT_STAT, 0, &field, 1, &answer));
	const struct message_field *fields = answer.fields.items;
	for (size_t i = 0; status == 0 && i < 5 && i < answer.fields.count; i++)
		numbers[i] = directory_number(fields[i].value);
	if (status == 0 && cli->json) {
		fputs("{\"address\":", stdout);
		cli_json_string(view_from_string(cli->argv[0]));
		printf(",\"messages\":%llu,\"bytes\":%llu,\"deleted_bytes\":%llu,\"quota\":%llu,\"quota_"
		       "messages\":%llu,\"app_passwords\":[",
		    (unsigned long long)numbers[0], (unsigned long long)numbers[1],
		    (unsigned long long)numbers[2], (unsigned long long)numbers[3],
		    (unsigned long long)numbers[4]);
		print_apps(&r.credentials, true);
		printf("],\"two_step\":%s,\"sessions\":%zu,\"administrator\":%s}\n",
		    second_factor_is_set(&r.credentials.second) ? "true" : "false",
		    r.credentials.sessions.count, r.administrator ? "true" : "false");
	} else if (status == 0) {
		printf("%s\n  messages        %llu\n  bytes           %llu\n  deleted bytes   %llu\n",
		    cli->argv[0], (unsigned long long)numbers[0], (unsigned long long)numbers[1],
		    (unsigned long long)numbers[2]);
		if (numbers[3])
			printf("  quota           %llu\n", (unsigned long long)numbers[3]);
		if (numbers[4])
			printf("  quota, messages %llu\n", (unsigned long long)numbers[4]);
		print_apps(&r.credentials, false);
		if (second_factor_is_set(&r.credentials.second))
			puts("  two-step        on");
		if (r.credentials.sessions.count)
			printf("  web sessions    %zu\n", r.credentials.sessions.count);
		if (r.administrator)
			puts("  administrator   of this server, by the web");
	}
	account_record_free(&r);
	return status;
}

static void list_one(const struct cli *cli, const struct message_field *items, bool first)
{
	bool disabled = items[3].value.len > 0, administrator = items[4].value.len > 0;
	if (cli->json) {
		fputs(first ? "{\"address\":" : ",{\"address\":", stdout);
		cli_json_string(items[0].value);
		printf(",\"disabled\":%s,\"administrator\":%s}", disabled ? "true" : "false",
		    administrator ? "true" : "false");
	} else {
		cli_print(items[0].value);
		fputs(administrator ? " (administrator)" : "", stdout);
		puts(disabled ? " (disabled)" : "");
	}
}

static int list_domain(struct cli *cli, struct directory_client *client, struct view domain, bool *first)
{
	struct message_directory_answer answer;
	char after[1200] = "";
	for (;;) {
		const struct view fields[] = {domain, view_from_string(after)};
		int error = directory_client_ask(client, DIRECTORY_ACCOUNT_LIST, 0, fields, 2, &answer);
		if (error)
			return cli_directory_problem("accounts", error);
		const struct message_field *items = answer.fields.items;
		for (size_t i = 0; i + DIRECTORY_ACCOUNT_FIELDS <= answer.fields.count;
		     i += DIRECTORY_ACCOUNT_FIELDS) {
			list_one(cli, items + i, *first);
			*first = false;
			snprintf(after, sizeof after, "%.*s", VIEW_FMT(items[i].value));
		}
		if (answer.fields.count < DIRECTORY_ACCOUNT_FIELDS * DIRECTORY_LIST_PART)
			return 0;
	}
}

static int list(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	char after[300] = "";
	bool first = true;
	int status = 0;
	if (!cli_words(cli, 0, 1))
		return EXIT_USAGE;
	if (cli->json)
		putchar('[');
	if (cli->argc == 1)
		status = list_domain(cli, client, view_from_string(cli->argv[0]), &first);
	while (cli->argc == 0 && status == 0) {
		/* A domain at a time, since its accounts' questions end the view of the answer. */
		const struct view field = view_from_string(after);
		int error = directory_client_ask(client, DIRECTORY_DOMAIN_LIST, 0, &field, 1, &answer);
		status = cli_directory_problem("domains", error);
		if (status || answer.fields.count == 0)
			break;
		snprintf(after, sizeof after, "%.*s",
		    VIEW_FMT(((const struct message_field *)answer.fields.items)->value));
		status = list_domain(cli, client, view_from_string(after), &first);
	}
	if (cli->json)
		puts("]");
	return status;
}

int cli_account(struct cli *cli)
{
	static const struct cli_verb verbs[] = {{"add", add}, {"password", change_password},
	    {"quota", set_quota}, {"disable", disable}, {"enable", enable}, {"remove", remove_account},
	    {"admin", set_administrator}, {"show", show}, {"list", list}, {"app-add", add_app},
	    {"app-remove", remove_app}, {"sessions", cli_account_sessions},
	    {"session-end", cli_account_session_end}, {"two-step-off", cli_account_two_step_off}};
	return cli_run_verb(cli, verbs, sizeof verbs / sizeof verbs[0]);
}
