/* file: the files behind links (mail/file_link.h), for complaints about them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/account_record.h"
#include "cli/directory_walk.h"
#include "cli/mailbox_client.h"
#include "format/date.h"
#include "format/plain.h"

enum { ADDRESS_SIZE = 1024, NAME_COLUMNS = 40, LINE_MAX_OCTETS = 4096 };

struct work {
	struct cli *cli;
	struct mailbox_client client;
	char address[ADDRESS_SIZE];
	size_t count;
	struct file_link_ref wanted; /* remove by URL */
	bool by_url, found;
};

static int open_account(struct work *w, struct directory_client *directory, struct view address)
{
	int len = snprintf(w->address, sizeof w->address, "%.*s", VIEW_FMT(address));
	if (len < 0 || (size_t)len >= sizeof w->address)
		return cli_usage(w->cli, "this address is too long");
	return mailbox_client_open(w->cli, directory, w->address, &w->client);
}

/* ---- list ---- */

static void put_json_time(const char *name, uint64_t seconds)
{
	char text[64];
	struct buf out;
	buf_init(&out, sizeof text);
	date_write_rfc3339(&out, (struct date){.seconds = (int64_t)seconds});
	printf(",\"%s\":", name);
	if (seconds)
		cli_json_string(buf_view(&out));
	else
		fputs("null", stdout);
	buf_done(&out);
}

static void print_json(const struct work *w, const struct file_link_entry *e)
{
	printf("%s{\"owner\":", w->count ? ",\n" : "[");
	cli_json_string(view_from_string(w->address));
	printf(",\"number\":%" PRIu64 ",\"name\":", e->number);
	cli_json_string(e->name);
	printf(",\"size\":%" PRIu64 ",\"downloads\":%" PRIu64, e->size, e->downloads);
	put_json_time("created", e->created);
	put_json_time("expires", e->expires);
	put_json_time("last_download", e->last);
	putchar('}');
}

static void print_words(const struct file_link_entry *e)
{
	struct buf out;
	buf_init(&out, LINE_MAX_OCTETS);
	buf_printf(&out, "%6" PRIu64 "  ", e->number);
	size_t before = out.len;
	plain_text(&out, e->name);
	do
		buf_append_byte(&out, ' ');
	while (out.len - before < NAME_COLUMNS);
	plain_size(&out, e->size);
	buf_append_string(&out, ", until ");
	plain_time(&out, (int64_t)e->expires);
	buf_printf(&out, ", fetched %" PRIu64 " time%s\n", e->downloads, e->downloads == 1 ? "" : "s");
	fputs(buf_string(&out), stdout);
	buf_done(&out);
}

static void take_listed(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct work *w = arg;
	if (type != FILE_LINK_ENTRY)
		return;
	if (w->cli->json)
		print_json(w, &answer->file_link);
	else
		print_words(&answer->file_link);
	w->count++;
}

static int list_opened(struct work *w)
{
	int error =
	    mailbox_client_run(&w->client, FILE_LINK_GET, &(struct file_link_get){0}, take_listed, w, NULL);
	mailbox_client_close(&w->client);
	return error ? mailbox_client_problem(w->address, error) : 0;
}

/* One that was removed meanwhile is no error of the list. */
static int list_one_of_all(void *arg, struct directory_client *directory, const char *address)
{
	struct work *w = arg;
	struct account_numbers n;
	int error = account_numbers_read(directory, address, &n);
	if (error || n.file_links == 0)
		return error == -ENOENT ? 0 : cli_directory_problem(address, error);
	int status = open_account(w, directory, view_from_string(address));
	if (status)
		return status == EXIT_NOTHING ? 0 : status;
	if (!w->cli->json) {
		cli_print(view_from_string(address));
		putchar('\n');
	}
	return list_opened(w);
}

static int list(struct cli *cli, struct directory_client *directory)
{
	struct work w = {.cli = cli};
	if (!cli_words(cli, 0, 1))
		return EXIT_USAGE;
	bool all = cli->argc == 0;
	int status = all ? directory_each_account(directory, NULL, list_one_of_all, &w)
	                 : open_account(&w, directory, view_from_string(cli->argv[0]));
	if (status == 0 && !all)
		status = list_opened(&w);
	if (cli->json && (w.count || status == 0))
		puts(w.count ? "]" : "[]");
	else if (status == 0 && w.count == 0)
		printf("%s has %s file links.\n", all ? "Nobody" : w.address, all ? "any" : "no");
	return status;
}

/* ---- remove ---- */

static void take_wanted(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct work *w = arg;
	const struct file_link_entry *e = &answer->file_link;
	if (type == FILE_LINK_ENTRY && e->number == w->wanted.number &&
	    e->secret.len == sizeof w->wanted.secret)
		w->found = memcmp(e->secret.data, w->wanted.secret, sizeof w->wanted.secret) == 0;
}

/* What a person has copied: with what is behind the link, or without. */
static bool read_url(struct view url, struct file_link_ref *ref)
{
	static const char before[] = "/file/";
	const char *at = memmem(url.data, url.len, before, sizeof before - 1);
	if (at == NULL)
		return false;
	struct view rest = view_skip(url, (size_t)(at - url.data) + sizeof before - 1), text;
	if (view_find(rest, '?') >= 0)
		rest = view_take(rest, (size_t)view_find(rest, '?'));
	return view_next(&rest, '/', &text) && file_link_read(text, ref);
}

static int open_by_url(struct work *w, struct directory_client *directory)
{
	struct message_directory_answer answer;
	if (!read_url(view_from_string(w->cli->argv[0]), &w->wanted))
		return cli_usage(
		    w->cli, "this is no URL of a file link: give it whole, or ADDRESS and NUMBER");
	w->by_url = true;
	int error = directory_client_ask(directory, DIRECTORY_ADDRESS, w->wanted.account, NULL, 0, &answer);
	if (error == -ENOENT || (error == 0 && answer.fields.count == 0)) {
		fputs("postrider: there is no such file link (any more)\n", stderr);
		return EXIT_NOTHING;
	}
	if (error)
		return cli_directory_problem(w->cli->argv[0], error);
	return open_account(w, directory, ((const struct message_field *)answer.fields.items)[0].value);
}

static int open_by_number(struct work *w, struct directory_client *directory)
{
	uint64_t number;
	if (!view_to_u64(view_from_string(w->cli->argv[1]), UINT32_MAX, &number))
		return cli_usage(
		    w->cli, "NUMBER is that of a file link: `postrider file list ADDRESS` shows it");
	w->wanted.number = (uint32_t)number;
	return open_account(w, directory, view_from_string(w->cli->argv[0]));
}

/* A URL that is nearly right removes nothing. */
static int run_remove(struct work *w)
{
	int error = 0;
	if (w->by_url)
		error = mailbox_client_run(
		    &w->client, FILE_LINK_GET, &(struct file_link_get){0}, take_wanted, w, NULL);
	if (error == 0 && w->by_url && !w->found)
		error = -ENOENT;
	if (error == 0)
		error = mailbox_client_run(&w->client, FILE_LINK_REMOVE,
		    &(struct file_link_remove){.number = w->wanted.number}, NULL, NULL, NULL);
	if (error == -ENOENT) {
		fprintf(stderr, "postrider: %s has no such file link (any more)\n", w->address);
		return EXIT_NOTHING;
	}
	return error ? mailbox_client_problem(w->address, error) : 0;
}

static int remove_one(struct cli *cli, struct directory_client *directory)
{
	struct work w = {.cli = cli};
	if (!cli_words(cli, 1, 2))
		return EXIT_USAGE;
	int status = cli->argc == 1 ? open_by_url(&w, directory) : open_by_number(&w, directory);
	if (status)
		return status;
	status = run_remove(&w);
	mailbox_client_close(&w.client);
	if (status == 0 && cli->json)
		puts("{\"removed\":true}");
	else if (status == 0)
		printf("File link %" PRIu32 " of %s is removed; nobody can fetch it any more.\n",
		    w.wanted.number, w.address);
	return status;
}

int cli_file(struct cli *cli)
{
	static const struct cli_verb rows[] = {{"list", list}, {"remove", remove_one}};
	return cli_run_verb(cli, rows, sizeof rows / sizeof rows[0]);
}
