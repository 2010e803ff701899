/* account: show and list, in words and as JSON. What an account is and what leads to it is gathered first, so
 * that nothing is printed of one that is not there. */
#include "cli/cli_account_show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/account_record.h"
#include "cli/cli_removal.h"
#include "cli/directory_walk.h"
#include "cli/removal_look.h"
#include "format/plain.h"
#include "trust/login/foreign_hash.h"

/* The last sign of its owner: a login's place is noted once a day, an app password and a browser once an
 * hour. */
static int64_t last_login(const struct credentials *c)
{
	int64_t last = 0;
	for (size_t i = 0; i < c->place_count; i++)
		last = c->places[i].last > last ? c->places[i].last : last;
	for (size_t i = 0; i < c->app_count; i++)
		last = c->apps[i].last_used > last ? c->apps[i].last_used : last;
	for (size_t i = 0; i < c->sessions.count; i++)
		last = c->sessions.list[i].last_used > last ? c->sessions.list[i].last_used : last;
	return last;
}

static void json_time(const char *name, int64_t seconds)
{
	printf(",\"%s\":", name);
	if (seconds == 0) {
		fputs("null", stdout);
		return;
	}
	putchar('"');
	cli_print_time(seconds);
	putchar('"');
}

static void print_time_or_never(int64_t seconds)
{
	if (seconds)
		cli_print_time(seconds);
	else
		fputs("never", stdout);
}

/* ---- the main password ---- */

/* The scheme of a hash that another server has made; NULL for one of our own. */
static const char *foreign_scheme(const struct credentials *c, bool *weak)
{
	struct foreign_hash h;
	*weak = false;
	if (!foreign_hash_is(c->password_hash) || foreign_hash_read(c->password_hash, &h) != 0)
		return NULL;
	*weak = h.weak;
	return h.scheme;
}

static void print_password(const struct credentials *c)
{
	bool weak;
	const char *scheme = foreign_scheme(c, &weak);
	if (c->password_hash.len == 0)
		puts("  password        none: app passwords alone open it");
	else if (scheme)
		printf("  password        kept as %s of another server%s, until the next login\n", scheme,
		    weak ? ", which is weak" : "");
}

static void json_password(const struct credentials *c)
{
	bool weak;
	const char *scheme = foreign_scheme(c, &weak);
	if (c->password_hash.len == 0)
		fputs(",\"password\":null", stdout);
	else
		printf(",\"password\":\"%s\"", scheme ? scheme : "ARGON2ID");
	printf(",\"weak_password\":%s", weak ? "true" : "false");
}

/* ---- app passwords ---- */

static const struct {
	unsigned bit;
	const char *name;
} protocols[] = {{CREDENTIAL_SMTP, "smtp"}, {CREDENTIAL_POP3, "pop3"}, {CREDENTIAL_IMAP, "imap"},
    {CREDENTIAL_WEB, "web"}, {CREDENTIAL_SIEVE, "sieve"}};

static void print_protocols(unsigned bits, const char *before, const char *between, const char *after)
{
	bool first = true;
	for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
		if (!(bits & protocols[i].bit))
			continue;
		printf("%s%s%s%s", first ? "" : between, before, protocols[i].name, after);
		first = false;
	}
}

static void json_apps(const struct credentials *c)
{
	fputs(",\"app_passwords\":[", stdout);
	for (size_t i = 0; i < c->app_count; i++) {
		fputs(i ? ",{\"name\":" : "{\"name\":", stdout);
		cli_json_string(c->apps[i].name);
		fputs(",\"protocols\":[", stdout);
		print_protocols(c->apps[i].protocols, "\"", ",", "\"");
		printf("],\"readable\":%s", c->apps[i].kind == APP_PASSWORD_READABLE ? "true" : "false");
		json_time("created", c->apps[i].created);
		json_time("last_used", c->apps[i].last_used);
		putchar('}');
	}
	putchar(']');
}

static void print_apps(const struct credentials *c)
{
	for (size_t i = 0; i < c->app_count; i++) {
		fputs(i ? "                  " : "  app passwords   ", stdout);
		cli_print(c->apps[i].name);
		fputs(" for ", stdout);
		print_protocols(c->apps[i].protocols, "", ", ", "");
		fputs("; last used: ", stdout);
		print_time_or_never(c->apps[i].last_used);
		putchar('\n');
	}
}

/* ---- show ---- */

struct shown {
	struct account_numbers n;
	struct account_record r;
	struct removal_look look;
	struct buf groups;
	bool disabled;
};

static int gather_groups(struct directory_client *client, const char *address, struct buf *groups)
{
	struct message_directory_answer answer;
	const struct view field = view_from_string(address);
	int error = directory_client_ask(client, DIRECTORY_GROUPS_OF, 0, &field, 1, &answer);
	const struct message_field *fields = answer.fields.items;
	for (size_t i = 0; error == 0 && i < answer.fields.count; i++) {
		buf_append(groups, fields[i].value);
		buf_append_byte(groups, '\n');
	}
	return error;
}

static int gather(struct directory_client *client, const char *address, struct shown *s)
{
	int status = account_record_read(client, address, &s->r);
	s->disabled = s->r.disabled;
	if (status == 0)
		status = cli_directory_problem(address, account_numbers_read(client, address, &s->n));
	if (status == 0)
		status = cli_directory_problem(address, gather_groups(client, address, &s->groups));
	return status ? status : removal_look_alias(client, address, &s->look);
}

static void print_list(const char *name, const struct buf *lines)
{
	struct view rest = buf_view(lines), one;
	for (bool first = true; rest.len && view_next(&rest, '\n', &one); first = false) {
		if (one.len == 0)
			continue;
		printf("  %-16s", first ? name : "");
		cli_print(one);
		putchar('\n');
	}
}

static void print_quota(const struct cli *cli, const struct account_numbers *n)
{
	bool own = n->quota != 0, own_messages = n->quota_messages != 0;
	uint64_t quota = own ? n->quota : cli->settings.quota_default,
	         messages = own_messages ? n->quota_messages : cli->settings.quota_messages_default;
	fputs("  quota           ", stdout);
	if (quota == 0 && messages == 0) {
		puts("none");
		return;
	}
	if (quota) {
		cli_print_size(quota);
		printf("%s, of which %u %% are used", own ? "" : " (setting quota_default)",
		    (unsigned)(100.0 * (double)n->bytes / (double)quota));
	}
	if (messages)
		printf("%s%" PRIu64 " messages%s", quota ? "; " : "", messages,
		    own_messages ? "" : " (setting quota_messages_default)");
	putchar('\n');
}

static void print_mail(const struct account_numbers *n)
{
	printf("  mail            %" PRIu64 " message%s (", n->messages, n->messages == 1 ? "" : "s");
	cli_print_size(n->bytes);
	printf(") in %" PRIu64 " mailbox%s\n", n->mailboxes, n->mailboxes == 1 ? "" : "es");
	if (n->deleted_bytes == 0)
		return;
	fputs("  deleted mail    ", stdout);
	cli_print_size(n->deleted_bytes);
	puts("; `postrider mailbox undelete` brings it back");
}

static void print_file_links(const struct account_numbers *n)
{
	if (n->file_links == 0)
		return;
	printf("  file links      %" PRIu64 " (", n->file_links);
	cli_print_size(n->file_link_bytes);
	puts("); `postrider file list` shows them");
}

static void print_words(const struct cli *cli, const struct shown *s)
{
	const struct credentials *c = &s->r.credentials;
	cli_print(address_view(&s->look.subject));
	putchar('\n');
	puts(s->disabled ? "  state           disabled: nobody can log in, and mail for it is refused"
	                 : "  state           enabled");
	print_mail(&s->n);
	print_file_links(&s->n);
	print_quota(cli, &s->n);
	fputs("  last login      ", stdout);
	print_time_or_never(last_login(c));
	putchar('\n');
	print_password(c);
	print_list("aliases", &s->look.aliases);
	print_list("catch-all of", &s->look.catch_alls);
	if (s->look.masked)
		printf("  masked          %" PRIu64 " address%s that its owner has made\n", s->look.masked,
		    s->look.masked == 1 ? "" : "es");
	print_list("groups", &s->groups);
	print_apps(c);
	printf("  two-step        %s\n", second_factor_is_set(&c->second) ? "on" : "off");
	if (c->sessions.count)
		printf(
		    "  web sessions    %zu (`postrider account sessions` lists them)\n", c->sessions.count);
	if (s->r.administrator)
		puts("  administrator   yes: may administer this server in a browser");
	if (s->look.postmaster)
		puts("  postmaster      yes: mail for postmaster and abuse comes here");
}

static void print_json(const struct shown *s)
{
	const struct credentials *c = &s->r.credentials;
	fputs("{\"address\":", stdout);
	cli_json_string(address_view(&s->look.subject));
	printf(",\"disabled\":%s,\"messages\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"deleted_bytes\":%" PRIu64
	       ",\"mailboxes\":%" PRIu64 ",\"quota\":%" PRIu64 ",\"quota_messages\":%" PRIu64
	       ",\"file_links\":%" PRIu64 ",\"file_link_bytes\":%" PRIu64,
	    s->disabled ? "true" : "false", s->n.messages, s->n.bytes, s->n.deleted_bytes, s->n.mailboxes,
	    s->n.quota, s->n.quota_messages, s->n.file_links, s->n.file_link_bytes);
	json_time("last_login", last_login(c));
	json_password(c);
	json_apps(c);
	cli_json_list("aliases", &s->look.aliases);
	cli_json_list("catch_all_of", &s->look.catch_alls);
	cli_json_list("groups", &s->groups);
	printf(",\"masked\":%" PRIu64
	       ",\"two_step\":%s,\"sessions\":%zu,\"administrator\":%s,\"postmaster\":%s}\n",
	    s->look.masked, second_factor_is_set(&c->second) ? "true" : "false", c->sessions.count,
	    s->r.administrator ? "true" : "false", s->look.postmaster ? "true" : "false");
}

int cli_account_show(struct cli *cli, struct directory_client *client)
{
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	struct shown s = {.disabled = false};
	buf_init(&s.groups, 64 * 1024);
	int status = gather(client, cli->argv[0], &s);
	if (status == 0 && cli->json)
		print_json(&s);
	else if (status == 0)
		print_words(cli, &s);
	account_record_free(&s.r);
	removal_look_done(&s.look);
	buf_done(&s.groups);
	return status;
}

/* ---- list ---- */

struct listed {
	const struct cli *cli;
	bool first;
};

static void list_line(const struct listed *l, const char *address, const struct account_numbers *n,
    const struct account_record *r)
{
	struct buf used, quota;
	uint64_t limit = n->quota ? n->quota : l->cli->settings.quota_default;
	buf_init(&used, 64);
	buf_init(&quota, 64);
	plain_size(&used, n->bytes);
	if (limit)
		plain_size(&quota, limit);
	else
		buf_append_string(&quota, "none");
	if (l->first)
		printf("%10s %10s  %-20s  %s\n", "used", "quota", "last login", "account");
	printf("%10s %10s  ", buf_string(&used), buf_string(&quota));
	buf_done(&used);
	buf_done(&quota);
	int64_t last = last_login(&r->credentials);
	print_time_or_never(last);
	printf("%*s", last ? 2 : 17, "");
	cli_print(view_from_string(address));
	bool weak;
	foreign_scheme(&r->credentials, &weak);
	fputs(r->administrator ? " (administrator)" : "", stdout);
	fputs(weak ? " (weak password hash)" : "", stdout);
	puts(r->disabled ? " (disabled)" : "");
}

static void list_json(const struct listed *l, const char *address, const struct account_numbers *n,
    const struct account_record *r)
{
	fputs(l->first ? "{\"address\":" : ",\n{\"address\":", stdout);
	cli_json_string(view_from_string(address));
	printf(",\"disabled\":%s,\"administrator\":%s,\"messages\":%" PRIu64 ",\"bytes\":%" PRIu64
	       ",\"quota\":%" PRIu64 ",\"quota_messages\":%" PRIu64,
	    r->disabled ? "true" : "false", r->administrator ? "true" : "false", n->messages, n->bytes,
	    n->quota, n->quota_messages);
	json_password(&r->credentials);
	json_time("last_login", last_login(&r->credentials));
	putchar('}');
}

static int list_account(void *arg, struct directory_client *client, const char *address)
{
	struct listed *l = arg;
	struct account_record r = {0};
	struct account_numbers n;
	int status = account_record_read(client, address, &r);
	if (status == 0)
		status = cli_directory_problem(address, account_numbers_read(client, address, &n));
	if (status == 0 && l->cli->json)
		list_json(l, address, &n, &r);
	else if (status == 0)
		list_line(l, address, &n, &r);
	l->first = l->first && status != 0;
	account_record_free(&r);
	/* One that was removed meanwhile is no error of the list. */
	return status == EXIT_NOTHING ? 0 : status;
}

int cli_account_list(struct cli *cli, struct directory_client *client)
{
	struct listed l = {.cli = cli, .first = true};
	if (cli_option(cli, "--removed"))
		return cli_removed_list(cli, client, "account");
	if (!cli_words(cli, 0, 1))
		return EXIT_USAGE;
	if (cli->json)
		putchar('[');
	int status = directory_each_account(client, cli->argc == 1 ? cli->argv[0] : NULL, list_account, &l);
	if (cli->json)
		puts("]");
	return status;
}
