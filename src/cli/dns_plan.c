/* The plan of a domain's records, out of settings, certificates, directory: cli_dns.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_dns.h"
#include "format/address_normal.h"
#include "io/network.h"
#include "process/zone_site.h"

enum { PEM_MAX = 1024 * 1024 };

void dns_plan_done(struct dns_plan *p)
{
	arena_done(&p->arena);
}

static void warn(const char *text, struct view what)
{
	fprintf(stderr, "postrider: %s", text);
	if (what.len)
		fprintf(stderr, ": %.*s", VIEW_FMT(what));
	fputc('\n', stderr);
}

void dns_print_wrapped(const char *text, int indent)
{
	enum { COLUMNS = 100 };
	size_t column = 0;
	struct view rest = view_from_string(text), word;
	while (view_next(&rest, ' ', &word)) {
		if (column && column + word.len + 1 > COLUMNS) {
			putchar('\n');
			column = 0;
		}
		printf("%*s%.*s", column ? 1 : indent, "", VIEW_FMT(word));
		column += column ? word.len + 1 : word.len + (size_t)indent;
	}
	putchar('\n');
}

/* ---- certificates ---- */

static void add_certificate(struct dns_plan *p, struct view path)
{
	char name[1024];
	struct buf pem;
	buf_init(&pem, PEM_MAX);
	snprintf(name, sizeof name, "%.*s", VIEW_FMT(path));
	FILE *file = fopen(name, "re");
	char *to = file ? buf_reserve(&pem, PEM_MAX) : NULL;
	int error = file ? -ENOMEM : -errno;
	if (to) {
		buf_commit(&pem, fread(to, 1, PEM_MAX, file));
		error = zone_site_add_certificate(&p->site, &p->arena, buf_view(&pem));
	}
	if (file)
		fclose(file);
	buf_done(&pem);
	if (error && error != -ENOENT)
		warn("this certificate cannot be read, so TLSA and CAA records of it are left out", path);
}

/* ---- the directory ---- */

/* ---- its keys ---- */

/* Keys of the domain, as the directory tells them: without the private half. */
static int add_keys(struct directory_client *client, struct dns_plan *p, struct view domain)
{
	static const enum zone_key_state states[SIGNING_STATES] = {[SIGNING_NEW] = ZONE_KEY_NEW,
	    [SIGNING_ACTIVE] = ZONE_KEY_ACTIVE,
	    [SIGNING_REPLACED] = ZONE_KEY_OLD,
	    [SIGNING_RETIRED] = ZONE_KEY_RETIRED};
	struct message_directory_answer answer;
	const struct view fields[] = {domain, VIEW(""), VIEW("")};
	struct zone_key *keys = arena_array(&p->arena, ZONE_KEYS_MAX, sizeof *keys);
	int error = keys ? directory_client_ask(
	                       client, DIRECTORY_SIGNING_LIST, DIRECTORY_SIGNING_PUBLIC, fields, 3, &answer)
	                 : -ENOMEM;
	if (error)
		return error;
	p->site.keys = keys;
	for (size_t i = 0;
	     i + DIRECTORY_SIGNING_FIELDS <= answer.fields.count && p->site.key_count < ZONE_KEYS_MAX;
	     i += DIRECTORY_SIGNING_FIELDS) {
		const struct message_field *items = answer.fields.items;
		struct view parts[DIRECTORY_SIGNING_FIELDS], sealed, selector, record;
		struct signing_key key;
		for (size_t k = 0; k < DIRECTORY_SIGNING_FIELDS; k++)
			parts[k] = items[i + k].value;
		if (!directory_signing_read(parts, &key, &sealed) || key.state >= SIGNING_STATES)
			continue;
		if (!arena_copy(&p->arena, key.selector, &selector) ||
		    !arena_copy(&p->arena, key.record, &record))
			return -ENOMEM;
		keys[p->site.key_count++] = (struct zone_key){selector.data, record, states[key.state]};
	}
	return 0;
}

/* Whether the domain is one of this server's. */
static int find_domain(struct directory_client *client, struct view domain, bool *found)
{
	struct message_directory_answer answer;
	char after[600] = "";
	*found = false;
	do {
		const struct view field = view_from_string(after);
		int error = directory_client_ask(client, DIRECTORY_DOMAIN_LIST, 0, &field, 1, &answer);
		if (error)
			return error;
		const struct message_field *items = answer.fields.items;
		for (size_t i = 0; i + 5 <= answer.fields.count; i += 5) {
			struct address wanted;
			snprintf(after, sizeof after, "%.*s", VIEW_FMT(items[i].value));
			*found = *found || (address_normalize_domain(domain, &wanted) == 0 &&
			                       view_equal(items[i].value, address_view(&wanted)));
		}
	} while (!*found && answer.fields.count == 5 * DIRECTORY_LIST_PART);
	return 0;
}

static void ask_directory(struct cli *cli, struct dns_plan *p, struct view domain)
{
	struct directory_client *client;
	bool found = false;
	char folder[1024];
	/* A data folder that isn't there yet is not made for a question. */
	snprintf(folder, sizeof folder, "%.*s", VIEW_FMT(cli->settings.data));
	if (access(folder, F_OK) != 0 || directory_client_open(cli, &client) != 0) {
		p->unsettled = true;
		return;
	}
	if (find_domain(client, domain, &found) != 0 || (found && add_keys(client, p, domain) != 0))
		p->unsettled = true;
	else
		p->foreign = !found;
	directory_client_close(client);
}

/* ---- all together ---- */

static int take_addresses(struct cli *cli, struct sockaddr_storage *out, size_t *count)
{
	const char *text;
	*count = 0;
	while ((text = cli_value(cli, "--address"))) {
		if (*count == ZONE_ADDRESSES_MAX || !network_parse(view_from_string(text), &out[*count]))
			return cli_usage(cli, "--address takes an IPv4 or IPv6 address, at most 16 times");
		(*count)++;
	}
	return 0;
}

int dns_plan_make(struct cli *cli, struct dns_plan *out)
{
	struct sockaddr_storage addresses[ZONE_ADDRESSES_MAX];
	size_t count;
	const char *problem;
	*out = (struct dns_plan){0};
	arena_init(&out->arena, ZONE_SITE_MEMORY_MAX + ZONE_PLAN_MEMORY_MAX);
	int status = take_addresses(cli, addresses, &count);
	if (status == 0 && !cli_words(cli, 1, 1))
		status = EXIT_USAGE;
	if (status == 0)
		status = cli_settings(cli);
	if (status)
		return status;
	struct view domain = view_from_string(cli->argv[0]), rest, path;
	int error = zone_site_make(&cli->settings, domain, &out->arena, &out->site, &problem);
	if (error) {
		fprintf(stderr, "postrider: %s: %s\n", cli->argv[0],
		    error == -ENOMEM ? strerror(ENOMEM) : problem);
		return EXIT_DATA;
	}
	for (size_t i = 0; i < count; i++)
		zone_site_add_address(&out->site, &out->arena, &addresses[i]);
	if (count == 0)
		zone_site_add_own_addresses(&out->site, &out->arena, &cli->settings);
	for (rest = cli->settings.tls_certificates; rest.len && view_next(&rest, '\n', &path);)
		add_certificate(out, path);
	ask_directory(cli, out, domain);
	if (out->foreign)
		warn("this server has no such domain (`postrider domain add` makes it)", domain);
	error = zone_plan_make(&out->site, &out->arena, &out->plan);
	if (error == 0)
		return 0;
	fprintf(stderr, "postrider: %s: %s\n", cli->argv[0],
	    error == -ENAMETOOLONG ? "the name is too long for the names below it" : strerror(-error));
	return EXIT_DATA;
}
