/*
 * auth test: would this password open the account, which of its passwords is it, and what does it open? It is
 * judged here, by the account's record, as a login would be; nothing is counted against the account. Whether
 * the server holds logins back just now, since somebody has guessed, is not asked.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/account_record.h"
#include "cli/cli.h"
#include "format/address_normal.h"
#include "trust/login/strength.h"

static const struct {
	unsigned bit;
	const char *name;
} protocols[] = {{CREDENTIAL_SMTP, "submission"}, {CREDENTIAL_IMAP, "imap"}, {CREDENTIAL_POP3, "pop3"},
    {CREDENTIAL_SIEVE, "managesieve"}, {CREDENTIAL_WEB, "web"}};

enum { PROTOCOLS = sizeof protocols / sizeof protocols[0] };

struct verdict {
	bool right;            /* it is a password of the account's */
	uint64_t credential;   /* 0: the main password */
	struct view name;      /* of an app password */
	bool opens[PROTOCOLS]; /* a login succeeds */
	bool disabled, second; /* the account is disabled; it has a second factor */
	bool administrator;
};

static void judge(const struct account_record *r, struct view password, struct verdict *v)
{
	const struct credentials *c = &r->credentials;
	v->second = second_factor_is_set(&c->second);
	v->administrator = r->administrator;
	for (size_t i = 0; i < PROTOCOLS; i++) {
		uint64_t credential;
		/* The slow hash of the main password is the same for all protocols. */
		unsigned apps = v->right && v->credential == 0 ? 0 : CREDENTIAL_APPS_ONLY;
		int error = credentials_check(c, password, protocols[i].bit | (i ? apps : 0), &credential);
		bool main = v->right && v->credential == 0;
		if (error && !main)
			continue;
		if (!main) {
			v->right = true;
			v->credential = credential;
		}
		bool web = protocols[i].bit == CREDENTIAL_WEB;
		v->opens[i] = !v->disabled && (v->credential != 0 || !v->second || web);
	}
	for (size_t i = 0; v->right && i < c->app_count; i++)
		if (c->apps[i].id == v->credential)
			v->name = c->apps[i].name;
}

static bool opens_any(const struct verdict *v)
{
	bool any = false;
	for (size_t i = 0; i < PROTOCOLS; i++)
		any = any || v->opens[i];
	return any;
}

static void print_json(const char *address, const struct verdict *v)
{
	bool first = true;
	fputs("{\"address\":", stdout);
	cli_json_string(view_from_string(address));
	printf(",\"right\":%s,\"disabled\":%s,\"twoStep\":%s", v->right ? "true" : "false",
	    v->disabled ? "true" : "false", v->second ? "true" : "false");
	if (v->right) {
		fputs(",\"credential\":", stdout);
		cli_json_string(v->credential ? VIEW("app password") : VIEW("main password"));
	}
	if (v->name.len) {
		fputs(",\"name\":", stdout);
		cli_json_string(v->name);
	}
	fputs(",\"opens\":[", stdout);
	for (size_t i = 0; i < PROTOCOLS; i++) {
		if (!v->opens[i])
			continue;
		printf("%s\"%s\"", first ? "" : ",", protocols[i].name);
		first = false;
	}
	puts("]}");
}

static void print_words(const char *address, const struct verdict *v)
{
	const char *between = "";
	if (!v->right) {
		printf("%s: the password is wrong: it is neither the main password nor an app password.\n",
		    address);
		if (v->disabled)
			puts("The account is disabled besides; `postrider account enable` lets it be used "
			     "again.");
		return;
	}
	printf("%s: the password is right: it is ", address);
	if (v->credential) {
		fputs("the app password '", stdout);
		cli_print(v->name);
		puts("'.");
	} else {
		puts("the main password.");
	}
	if (v->disabled) {
		puts("But the account is disabled, so nobody logs in; `postrider account enable` lets it be "
		     "used "
		     "again.");
		return;
	}
	fputs(opens_any(v) ? "It opens: " : "It opens nothing.", stdout);
	for (size_t i = 0; i < PROTOCOLS; i++) {
		if (!v->opens[i])
			continue;
		printf("%s%s", between, protocols[i].name);
		between = ", ";
	}
	puts(opens_any(v) ? "." : "");
	if (v->second && v->credential == 0)
		puts("Two-step login is on: a browser asks for the second step as well, and mail programs "
		     "need an app "
		     "password (`postrider account app-add`).");
}

/* 0 when a login would succeed somewhere. */
static int show(const struct cli *cli, const char *address, const struct verdict *v)
{
	if (cli->json)
		print_json(address, v);
	else
		print_words(address, v);
	return v->right && opens_any(v) ? 0 : EXIT_REFUSED;
}

/* The account that a login with this name leads to: its own address, or an alias of it alone. */
static int find_account(
    struct directory_client *client, const char *name, struct buf *address, bool *disabled)
{
	struct message_directory_answer answer;
	const struct view field = view_from_string(name);
	int error = directory_client_ask(client, DIRECTORY_LOOK_UP, 1, &field, 1, &answer);
	*disabled = error == 0 && answer.number == 0;
	const struct message_field *fields = answer.fields.items;
	if (error == 0)
		buf_append(address, fields[0].value);
	return error ? cli_directory_problem(name, error) : 0;
}

static int test(struct cli *cli, struct directory_client *client)
{
	bool from_stdin = cli_option(cli, "--password-stdin");
	struct account_record r = {0};
	struct verdict v = {.right = false};
	struct buf password, address;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	buf_init(&address, ADDRESS_MAX);
	int status = find_account(client, cli->argv[0], &address, &v.disabled);
	if (status) {
		buf_done(&address);
		return status;
	}
	status = account_record_read(client, buf_string(&address), &r);
	buf_init(&password, PASSWORD_MAX);
	if (status == 0 && !cli_ask_password(from_stdin, &password))
		status = EXIT_DATA;
	if (status == 0) {
		judge(&r, buf_view(&password), &v);
		status = show(cli, buf_string(&address), &v);
	}
	if (password.data)
		mem_wipe(password.data, password.cap);
	buf_done(&password);
	buf_done(&address);
	account_record_free(&r);
	return status;
}

int cli_auth(struct cli *cli)
{
	static const struct cli_verb verbs[] = {{"test", test}};
	return cli_run_verb(cli, verbs, 1);
}
