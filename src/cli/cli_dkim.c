/* dkim: the keys that sign the mail of this server's domains, what is to be published of them, and replacing
 * them. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "cli/cli.h"
#include "format/address_normal.h"

enum { STRING_MAX = 255 /* of a TXT record: RFC 1035 section 3.3 */ };

typedef void visit_key(struct cli *cli, const struct signing_key *key, size_t number);

/* Visits the keys of a domain, or of all when it is empty; *count of them. An exit code. */
static int each_key(
    struct cli *cli, struct directory_client *client, const char *domain, visit_key *visit, size_t *count)
{
	struct message_directory_answer answer;
	char after_domain[ADDRESS_DOMAIN_MAX + 1] = "", after[SIGNING_SELECTOR_MAX + 1] = "";
	size_t got;
	*count = 0;
	do {
		const struct view fields[] = {
		    view_from_string(domain), view_from_string(after_domain), view_from_string(after)};
		int error = directory_client_ask(client, DIRECTORY_SIGNING_LIST, 0, fields, 3, &answer);
		if (error)
			return cli_directory_problem(domain[0] ? domain : "signing keys", error);
		const struct message_field *items = answer.fields.items;
		got = answer.fields.count / DIRECTORY_SIGNING_FIELDS;
		for (size_t i = 0; i < got; i++) {
			struct view texts[DIRECTORY_SIGNING_FIELDS], sealed;
			struct signing_key key;
			for (size_t k = 0; k < DIRECTORY_SIGNING_FIELDS; k++)
				texts[k] = items[i * DIRECTORY_SIGNING_FIELDS + k].value;
			if (!directory_signing_read(texts, &key, &sealed))
				return cli_directory_problem("signing keys", -EBADMSG);
			visit(cli, &key, (*count)++);
			snprintf(after_domain, sizeof after_domain, "%.*s", VIEW_FMT(key.domain));
			snprintf(after, sizeof after, "%.*s", VIEW_FMT(key.selector));
		}
	} while (got == DIRECTORY_SIGNING_PART);
	return 0;
}

static void print_time(int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm utc;
	char text[32];
	gmtime_r(&t, &utc);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M", &utc);
	fputs(text, stdout);
}

static void print_json(struct cli *cli, const struct signing_key *k, size_t number)
{
	const struct {
		const char *name;
		int64_t time;
	} times[] = {{"made", k->made}, {"active", k->active}, {"replaced", k->replaced},
	    {"retired", k->retired}, {"shown", k->shown}, {"looked", k->looked}};
	(void)cli;
	fputs(number ? ",{\"domain\":" : "{\"domain\":", stdout);
	cli_json_string(k->domain);
	fputs(",\"selector\":", stdout);
	cli_json_string(k->selector);
	printf(",\"algorithm\":\"%s\",\"state\":\"%s\"", signing_algorithm_name(k->algorithm),
	    signing_state_name(k->state));
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		printf(",\"%s\":", times[i].name);
		if (times[i].time)
			printf("%lld", (long long)times[i].time);
		else
			fputs("null", stdout);
	}
	printf(",\"wanted\":%s,\"name\":\"%.*s._domainkey.%.*s\",\"record\":", k->wish ? "true" : "false",
	    VIEW_FMT(k->selector), VIEW_FMT(k->domain));
	cli_json_string(k->record);
	putchar('}');
}

/* ---- list ---- */

static void print_dns(const struct signing_key *k)
{
	if (k->looked == 0)
		fputs("; the name servers have not been asked yet", stdout);
	else if (k->shown)
		fputs("; the name servers show its record", stdout);
	else
		fputs("; the name servers do NOT show its record: publish it (postrider dkim show)", stdout);
}

static void print_key(struct cli *cli, const struct signing_key *k, size_t number)
{
	if (cli->json) {
		print_json(cli, k, number);
		return;
	}
	cli_print(k->domain);
	putchar(' ');
	cli_print(k->selector);
	printf(" %s %s", signing_algorithm_name(k->algorithm), signing_state_name(k->state));
	switch (k->state) {
	case SIGNING_NEW:
		fputs(", made ", stdout);
		print_time(k->made);
		fputs("; it signs when the name servers show its record", stdout);
		print_dns(k);
		break;
	case SIGNING_ACTIVE:
		fputs(", signs since ", stdout);
		print_time(k->active);
		print_dns(k);
		if (k->wish)
			fputs("; a new key is being made", stdout);
		break;
	case SIGNING_REPLACED:
		fputs(", since ", stdout);
		print_time(k->replaced);
		fputs("; leave its record in the DNS: mail that it signed is still under way", stdout);
		break;
	default:
		fputs(", since ", stdout);
		print_time(k->retired);
		fputs("; its record can be taken out of the DNS", stdout);
	}
	putchar('\n');
}

static int none_there(const char *domain)
{
	fprintf(stderr,
	    "postrider: %s: no keys yet; the running server makes them for each of its domains in a moment "
	    "(`postrider domain list`), unless dkim_sign is off\n",
	    domain[0] ? domain : "signing keys");
	return EXIT_NOTHING;
}

static int list_keys(struct cli *cli, struct directory_client *client)
{
	size_t count;
	if (!cli_words(cli, 0, 1))
		return EXIT_USAGE;
	const char *domain = cli->argc == 1 ? cli->argv[0] : "";
	if (cli->json)
		putchar('[');
	int status = each_key(cli, client, domain, print_key, &count);
	if (cli->json)
		puts("]");
	return status == 0 && count == 0 && !cli->json ? none_there(domain) : status;
}

/* ---- show ---- */

/* As it stands in a zone file; what is retired has no place there any more. */
static void print_record(struct cli *cli, const struct signing_key *k, size_t number)
{
	if (cli->json) {
		print_json(cli, k, number);
		return;
	}
	if (k->state == SIGNING_RETIRED)
		return;
	cli_print(k->selector);
	fputs("._domainkey.", stdout);
	cli_print(k->domain);
	fputs(". TXT", stdout);
	for (struct view rest = k->record; rest.len > 0; rest = view_skip(rest, STRING_MAX)) {
		fputs(" \"", stdout);
		cli_print(view_take(rest, STRING_MAX));
		putchar('"');
	}
	printf(" ; %s\n", signing_state_name(k->state));
}

static int show_keys(struct cli *cli, struct directory_client *client)
{
	size_t count;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	if (cli->json)
		putchar('[');
	int status = each_key(cli, client, cli->argv[0], print_record, &count);
	if (cli->json)
		puts("]");
	return status == 0 && count == 0 ? none_there(cli->argv[0]) : status;
}

/* ---- rotate ---- */

static int rotate_keys(struct cli *cli, struct directory_client *client)
{
	struct message_directory_answer answer;
	bool now = cli_option(cli, "--now");
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	const struct view field = view_from_string(cli->argv[0]);
	int error = directory_client_ask(
	    client, DIRECTORY_SIGNING_ROTATE, now ? SIGNING_ROTATE_NOW : SIGNING_ROTATE, &field, 1, &answer);
	if (error == -ENOENT)
		return none_there(cli->argv[0]);
	if (error)
		return cli_directory_problem(cli->argv[0], error);
	if (cli->json)
		return 0;
	if (now)
		printf("New keys sign at once. Publish their records now: until then nobody can verify this "
		       "domain's mail (postrider dkim show %s).\n",
		    cli->argv[0]);
	else
		printf("New keys are made. Publish their records (postrider dkim show %s); they sign as soon "
		       "as the name servers show them.\n",
		    cli->argv[0]);
	return 0;
}

int cli_dkim(struct cli *cli)
{
	static const struct cli_verb rows[] = {
	    {"list", list_keys}, {"show", show_keys}, {"rotate", rotate_keys, true}};
	return cli_run_verb(cli, rows, sizeof rows / sizeof rows[0]);
}
