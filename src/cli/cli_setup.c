/*
 * setup: from an installed program to a server that can take mail. It writes the few settings that have no
 * default, makes the first domain and the first account, and says what is left to do. Done again, it keeps
 * what is there.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/cli_account.h"
#include "cli/cli_config.h"
#include "cli/self_signed.h"
#include "config/conf_edit.h"
#include "config/conf_replace.h"
#include "format/address_normal.h"
#include "master/world_check.h"

enum {
	ANSWER_MAX = 512, /* a path or an address that somebody types */
	WISHES_MAX = 4,
	TEXT_MAX = CONF_SIZE_MAX + 65536
};

/* The anchor of DNSSEC's root, as Debian's package dns-root-data has it. */
static const char dns_anchor[] = "/usr/share/dns/root.key";

struct setup {
	struct cli *cli;
	char hostname[ANSWER_MAX], domain[ANSWER_MAX], account[ANSWER_MAX];
	char certificate[ANSWER_MAX], key[ANSWER_MAX];
	bool self_signed, generate, password_stdin;
	char password[CLI_GENERATED_SIZE]; /* generated */
	struct wish {
		const char *name;
		char value[PATH_MAX];
		bool list;
	} wishes[WISHES_MAX];
	size_t wish_count;
	bool account_was_there, account_made;
};

/* ---- what is wanted ---- */

/* An option's value; else what is typed at a terminal; else a usage error. */
static int want(struct setup *s, const char *option, const char *question, char answer[ANSWER_MAX])
{
	const char *given = cli_value(s->cli, option);
	char problem[200];
	if (given == NULL && isatty(STDIN_FILENO)) {
		printf("%s: ", question);
		fflush(stdout);
		if (fgets(answer, ANSWER_MAX, stdin))
			answer[strcspn(answer, "\n")] = '\0';
		else
			answer[0] = '\0';
	} else if (given) {
		snprintf(answer, ANSWER_MAX, "%s", given);
	}
	if (answer[0])
		return 0;
	snprintf(problem, sizeof problem, "missing option: %s", option);
	return cli_usage(s->cli, problem);
}

static int bad(const char *what, const char *value, const char *expected)
{
	fprintf(stderr, "postrider: %s '%s' cannot be used; %s\n", what, value, expected);
	return EXIT_DATA;
}

static int check_names(const struct setup *s)
{
	struct address name;
	const char *at = strrchr(s->account, '@');
	if (address_normalize_domain(view_from_string(s->hostname), &name) != 0 || !strchr(s->hostname, '.'))
		return bad("the host name", s->hostname,
		    "expected the full name of this host as it stands in DNS, such as mail.example.org");
	if (address_normalize_domain(view_from_string(s->domain), &name) != 0 || !strchr(s->domain, '.'))
		return bad("the domain", s->domain, "expected what stands behind the @, such as example.org");
	if (at == NULL || at == s->account || strcasecmp(at + 1, s->domain) != 0)
		return bad(
		    "the account", s->account, "expected an address in the domain, such as ann@example.org");
	return 0;
}

/* Beside the file of settings. */
static void beside_settings(const struct setup *s, const char *name, char path[ANSWER_MAX])
{
	const char *slash = strrchr(s->cli->config, '/');
	int folder = slash ? (int)(slash - s->cli->config) : 1;
	snprintf(path, ANSWER_MAX, "%.*s/%s", folder, slash ? s->cli->config : ".", name);
}

static int read_wishes(struct setup *s)
{
	const char *certificate = cli_value(s->cli, "--certificate"), *key = cli_value(s->cli, "--key");
	s->self_signed = cli_option(s->cli, "--self-signed");
	s->generate = cli_option(s->cli, "--generate");
	s->password_stdin = cli_option(s->cli, "--password-stdin");
	if (!certificate != !key || !certificate == !s->self_signed)
		return cli_usage(s->cli, "a server needs a certificate: give --certificate FILE and --key "
		                         "FILE; or --self-signed, which "
		                         "mail programs warn of, until you have one");
	int status = want(s, "--hostname", "The name of this host in DNS (mail.example.org)", s->hostname);
	if (status == 0)
		status = want(s, "--domain", "The domain of your mail (example.org)", s->domain);
	if (status == 0)
		status =
		    want(s, "--account", "The address of the first account (ann@example.org)", s->account);
	if (status)
		return status;
	if (!cli_words(s->cli, 0, 0))
		return EXIT_USAGE;
	if (certificate) {
		snprintf(s->certificate, sizeof s->certificate, "%s", certificate);
		snprintf(s->key, sizeof s->key, "%s", key);
	} else {
		beside_settings(s, "tls-cert.pem", s->certificate);
		beside_settings(s, "tls-key.pem", s->key);
	}
	return check_names(s);
}

static void wish(struct setup *s, const char *name, const char *value, bool list)
{
	struct wish *w = &s->wishes[s->wish_count++];
	w->name = name;
	w->list = list;
	snprintf(w->value, sizeof w->value, "%s", value);
}

/* ---- the settings ---- */

static int cannot_write(const char *path, int error)
{
	fprintf(stderr, "postrider: cannot write %s: %s%s\n", path, strerror(error),
	    error == EACCES ? "; run this as root" : "");
	return error == EACCES ? EXIT_REFUSED : EXIT_UNAVAILABLE;
}

/* One setting more in the text. */
static int edit(struct setup *s, const struct wish *w, struct buf *text)
{
	struct findings found;
	struct conf conf;
	struct buf value, next;
	unsigned line;
	int status = 0;
	conf_init(&conf);
	findings_init(&found);
	buf_init(&value, TEXT_MAX);
	buf_init(&next, TEXT_MAX);
	buf_append_string(&value, w->list ? "{" : "");
	conf_put_text(&value, view_from_string(w->value));
	buf_append_string(&value, w->list ? "}" : "");
	conf_read_text(&conf, s->cli->config, buf_view(text), &found);
	if (found.errors) {
		cli_config_say(&found, false);
		status = EXIT_SETTINGS;
	} else if (conf_edit(&conf, view_from_string(w->name), buf_view(&value), &next, &line) != 0) {
		fprintf(stderr,
		    "postrider: %s is set in a file that %s includes; set it there, with `postrider config "
		    "set`\n",
		    w->name, s->cli->config);
		status = EXIT_SETTINGS;
	} else {
		buf_clear(text);
		buf_append(text, buf_view(&next));
	}
	buf_done(&value);
	buf_done(&next);
	findings_done(&found);
	conf_done(&conf);
	return status;
}

/* What a server that starts with this text would say. */
static int check_text(struct setup *s, struct view text)
{
	struct certificates certificates;
	struct findings found;
	struct conf conf;
	conf_init(&conf);
	findings_init(&found);
	settings_init(&s->cli->settings);
	int error = conf_read_text(&conf, s->cli->config, text, &found);
	if (error == 0)
		error = world_read_conf(&conf, WORLD_LOOKS, &s->cli->settings, &certificates, 0, &found);
	if (error == 0)
		certificates_done(&certificates);
	else
		cli_config_say(&found, false);
	s->cli->have_settings = error == 0;
	findings_done(&found);
	conf_done(&conf);
	if (error)
		fprintf(
		    stderr, "postrider: nothing was set up, since the server would refuse these settings\n");
	return error ? EXIT_SETTINGS : 0;
}

static int read_text(const char *path, struct buf *text, struct stat *seen, bool *is_new)
{
	char part[65536];
	FILE *f = fopen(path, "re");
	*is_new = f == NULL && errno == ENOENT;
	if (*is_new) {
		settings_example(text);
		return 0;
	}
	if (f == NULL)
		return errno;
	int error = fstat(fileno(f), seen) == 0 ? 0 : errno;
	for (size_t n; error == 0 && (n = fread(part, 1, sizeof part, f)) > 0;)
		error = -buf_append(text, view_of(part, n));
	fclose(f);
	return error;
}

static int write_settings(struct setup *s)
{
	struct stat seen;
	struct buf text;
	bool is_new;
	buf_init(&text, TEXT_MAX);
	int error = read_text(s->cli->config, &text, &seen, &is_new);
	int status = error ? cannot_write(s->cli->config, error) : 0;
	for (size_t i = 0; status == 0 && i < s->wish_count; i++)
		status = edit(s, &s->wishes[i], &text);
	if (status == 0)
		status = check_text(s, buf_view(&text));
	if (status == 0) {
		error = conf_replace(s->cli->config, buf_view(&text), is_new ? NULL : &seen);
		status = error ? cannot_write(s->cli->config, error) : 0;
	}
	buf_done(&text);
	return status;
}

static int make_certificate(const struct setup *s)
{
	char names[2 * ANSWER_MAX + 16];
	bool has_certificate = access(s->certificate, F_OK) == 0, has_key = access(s->key, F_OK) == 0;
	if (!s->self_signed || (has_certificate && has_key))
		return 0;
	/* It may be the key of a certificate that has another name. */
	if (has_certificate || has_key) {
		fprintf(stderr,
		    "postrider: %s is there without %s; move it away, or give both with --certificate and "
		    "--key\n",
		    has_key ? s->key : s->certificate, has_key ? s->certificate : s->key);
		return EXIT_DATA;
	}
	snprintf(names, sizeof names, "DNS:%s,DNS:%s", s->hostname, s->domain);
	return self_signed_make(s->hostname, names, s->certificate, s->key)
	           ? 0
	           : cannot_write(s->certificate, errno);
}

static int set_settings(struct setup *s)
{
	char anchor[ANSWER_MAX];
	char certificate[PATH_MAX], key[PATH_MAX];
	int status = make_certificate(s);
	if (status)
		return status;
	/* The server may start in another folder. */
	if (realpath(s->certificate, certificate) == NULL)
		return cannot_write(s->certificate, errno);
	if (realpath(s->key, key) == NULL)
		return cannot_write(s->key, errno);
	wish(s, "hostname", s->hostname, false);
	wish(s, "tls_certificates", certificate, true);
	wish(s, "tls_keys", key, true);
	snprintf(anchor, sizeof anchor, "file:%s", dns_anchor);
	if (access(dns_anchor, R_OK) == 0)
		wish(s, "dns_anchors", anchor, true);
	return write_settings(s);
}

/* ---- the directory ---- */

static int put_domain(const struct setup *s, struct directory_client *client)
{
	struct message_directory_answer answer;
	char within[ANSWER_MAX + 16];
	snprintf(within, sizeof within, "postmaster@%s", s->domain);
	const struct view resolved = view_from_string(within);
	const struct view fields[] = {view_from_string(s->domain), VIEW(""), VIEW(""), VIEW("+")};
	/* One that is there keeps what was set for it. */
	int error = directory_client_ask(client, DIRECTORY_RESOLVE, 0, &resolved, 1, &answer);
	if (error != -EXDEV)
		return error == -EPIPE ? cli_directory_problem(s->domain, error) : 0;
	return cli_directory_problem(
	    s->domain, directory_client_ask(client, DIRECTORY_DOMAIN_PUT, 0, fields, 4, &answer));
}

static int put_account(struct setup *s, struct directory_client *client)
{
	struct message_directory_answer answer;
	struct view field = view_from_string(s->account);
	struct buf typed;
	int status;
	s->account_was_there = directory_client_ask(client, DIRECTORY_LOOK_UP, 0, &field, 1, &answer) == 0;
	if (s->account_was_there)
		return 0;
	if (s->generate) {
		cli_generate_password(s->password);
		status = cli_account_create(client, s->account, view_from_string(s->password), 0, false);
		s->account_made = status == 0;
		return status;
	}
	buf_init(&typed, 1024);
	status = cli_read_password(s->cli, s->password_stdin, &typed) ? 0 : EXIT_DATA;
	if (status == 0)
		status = cli_refuse_weak(buf_view(&typed), s->account);
	if (status == 0)
		status = cli_account_create(client, s->account, buf_view(&typed), 0, false);
	if (typed.data)
		mem_wipe(typed.data, typed.cap);
	buf_done(&typed);
	return status;
}

static int fill(struct setup *s, struct directory_client *client)
{
	struct message_directory_answer answer;
	struct view account = view_from_string(s->account);
	const struct view administrator[] = {account, VIEW("administrator"), VIEW("1")};
	int status = put_domain(s, client);
	if (status == 0)
		status = put_account(s, client);
	if (status || s->account_was_there)
		return status;
	status = cli_directory_problem(
	    s->account, directory_client_ask(client, DIRECTORY_ADMIN_PUT, 0, &account, 1, &answer));
	if (status)
		return status;
	return cli_directory_problem(
	    s->account, directory_client_ask(client, DIRECTORY_ACCOUNT_SET, 0, administrator, 3, &answer));
}

/* ---- what is said ---- */

static void say_json(const struct setup *s)
{
	printf("{\"settings\":");
	cli_json_string(view_from_string(s->cli->config));
	printf(",\"hostname\":");
	cli_json_string(view_from_string(s->hostname));
	printf(",\"domain\":");
	cli_json_string(view_from_string(s->domain));
	printf(",\"account\":");
	cli_json_string(view_from_string(s->account));
	printf(",\"created\":%s", s->account_was_there ? "false" : "true");
	if (s->password[0])
		printf(",\"password\":\"%s\"", s->password);
	puts("}");
}

static void say(const struct setup *s)
{
	printf("The settings are in %s.\n", s->cli->config);
	if (s->account_was_there)
		printf("The account %s was there already, and was left as it is.\n", s->account);
	else
		printf("%s has a mailbox now, gets the mail for postmaster, and may administer this server "
		       "in the "
		       "browser.\n",
		    s->account);
	if (s->password[0])
		printf("password %s\n", s->password);
	printf("\nWhat is left to do:\n"
	       "  1. start the server             systemctl enable --now postrider (or: postrider serve)\n"
	       "  2. publish these records        postrider dns records %s\n"
	       "  3. look whether all is well     postrider doctor\n"
	       "  4. read mail in a browser       https://%s/\n",
	    s->domain, s->hostname);
	if (s->self_signed)
		puts("Mail programs warn of the self-signed certificate. When you have another, give this "
		     "command again, "
		     "with --certificate FILE and --key FILE.");
}

int cli_setup(struct cli *cli)
{
	struct setup s = {.cli = cli};
	struct directory_client *client;
	int status = read_wishes(&s);
	if (status == 0)
		status = set_settings(&s);
	if (status == 0)
		status = directory_client_open(cli, &client);
	if (status)
		return status;
	status = fill(&s, client);
	directory_client_close(client);
	if (status == 0 && cli->json)
		say_json(&s);
	else if (status == 0)
		say(&s);
	else if (s.account_made) /* nobody else knows it, and given again the command makes no other */
		printf("password %s\n", s.password);
	mem_wipe(s.password, sizeof s.password);
	return status;
}
