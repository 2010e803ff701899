/* domain show: what a domain is, what is in it, and who reads the mail that every domain must take (RFC 5321
 * section 4.5.1, RFC 2142 section 4). */
#include "cli/cli_domain_show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/directory_walk.h"
#include "cli/removal_look.h"
#include "format/domain.h"

struct duty {
	struct buf readers; /* addresses, each with a line feed */
	int error;
};

struct shown {
	struct removal_look look;
	bool found, disabled;
	struct buf shown_name, alias_of, catch_all, separator;
	struct duty postmaster, abuse;
};

static void find(void *arg, const struct message_field *row)
{
	struct shown *s = arg;
	if (!view_equal(row[0].value, address_view(&s->look.subject)))
		return;
	s->found = true;
	s->disabled = row[4].value.len > 0;
	buf_append(&s->alias_of, row[1].value);
	buf_append(&s->catch_all, row[2].value);
	buf_append(&s->separator, row[3].value);
}

static void look_at_duty(
    struct directory_client *client, const struct shown *s, const char *who, struct duty *duty)
{
	enum { FIELDS = 3 }; /* of each target: its address is the second */
	struct message_directory_answer answer;
	struct buf address;
	buf_init(&address, 1024);
	buf_printf(&address, "%s@%.*s", who, VIEW_FMT(address_view(&s->look.subject)));
	const struct view field = buf_view(&address);
	duty->error = directory_client_ask(client, DIRECTORY_RESOLVE, 0, &field, 1, &answer);
	const struct message_field *fields = answer.fields.items;
	for (size_t i = 0; duty->error == 0 && i + FIELDS <= answer.fields.count; i += FIELDS) {
		buf_append(&duty->readers, fields[i + 1].value);
		buf_append_byte(&duty->readers, '\n');
	}
	buf_done(&address);
}

static void print_text(const char *name, const struct buf *text, const char *none)
{
	printf("  %-13s", name);
	if (buf_view(text).len)
		cli_print(buf_view(text));
	else
		fputs(none, stdout);
	putchar('\n');
}

static void print_duty(const char *name, const struct duty *duty)
{
	struct view rest = buf_view(&duty->readers), one;
	if (duty->error) {
		printf("  %-13s%s\n", name,
		    duty->error == -EACCES ? "nobody: the domain is disabled, and takes no mail"
		    : duty->error == -ENOENT
		        ? "nobody: there is no account on this server yet (`postrider account add`)"
		        : "nobody: the domain that this one is another name of is not there, or is an alias "
		          "too");
		return;
	}
	for (bool first = true; rest.len && view_next(&rest, '\n', &one); first = false) {
		if (one.len == 0)
			continue;
		printf("  %-13s", first ? name : "");
		cli_print(one);
		putchar('\n');
	}
}

static void print_words(const struct shown *s)
{
	cli_print(buf_view(&s->shown_name));
	if (!view_equal(buf_view(&s->shown_name), address_view(&s->look.subject))) {
		fputs(" (in DNS: ", stdout);
		cli_print(address_view(&s->look.subject));
		putchar(')');
	}
	putchar('\n');
	puts(s->disabled ? "  state        disabled: it takes no mail" : "  state        enabled");
	if (buf_view(&s->alias_of).len)
		print_text("alias of", &s->alias_of, "");
	print_text("catch-all", &s->catch_all, "none: mail for unknown addresses is refused");
	print_text("separator", &s->separator, "none: there are no sub-addresses");
	print_duty("postmaster", &s->postmaster);
	print_duty("abuse", &s->abuse);
	printf("  accounts     %" PRIu64 ", with %" PRIu64 " messages (", s->look.accounts, s->look.messages);
	cli_print_size(s->look.bytes);
	printf(")\n  aliases      %" PRIu64 "\n  groups       %" PRIu64 "\n", s->look.own_aliases,
	    s->look.groups);
	printf("  masked       %" PRIu64 " addresses that users have made\n", s->look.masked);
	printf("  keys         %" PRIu64 " (`postrider dkim list` shows them)\n", s->look.keys);
}

static void json_text(const char *name, const struct buf *text)
{
	printf(",\"%s\":", name);
	cli_json_string(buf_view(text));
}

static void print_json(const struct shown *s)
{
	fputs("{\"name\":", stdout);
	cli_json_string(address_view(&s->look.subject));
	json_text("shown", &s->shown_name);
	json_text("alias_of", &s->alias_of);
	json_text("catch_all", &s->catch_all);
	json_text("separator", &s->separator);
	printf(",\"disabled\":%s", s->disabled ? "true" : "false");
	cli_json_list("postmaster_reads", &s->postmaster.readers);
	cli_json_list("abuse_reads", &s->abuse.readers);
	removal_look_json(&s->look);
	puts("}");
}

int cli_domain_show(struct cli *cli, struct directory_client *client)
{
	struct shown s = {.found = false};
	struct buf *bufs[] = {
	    &s.shown_name, &s.alias_of, &s.catch_all, &s.separator, &s.postmaster.readers, &s.abuse.readers};
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_init(bufs[i], 512 * 1024);
	int status = removal_look_domain(cli, client, cli->argv[0], &s.look);
	if (status == 0)
		status = cli_directory_problem(
		    cli->argv[0], directory_walk(client, &directory_domains, NULL, find, &s));
	if (status == 0 && !s.found)
		status = cli_directory_problem(cli->argv[0], -ENOENT);
	if (status == 0) {
		look_at_duty(client, &s, "postmaster", &s.postmaster);
		look_at_duty(client, &s, "abuse", &s.abuse);
		if (domain_display(address_view(&s.look.subject), &s.shown_name) != 0) {
			buf_clear(&s.shown_name);
			buf_append(&s.shown_name, address_view(&s.look.subject));
		}
	}
	if (status == 0 && cli->json)
		print_json(&s);
	else if (status == 0)
		print_words(&s);
	removal_look_done(&s.look);
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_done(bufs[i]);
	return status;
}
