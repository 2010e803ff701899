/*
 * See removal_look.h. The directory keeps no list of what leads to an address, so all aliases are looked
 * through; that takes a second for some hundred thousand of them, once in a removal.
 */
#include "cli/removal_look.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/account_record.h"
#include "cli/directory_walk.h"
#include "cli/mailbox_client.h"
#include "cli/store_client.h"

enum { NAMES_BYTES = 1 << 20 /* of names that are shown; a list that is longer ends there */ };

static void init(struct removal_look *look, bool domain)
{
	*look = (struct removal_look){.domain = domain};
	struct buf *bufs[] = {
	    &look->aliases, &look->only, &look->catch_alls, &look->alias_domains, &look->group_names};
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_init(bufs[i], NAMES_BYTES);
}

void removal_look_done(struct removal_look *look)
{
	struct buf *bufs[] = {
	    &look->aliases, &look->only, &look->catch_alls, &look->alias_domains, &look->group_names};
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_done(bufs[i]);
}

static void note(struct buf *names, struct view name)
{
	if (buf_append(names, name) == 0)
		buf_append_byte(names, '\n');
}

/* Whether an address is the one that goes, or one of the domain that goes. */
static bool is_meant(const struct removal_look *look, struct view address)
{
	ptrdiff_t at = view_find_last(address, '@');
	if (look->domain)
		return at >= 0 &&
		       view_equal(view_skip(address, (size_t)at + 1), address_view(&look->subject));
	return view_equal(address, address_view(&look->subject));
}

static void take_alias(void *arg, const struct message_field *row)
{
	struct removal_look *look = arg;
	struct view targets = row[1].value, one;
	bool meant = false, others = false;
	if (look->domain && is_meant(look, row[0].value)) {
		look->own_aliases++;
		return;
	}
	while (targets.len && view_next(&targets, '\n', &one)) {
		if (is_meant(look, one))
			meant = true;
		else
			others = true;
	}
	if (meant)
		note(&look->aliases, row[0].value);
	if (meant && !others)
		note(&look->only, row[0].value);
}

static void take_domain(void *arg, const struct message_field *row)
{
	struct removal_look *look = arg;
	if (look->domain && view_equal(row[0].value, address_view(&look->subject)))
		return;
	if (is_meant(look, row[2].value))
		note(&look->catch_alls, row[0].value);
	if (look->domain && view_equal(row[1].value, address_view(&look->subject)))
		note(&look->alias_domains, row[0].value);
}

static void take_masked(void *arg, const struct message_field *row)
{
	struct removal_look *look = arg;
	look->masked += is_meant(look, row[look->domain ? 0 : 1].value);
}

static void count_row(void *arg, const struct message_field *row)
{
	(void)row;
	++*(uint64_t *)arg;
}

static int look_around(struct directory_client *client, struct removal_look *look)
{
	struct message_directory_answer answer;
	int error = directory_walk(client, &directory_domains, NULL, take_domain, look);
	if (error == 0)
		error = directory_walk_all(client, &directory_aliases, NULL, take_alias, look);
	if (error == 0)
		error = directory_walk_all(client, &directory_masked, NULL, take_masked, look);
	if (error)
		return error;
	error = directory_client_ask(client, DIRECTORY_ADMIN_GET, 0, NULL, 0, &answer);
	look->postmaster =
	    error == 0 && is_meant(look, ((const struct message_field *)answer.fields.items)->value);
	return error == -ENOENT ? 0 : error;
}

static int add_account(struct directory_client *client, const char *address, struct removal_look *look)
{
	struct account_numbers n;
	int error = account_numbers_read(client, address, &n);
	if (error)
		return error;
	look->accounts++;
	look->messages += n.messages;
	look->bytes += n.bytes;
	look->deleted_bytes += n.deleted_bytes;
	look->mailboxes += n.mailboxes;
	look->file_links += n.file_links;
	look->file_link_bytes += n.file_link_bytes;
	return 0;
}

/* ---- what a running server knows ---- */

static void take_mailbox(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct removal_look *look = arg;
	if (type == MAIL_MAILBOX && answer->mailbox.owner.len == 0 &&
	    (answer->mailbox.marks & MAIL_MAILBOX_SHARED))
		look->shared++;
}

static void take_waiting(struct view text, bool last, void *arg)
{
	struct removal_look *look = arg;
	(void)last;
	for (size_t i = 0; i < text.len; i++)
		look->waiting += text.data[i] == '\n';
}

static void ask_running(
    struct cli *cli, struct directory_client *client, const char *address, struct removal_look *look)
{
	struct mailbox_client mail;
	struct mail_mailboxes question = {0};
	char sender[ADDRESS_MAX + 16];
	int fd = store_client_connect(&cli->settings);
	look->running = fd >= 0;
	if (fd < 0)
		return;
	snprintf(sender, sizeof sender, "sender=%.*s", VIEW_FMT(address_view(&look->subject)));
	const struct view words[] = {VIEW("queue"), VIEW("list"), view_from_string(sender)};
	(void)store_client_ask(fd, words, 3, true, take_waiting, look);
	if (mailbox_client_open(cli, client, address, &mail) != 0)
		return;
	(void)mailbox_client_run(&mail, MAIL_MAILBOXES, &question, take_mailbox, look, NULL);
	mailbox_client_close(&mail);
}

/* ---- each kind ---- */

int removal_look_account(
    struct cli *cli, struct directory_client *client, const char *address, struct removal_look *look)
{
	struct message_directory_answer answer;
	const struct view field = view_from_string(address);
	init(look, false);
	int error = address_normalize(field, &look->subject);
	if (error == 0)
		error = add_account(client, address, look);
	if (error == 0)
		error = directory_client_ask(client, DIRECTORY_GROUPS_OF, 0, &field, 1, &answer);
	const struct message_field *groups = answer.fields.items;
	for (size_t i = 0; error == 0 && i < answer.fields.count; i++, look->groups++)
		note(&look->group_names, groups[i].value);
	if (error == 0)
		error = look_around(client, look);
	if (error == 0)
		ask_running(cli, client, address, look);
	return cli_directory_problem(address, error);
}

int removal_look_domain(
    struct cli *cli, struct directory_client *client, const char *domain, struct removal_look *look)
{
	struct message_directory_answer answer;
	struct buf accounts = {0};
	size_t at = 0;
	const char *address;
	(void)cli;
	init(look, true);
	int error = address_normalize_domain(view_from_string(domain), &look->subject);
	if (error == 0)
		error = directory_names(client, &directory_accounts, domain, &accounts);
	while (error == 0 && (address = directory_next_name(&accounts, &at)))
		error = add_account(client, address, look);
	buf_done(&accounts);
	if (error == 0)
		error = directory_walk(client, &directory_groups, domain, count_row, &look->groups);
	const struct view fields[] = {address_view(&look->subject), VIEW(""), VIEW("")};
	if (error == 0)
		error = directory_client_ask(
		    client, DIRECTORY_SIGNING_LIST, DIRECTORY_SIGNING_PUBLIC, fields, 3, &answer);
	look->keys = error ? 0 : answer.fields.count / DIRECTORY_SIGNING_FIELDS;
	if (error == 0)
		error = look_around(client, look);
	return cli_directory_problem(domain, error);
}

int removal_look_alias(struct directory_client *client, const char *address, struct removal_look *look)
{
	init(look, false);
	int error = address_normalize(view_from_string(address), &look->subject);
	if (error == 0)
		error = look_around(client, look);
	return cli_directory_problem(address, error);
}

/* ---- shown ---- */

static void print_names(const struct buf *names)
{
	struct view rest = buf_view(names), one;
	for (bool first = true; rest.len && view_next(&rest, '\n', &one); first = false) {
		if (one.len == 0)
			continue;
		fputs(first ? " " : ", ", stdout);
		cli_print(one);
	}
	putchar('\n');
}

static void print_list(const char *what, const struct buf *names)
{
	if (buf_view(names).len == 0)
		return;
	printf("  %s:", what);
	print_names(names);
}

static void print_count(uint64_t n, const char *one, const char *many)
{
	if (n)
		printf("  %" PRIu64 " %s\n", n, n == 1 ? one : many);
}

static void print_mail(const struct removal_look *look)
{
	if (look->domain)
		print_count(look->accounts, "account", "accounts");
	if (look->accounts == 0)
		return;
	printf("  %" PRIu64 " mailbox%s with %" PRIu64 " message%s (", look->mailboxes,
	    look->mailboxes == 1 ? "" : "es", look->messages, look->messages == 1 ? "" : "s");
	cli_print_size(look->bytes);
	fputs(")", stdout);
	if (look->deleted_bytes) {
		fputs(", and deleted mail that can still be brought back (", stdout);
		cli_print_size(look->deleted_bytes);
		fputs(")", stdout);
	}
	putchar('\n');
	if (look->file_links == 0)
		return;
	printf("  %" PRIu64 " file%s behind links (", look->file_links, look->file_links == 1 ? "" : "s");
	cli_print_size(look->file_link_bytes);
	puts("), which nobody can fetch then");
}

void removal_look_print(const struct removal_look *look)
{
	cli_print(address_view(&look->subject));
	puts(":");
	print_mail(look);
	print_count(look->own_aliases, "alias in it", "aliases in it");
	print_list("aliases that lead to it", &look->aliases);
	print_list("of these lead to nobody else, so their senders will get their mail back", &look->only);
	print_list("domains whose catch-all it is", &look->catch_alls);
	print_list("domains that are other names of it", &look->alias_domains);
	print_count(look->masked, "masked address", "masked addresses");
	if (look->domain)
		print_count(look->groups, "group", "groups");
	print_list("groups that it is in", &look->group_names);
	print_count(look->keys, "key that signs its mail (DKIM)", "keys that sign its mail (DKIM)");
	print_count(
	    look->shared, "mailbox that it shares with others", "mailboxes that it shares with others");
	print_count(look->waiting, "message from it that waits in the queue, and is sent all the same",
	    "messages from it that wait in the queue, and are sent all the same");
	if (look->postmaster)
		puts("  it is the postmaster of this server: name another one with `postrider alias "
		     "postmaster`");
}

void removal_look_json(const struct removal_look *look)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {{"accounts", look->accounts}, {"mailboxes", look->mailboxes},
	    {"messages", look->messages}, {"bytes", look->bytes}, {"deleted_bytes", look->deleted_bytes},
	    {"file_links", look->file_links}, {"file_link_bytes", look->file_link_bytes},
	    {"own_aliases", look->own_aliases}, {"masked", look->masked}, {"groups", look->groups},
	    {"keys", look->keys}, {"shared", look->shared}, {"waiting", look->waiting}};
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		printf(",\"%s\":%" PRIu64, numbers[i].name, numbers[i].value);
	cli_json_list("aliases", &look->aliases);
	cli_json_list("aliases_to_nobody", &look->only);
	cli_json_list("catch_alls", &look->catch_alls);
	cli_json_list("alias_domains", &look->alias_domains);
	cli_json_list("group_names", &look->group_names);
	printf(",\"postmaster\":%s", look->postmaster ? "true" : "false");
}
