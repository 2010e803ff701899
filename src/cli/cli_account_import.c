/*
 * account import: accounts from another server's list. All lines are checked before the first account is
 * made, and all that is wrong is told at once; a list with errors changes nothing. What is interrupted is
 * repeated with
 * --skip-existing.
 */
#include "cli/cli_account_import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/show.h"
#include "cli/cli_account.h"
#include "cli/cli_progress.h"
#include "cli/directory_walk.h"
#include "cli/import_file.h"
#include "format/address_normal.h"
#include "trust/login/foreign_hash.h"
#include "trust/login/limits.h"

enum { FILE_MAX_BYTES = 256 << 20, HASH_TEXT_MAX = FOREIGN_HASH_MAX + 32 };

struct import {
	struct cli *cli;
	struct directory_client *client;
	const char *path, *domain, *scheme;
	bool dry_run, skip_existing;
	struct import_file file;
	struct buf text, domains;
	struct map seen;  /* addresses of the file, to their lines */
	struct map taken; /* what else has an address here, to words */
	size_t errors, added, skipped, weak;
};

/* ---- what is wrong ---- */

static void wrong(void *arg, size_t line, const char *what)
{
	struct import *x = arg;
	cli_progress_end();
	if (x->cli->json) {
		printf("%s{\"line\":%zu,\"error\":", x->errors ? ",\n" : "", line);
		cli_json_string(view_from_string(what));
		putchar('}');
	} else {
		fprintf(stderr, "postrider: %s:%zu: %s\n", x->path, line, what);
	}
	x->errors++;
}

static void wrong_of(struct import *x, size_t line, struct view subject, const char *what)
{
	struct buf text;
	buf_init(&text, 2048);
	show_line(&text, subject);
	buf_append_string(&text, what);
	wrong(x, line, buf_string(&text));
	buf_done(&text);
}

/* ---- a line ---- */

/* In its normal form, with --domain behind a name without one. */
static bool read_address(struct import *x, const struct import_row *row, struct address *address)
{
	char whole[1024];
	struct view text = view_trim(row->address);
	if (x->domain && view_find(text, '@') < 0) {
		int n = snprintf(whole, sizeof whole, "%.*s@%s", VIEW_FMT(text), x->domain);
		text = n > 0 && (size_t)n < sizeof whole ? view_of(whole, (size_t)n) : (struct view){0};
	}
	if (address_normalize(text, address) == 0)
		return true;
	wrong_of(x, row->line, row->address,
	    x->domain ? " is not a valid address"
	              : " is not a valid address (--domain NAME completes names without a domain)");
	return false;
}

/* The hash with its scheme; empty when the line has a password. */
static bool read_hash(
    struct import *x, const struct import_row *row, char out[HASH_TEXT_MAX], struct view *hash)
{
	struct foreign_hash h;
	*hash = (struct view){0};
	if (!view_empty(row->password) && !view_empty(row->hash)) {
		wrong(x, row->line, "there is a password and a hash: one of them must be empty");
		return false;
	}
	if (!view_empty(row->password)) {
		if (row->password.len <= PASSWORD_MAX)
			return true;
		wrong(x, row->line, "the password is longer than 1024 octets");
		return false;
	}
	int n = foreign_hash_is(row->hash)
	            ? snprintf(out, HASH_TEXT_MAX, "%.*s", VIEW_FMT(row->hash))
	            : snprintf(out, HASH_TEXT_MAX, "{%s}%.*s", x->scheme, VIEW_FMT(row->hash));
	int error = n < 0 || n >= HASH_TEXT_MAX ? -E2BIG : foreign_hash_read(view_from_string(out), &h);
	if (error == 0) {
		*hash = view_from_string(out);
		x->weak += h.weak && h.kind != FOREIGN_PLAIN; /* which is hashed at once */
		return true;
	}
	wrong_of(x, row->line, row->address,
	    error == -EOPNOTSUPP ? ": this scheme of passwords is not supported (CRYPT, SHA, SSHA, PBKDF2, "
	                           "ARGON2 and PLAIN are, with "
	                           "their variants)"
	    : error == -E2BIG    ? ": this hash is too long, or checking it would cost more than a login may"
	                         : ": this is no hash of its scheme");
	return false;
}

static bool read_quota(struct import *x, const struct import_row *row, uint64_t *quota)
{
	*quota = 0;
	if (view_empty(row->quota) || view_to_size(row->quota, quota))
		return true;
	wrong_of(x, row->line, row->quota, " is not a quota such as 500M");
	return false;
}

static bool has_domain(const struct import *x, struct view domain)
{
	const char *name;
	size_t at = 0;
	while ((name = directory_next_name(&x->domains, &at)))
		if (view_equal(view_from_string(name), domain))
			return true;
	return false;
}

static void take_alias(void *arg, const struct message_field *row)
{
	struct import *x = arg;
	map_set(&x->taken, row[0].value, (void *)(uintptr_t) " is an alias here already");
}

static void take_masked(void *arg, const struct message_field *row)
{
	struct import *x = arg;
	map_set(&x->taken, row[0].value, (void *)(uintptr_t) " is a masked address of a user already");
}

static void take_removed(void *arg, const struct message_field *row)
{
	struct import *x = arg;
	map_set(&x->taken, row[3].value,
	    (void *)(uintptr_t) " was removed here and is still kept (`postrider account restore` brings it "
	                        "back, "
	                        "`postrider account remove --now` erases it)");
}

static int read_taken(struct import *x)
{
	int error = directory_names(x->client, &directory_domains, NULL, &x->domains);
	if (error == 0)
		error = directory_walk_all(x->client, &directory_aliases, NULL, take_alias, x);
	if (error == 0)
		error = directory_walk_all(x->client, &directory_masked, NULL, take_masked, x);
	return error ? error : directory_walk(x->client, &directory_removed_rows, NULL, take_removed, x);
}

/* Whether an account of this address is there; *skip: it is, and that is no error. */
static bool is_free(struct import *x, const struct import_row *row, const struct address *address, bool *skip)
{
	struct message_directory_answer answer;
	const struct view field = address_view(address);
	char before[80];
	*skip = false;
	void *line = map_get(&x->seen, field);
	if (line) {
		snprintf(before, sizeof before, " stands in line %zu already", (size_t)(uintptr_t)line);
		wrong_of(x, row->line, field, before);
		return false;
	}
	map_set(&x->seen, field, (void *)(uintptr_t)row->line);
	if (!has_domain(x, address_domain(address))) {
		wrong_of(x, row->line, address_domain(address),
		    " is not set up here; run `postrider domain add` for it first");
		return false;
	}
	int error = directory_client_ask(x->client, DIRECTORY_LOOK_UP, 0, &field, 1, &answer);
	const char *taken = error == -ENOENT ? map_get(&x->taken, field) : NULL;
	if (taken)
		wrong_of(x, row->line, field, taken);
	if (error == -ENOENT)
		return taken == NULL;
	if (error == 0 && x->skip_existing) {
		*skip = true;
		return true;
	}
	wrong_of(x, row->line, field,
	    error ? ": the directory could not be asked; try again"
	          : " exists already (--skip-existing passes over such accounts)");
	return false;
}

struct checked {
	struct address address;
	char hash_text[HASH_TEXT_MAX];
	struct view hash;
	uint64_t quota;
	bool skip;
};

static bool check(struct import *x, const struct import_row *row, struct checked *c)
{
	bool good = read_address(x, row, &c->address) && is_free(x, row, &c->address, &c->skip);
	bool hash = read_hash(x, row, c->hash_text, &c->hash);
	return read_quota(x, row, &c->quota) && good && hash;
}

/* ---- adding ---- */

static void add_aliases(struct import *x, const struct import_row *row, const struct checked *c)
{
	struct message_directory_answer answer;
	struct view rest = row->aliases, alias;
	while (rest.len && view_next(&rest, ' ', &alias)) {
		if (alias.len == 0)
			continue;
		const struct view fields[] = {alias, address_view(&c->address)};
		int error = directory_client_ask(x->client, DIRECTORY_ALIAS_PUT, 1, fields, 2, &answer);
		if (error)
			wrong_of(x, row->line, alias,
			    error == -EEXIST ? ": something else has this address, so the alias was not made"
			    : error == -ENOENT ? ": its domain is not set up here, so the alias was not made"
			                       : ": this alias could not be made");
	}
}

static void add(struct import *x, const struct import_row *row, const struct checked *c)
{
	static const struct view plain[] = {{"{PLAIN}", 7}, {"{CLEARTEXT}", 11}, {"{CLEAR}", 7}};
	struct view password = row->password;
	char text[ADDRESS_MAX + 1];
	snprintf(text, sizeof text, "%.*s", VIEW_FMT(address_view(&c->address)));
	/* A password that stands there as it is never gets into the store. */
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (view_starts_nocase(c->hash, plain[i]))
			password = view_skip(c->hash, plain[i].len);
	int status = view_empty(password) ? cli_account_create_hashed(x->client, text, c->hash, c->quota)
	                                  : cli_account_create(x->client, text, password, c->quota, false);
	if (status) {
		wrong_of(x, row->line, address_view(&c->address), ": the account could not be made");
		return;
	}
	x->added++;
	add_aliases(x, row, c);
}

/* First all are checked; then all are made. */
static void walk(struct import *x, bool make)
{
	struct checked *c = mem_alloc(sizeof *c);
	for (size_t i = 0; i < x->file.count; i++) {
		cli_progress_often(i, x->file.count, make ? "adding" : "checking");
		if (!check(x, &x->file.rows[i], c))
			continue;
		if (c->skip)
			x->skipped++;
		else if (make)
			add(x, &x->file.rows[i], c);
	}
	cli_progress_end();
	mem_wipe(c, sizeof *c);
	mem_free(c);
}

static int run(struct import *x)
{
	walk(x, false);
	if (x->errors || x->dry_run)
		return x->errors ? EXIT_DATA : 0;
	map_done(&x->seen);
	map_init(&x->seen);
	x->skipped = x->weak = 0;
	walk(x, true);
	return x->errors ? EXIT_DATA : 0;
}

/* ---- the command ---- */

static int read_file(struct import *x)
{
	int fd = strcmp(x->path, "-") == 0 ? dup(STDIN_FILENO) : open(x->path, O_RDONLY | O_CLOEXEC);
	char piece[64 * 1024];
	ssize_t n = 0;
	if (fd < 0) {
		fprintf(stderr, "postrider: %s: %s\n", x->path, strerror(errno));
		return EXIT_NOTHING;
	}
	while (
	    (n = read(fd, piece, sizeof piece)) > 0 && buf_append(&x->text, view_of(piece, (size_t)n)) == 0)
		;
	mem_wipe(piece, sizeof piece);
	close(fd);
	if (n == 0)
		return 0;
	fprintf(stderr, "postrider: %s: %s\n", x->path,
	    n < 0 ? strerror(errno) : "the file is larger than 256 MB; import it in parts");
	return EXIT_DATA;
}

static void tell(const struct import *x)
{
	size_t found = x->file.count;
	if (x->cli->json) {
		printf("],\"users\":%zu,\"added\":%zu,\"skipped\":%zu,\"weak\":%zu,\"dry_run\":%s}\n", found,
		    x->added, x->skipped, x->weak, x->dry_run ? "true" : "false");
		return;
	}
	if (x->errors && x->added == 0)
		printf("%zu errors in %zu lines; nothing was changed\n", x->errors, found);
	else if (x->dry_run)
		printf("%zu accounts would be added, %zu exist already\n", found - x->skipped, x->skipped);
	else
		printf("%zu accounts were added, %zu existed already\n", x->added, x->skipped);
	if (x->weak)
		printf("%zu passwords are kept by a weak hash until their owners log in the next time\n",
		    x->weak);
}

static int import(struct import *x, bool csv)
{
	int status = read_file(x);
	if (status == 0)
		status = cli_directory_problem("domains", read_taken(x));
	if (status)
		return status;
	if (x->cli->json)
		fputs("{\"errors\":[", stdout);
	x->file.wrong = wrong;
	x->file.arg = x;
	if (csv || import_is_csv(buf_view(&x->text)))
		import_read_csv(&x->file, buf_view(&x->text));
	else
		import_read_passwd(&x->file, buf_view(&x->text));
	status = run(x);
	tell(x);
	import_free(&x->file);
	return status;
}

int cli_account_import(struct cli *cli, struct directory_client *client)
{
	const char *format = cli_value(cli, "--format"), *scheme = cli_value(cli, "--scheme");
	struct import x = {.cli = cli,
	    .client = client,
	    .domain = cli_value(cli, "--domain"),
	    .scheme = scheme ? scheme : "CRYPT",
	    .dry_run = cli_option(cli, "--dry-run"),
	    .skip_existing = cli_option(cli, "--skip-existing")};
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	if (format && strcmp(format, "csv") != 0 && strcmp(format, "passwd") != 0)
		return cli_usage(cli, "--format takes csv or passwd");
	x.path = cli->argv[0];
	buf_init(&x.text, FILE_MAX_BYTES);
	map_init(&x.seen);
	map_init(&x.taken);
	int status = import(&x, format && strcmp(format, "csv") == 0);
	map_done(&x.seen);
	map_done(&x.taken);
	if (x.text.data)
		mem_wipe(x.text.data, x.text.cap);
	buf_done(&x.text);
	buf_done(&x.domains);
	return status;
}
